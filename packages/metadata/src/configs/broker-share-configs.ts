/** Broker settings: share groups. */
import { int, list, short, string, type ConfigTable } from './definition.ts'
import { atLeast, between, distinctElements } from './rules.ts'

export const SHARE_CONFIGS = {
  'group.share.assignment.interval.ms': int('1000', { rule: atLeast(0), scope: 'cluster-wide' }),
  'group.share.assignors': list('simple', { rule: distinctElements }),
  'group.share.delivery.count.limit': int('5', { rule: between(2, 10) }),
  'group.share.heartbeat.interval.ms': int('5000', { rule: atLeast(1) }),
  'group.share.initialize.retry.interval.ms': int('30000', {
    rule: atLeast(1),
    importance: 'low',
    internal: true,
  }),
  'group.share.max.assignment.interval.ms': int('15000', { rule: atLeast(0) }),
  'group.share.max.delivery.count.limit': int('10', { rule: between(5, 25) }),
  'group.share.max.heartbeat.interval.ms': int('15000', { rule: atLeast(1) }),
  'group.share.max.partition.max.record.locks': int('4000', { rule: between(2000, 10_000) }),
  'group.share.max.record.lock.duration.ms': int('60000', { rule: between(30_000, 3_600_000) }),
  'group.share.max.session.timeout.ms': int('60000', { rule: atLeast(1) }),
  'group.share.max.share.sessions': int('2000', { rule: atLeast(1) }),
  'group.share.max.size': int('200', { rule: between(1, 1000) }),
  'group.share.min.assignment.interval.ms': int('0', { rule: atLeast(0) }),
  'group.share.min.delivery.count.limit': int('2', { rule: between(2, 5) }),
  'group.share.min.heartbeat.interval.ms': int('5000', { rule: atLeast(1) }),
  'group.share.min.partition.max.record.locks': int('100', { rule: between(100, 2000) }),
  'group.share.min.record.lock.duration.ms': int('15000', { rule: between(1000, 30_000) }),
  'group.share.min.session.timeout.ms': int('45000', { rule: atLeast(1) }),
  'group.share.partition.max.record.locks': int('2000', { rule: between(100, 10_000) }),
  'group.share.persister.class.name': string(
    'org.apache.kafka.server.share.persister.DefaultStatePersister',
    { internal: true },
  ),
  'group.share.record.lock.duration.ms': int('30000', { rule: between(1000, 3_600_000) }),
  'group.share.session.timeout.ms': int('45000', { rule: atLeast(1) }),
  'share.coordinator.append.linger.ms': int('-1', { rule: atLeast(-1) }),
  'share.coordinator.cached.buffer.max.bytes': int('1048588', {
    rule: atLeast(524_288),
    scope: 'cluster-wide',
  }),
  'share.coordinator.cold.partition.snapshot.interval.ms': int('300000', {
    rule: atLeast(1),
    importance: 'low',
    internal: true,
  }),
  'share.coordinator.load.buffer.size': int('5242880', { rule: atLeast(1), importance: 'high' }),
  'share.coordinator.snapshot.update.records.per.snapshot': int('500', { rule: between(0, 500) }),
  'share.coordinator.state.topic.compression.codec': int('0', { importance: 'high' }),
  'share.coordinator.state.topic.min.isr': short('2', { rule: atLeast(1), importance: 'high' }),
  'share.coordinator.state.topic.num.partitions': int('50', {
    rule: atLeast(1),
    importance: 'high',
  }),
  'share.coordinator.state.topic.prune.interval.ms': int('300000', {
    rule: atLeast(1),
    importance: 'low',
    internal: true,
  }),
  'share.coordinator.state.topic.replication.factor': short('3', {
    rule: atLeast(1),
    importance: 'high',
  }),
  'share.coordinator.state.topic.segment.bytes': int('104857600', {
    rule: atLeast(1),
    importance: 'high',
  }),
  'share.coordinator.threads': int('1', { rule: atLeast(1) }),
  'share.coordinator.write.timeout.ms': int('5000', { rule: atLeast(1), importance: 'high' }),
  'share.fetch.purgatory.purge.interval.requests': int('1000'),
} as const satisfies ConfigTable
