/**
 * Settings of consumer, share and streams groups, named after Kafka's (`group.consumer.session.timeout.ms`,
 * ...), and what single groups have instead (`consumer.session.timeout.ms`, ...).
 */
import type { MetadataView } from '../../runtime/metadata-view.ts'

/** Whether groups may go from the classic protocol to the consumer protocol, and back, while they have members. */
export type MigrationPolicy = 'disabled' | 'upgrade' | 'downgrade' | 'bidirectional'

export interface ConsumerGroupConfig {
  readonly consumerSessionTimeoutMs: number
  readonly consumerHeartbeatIntervalMs: number
  readonly consumerMaxSize: number
  /** Names; the first is what groups get that ask for none. */
  readonly consumerAssignors: readonly string[]
  readonly consumerMigrationPolicy: MigrationPolicy
  /** Least time between two target assignments of a group. */
  readonly consumerAssignmentIntervalMs: number
  /** How often the topics that match a group's patterns are looked up without a reason. */
  readonly consumerRegexRefreshIntervalMs: number
}

export interface ShareGroupConfig {
  readonly shareSessionTimeoutMs: number
  readonly shareHeartbeatIntervalMs: number
  readonly shareMaxSize: number
  readonly shareAssignmentIntervalMs: number
  /** After this time an initialization that has not been confirmed is tried again. */
  readonly shareInitializeRetryIntervalMs: number
}

export interface StreamsGroupConfig {
  readonly streamsSessionTimeoutMs: number
  readonly streamsHeartbeatIntervalMs: number
  readonly streamsMaxSize: number
  readonly streamsAssignmentIntervalMs: number
  readonly streamsInitialRebalanceDelayMs: number
  readonly streamsNumStandbyReplicas: number
}

export interface ModernGroupConfig
  extends ConsumerGroupConfig,
    ShareGroupConfig,
    StreamsGroupConfig {}

export const defaultModernGroupConfig: ModernGroupConfig = {
  consumerSessionTimeoutMs: 45_000,
  consumerHeartbeatIntervalMs: 5_000,
  consumerMaxSize: 2_147_483_647,
  consumerAssignors: ['uniform', 'range'],
  consumerMigrationPolicy: 'bidirectional',
  consumerAssignmentIntervalMs: 1_000,
  consumerRegexRefreshIntervalMs: 600_000,
  shareSessionTimeoutMs: 45_000,
  shareHeartbeatIntervalMs: 5_000,
  shareMaxSize: 200,
  shareAssignmentIntervalMs: 1_000,
  shareInitializeRetryIntervalMs: 30_000,
  streamsSessionTimeoutMs: 45_000,
  streamsHeartbeatIntervalMs: 5_000,
  streamsMaxSize: 2_147_483_647,
  streamsAssignmentIntervalMs: 1_000,
  streamsInitialRebalanceDelayMs: 3_000,
  streamsNumStandbyReplicas: 0,
}

/** What a group has been set to, else what the broker says. */
export function groupSetting(
  metadata: MetadataView,
  groupId: string,
  name: string,
  brokerValue: number,
): number {
  const value = metadata.groupConfig(groupId)?.get(name)
  return value === undefined ? brokerValue : Number(value)
}
