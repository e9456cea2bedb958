/** Settings of the group coordinator, named after Kafka's (`group.min.session.timeout.ms`, ...). */
import { defaultModernGroupConfig, type ModernGroupConfig } from './modern/modern-config.ts'

export interface GroupCoordinatorConfig extends ModernGroupConfig {
  readonly minSessionTimeoutMs: number
  readonly maxSessionTimeoutMs: number
  readonly initialRebalanceDelayMs: number
  readonly maxSize: number
  /** How long the JoinGroup of a new member may wait before the member is given up. */
  readonly newMemberJoinTimeoutMs: number
  readonly offsetMetadataMaxBytes: number
  readonly offsetsRetentionMs: number
  readonly offsetsRetentionCheckIntervalMs: number
  readonly offsetsCommitTimeoutMs: number
}

export const defaultGroupCoordinatorConfig: GroupCoordinatorConfig = {
  ...defaultModernGroupConfig,
  minSessionTimeoutMs: 6_000,
  maxSessionTimeoutMs: 1_800_000,
  initialRebalanceDelayMs: 3_000,
  maxSize: 2_147_483_647,
  newMemberJoinTimeoutMs: 5 * 60_000,
  offsetMetadataMaxBytes: 4_096,
  offsetsRetentionMs: 7 * 24 * 60 * 60_000,
  offsetsRetentionCheckIntervalMs: 600_000,
  offsetsCommitTimeoutMs: 5_000,
}
