/** Settings of a broker's file, as its coordinators want them. */
import type { GroupCoordinatorConfig, TransactionCoordinatorConfig } from '@barnabas/coordinator'
import type { BrokerConfig } from '@barnabas/metadata'

const MINUTE_MS = 60_000

export function groupCoordinatorConfig(config: BrokerConfig): Partial<GroupCoordinatorConfig> {
  return {
    minSessionTimeoutMs: config.get('group.min.session.timeout.ms'),
    maxSessionTimeoutMs: config.get('group.max.session.timeout.ms'),
    initialRebalanceDelayMs: config.get('group.initial.rebalance.delay.ms'),
    maxSize: config.get('group.max.size'),
    offsetMetadataMaxBytes: config.get('offset.metadata.max.bytes'),
    offsetsRetentionMs: config.get('offsets.retention.minutes') * MINUTE_MS,
    offsetsRetentionCheckIntervalMs: config.get('offsets.retention.check.interval.ms'),
    offsetsCommitTimeoutMs: config.get('offsets.commit.timeout.ms'),
  }
}

export function transactionCoordinatorConfig(
  config: BrokerConfig,
  transactionVersion: () => number,
): TransactionCoordinatorConfig {
  return {
    maxTimeoutMs: config.get('transaction.max.timeout.ms'),
    transactionalIdExpirationMs: config.get('transactional.id.expiration.ms'),
    abortTimedOutIntervalMs: config.get(
      'transaction.abort.timed.out.transaction.cleanup.interval.ms',
    ),
    removeExpiredIntervalMs: config.get(
      'transaction.remove.expired.transaction.cleanup.interval.ms',
    ),
    twoPhaseCommitEnabled: config.get('transaction.two.phase.commit.enable'),
    transactionVersion,
  }
}
