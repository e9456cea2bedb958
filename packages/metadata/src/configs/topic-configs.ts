/** Every setting of a topic, with the broker settings that give its default. */
import { boolean, double, int, list, long, string, type ConfigTable } from './definition.ts'
import { atLeast, between, betweenOr, listOf, oneOf, throttledReplicas } from './rules.ts'

export const TOPIC_CONFIGS = {
  'cleanup.policy': list('delete', {
    rule: listOf('compact', 'delete'),
    brokerNames: ['log.cleanup.policy'],
    doc: 'What happens to old segments: deleted, compacted by key, both, or (empty list) neither.',
  }),
  'compression.gzip.level': int('-1', {
    rule: betweenOr(1, 9, -1),
    brokerNames: ['compression.gzip.level'],
  }),
  'compression.lz4.level': int('9', {
    rule: between(1, 17),
    brokerNames: ['compression.lz4.level'],
  }),
  'compression.type': string('producer', {
    rule: oneOf('uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'),
    brokerNames: ['compression.type'],
    doc: 'The codec batches are stored with; `producer` keeps the one they came with.',
  }),
  'compression.zstd.level': int('3', {
    rule: between(-131_072, 22),
    brokerNames: ['compression.zstd.level'],
  }),
  'delete.retention.ms': long('86400000', {
    rule: atLeast(0),
    brokerNames: ['log.cleaner.delete.retention.ms'],
    doc: 'How long a tombstone stays readable after it was compacted.',
  }),
  'file.delete.delay.ms': long('60000', {
    rule: atLeast(0),
    brokerNames: ['log.segment.delete.delay.ms'],
    doc: 'How long a deleted segment stays on disk.',
  }),
  'flush.messages': long('9223372036854775807', {
    rule: atLeast(1),
    brokerNames: ['log.flush.interval.messages'],
    doc: 'Records after which a write is forced to disk.',
  }),
  'flush.ms': long('9223372036854775807', {
    rule: atLeast(0),
    brokerNames: ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'],
    doc: 'Time after which a write is forced to disk.',
  }),
  'follower.replication.throttled.replicas': list('', {
    rule: throttledReplicas,
    doc: 'Replicas whose followers fetch within the replication quota.',
  }),
  'index.interval.bytes': int('4096', {
    rule: atLeast(0),
    brokerNames: ['log.index.interval.bytes'],
    doc: 'Bytes of log between two entries of the offset index.',
  }),
  'internal.segment.bytes': int(null, { internal: true }),
  'leader.replication.throttled.replicas': list('', {
    rule: throttledReplicas,
    doc: 'Replicas whose leaders send within the replication quota.',
  }),
  'local.retention.bytes': long('-2', {
    rule: atLeast(-2),
    brokerNames: ['log.local.retention.bytes'],
    doc: 'Size limit of local segments of a tiered topic; -2 takes retention.bytes.',
  }),
  'local.retention.ms': long('-2', {
    rule: atLeast(-2),
    brokerNames: ['log.local.retention.ms'],
    doc: 'Age limit of local segments of a tiered topic; -2 takes retention.ms.',
  }),
  'max.compaction.lag.ms': long('9223372036854775807', {
    rule: atLeast(1),
    brokerNames: ['log.cleaner.max.compaction.lag.ms'],
    doc: 'Longest time a record may stay uncompacted.',
  }),
  'max.message.bytes': int('1048588', {
    rule: atLeast(0),
    brokerNames: ['message.max.bytes'],
    doc: 'Largest record batch accepted, after compression.',
  }),
  'message.timestamp.after.max.ms': long('3600000', {
    rule: atLeast(0),
    brokerNames: ['log.message.timestamp.after.max.ms'],
    doc: 'How far a record timestamp may lie in the future.',
  }),
  'message.timestamp.before.max.ms': long('9223372036854775807', {
    rule: atLeast(0),
    brokerNames: ['log.message.timestamp.before.max.ms'],
    doc: 'How far a record timestamp may lie in the past.',
  }),
  'message.timestamp.type': string('CreateTime', {
    rule: oneOf('CreateTime', 'LogAppendTime'),
    brokerNames: ['log.message.timestamp.type'],
    doc: 'Whether records carry the time of the producer or of the append.',
  }),
  'min.cleanable.dirty.ratio': double('0.5', {
    rule: between(0, 1),
    brokerNames: ['log.cleaner.min.cleanable.ratio'],
    doc: 'Share of uncompacted bytes from which on a log is compacted.',
  }),
  'min.compaction.lag.ms': long('0', {
    rule: atLeast(0),
    brokerNames: ['log.cleaner.min.compaction.lag.ms'],
    doc: 'Shortest time a record stays uncompacted.',
  }),
  'min.insync.replicas': int('1', {
    rule: atLeast(1),
    brokerNames: ['min.insync.replicas'],
    doc: 'In-sync replicas that an acks=all write needs.',
  }),
  preallocate: boolean('false', {
    brokerNames: ['log.preallocate'],
    doc: 'Whether new segment files get their full size at once.',
  }),
  'remote.log.copy.disable': boolean('false'),
  'remote.log.delete.on.disable': boolean('false'),
  'remote.storage.enable': boolean('false', { doc: 'Whether segments also go to tiered storage.' }),
  'retention.bytes': long('-1', {
    brokerNames: ['log.retention.bytes'],
    doc: 'Size of a partition above which old segments are deleted; -1 for no limit.',
  }),
  'retention.ms': long('604800000', {
    rule: atLeast(-1),
    brokerNames: ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
    doc: 'Age above which segments are deleted; -1 for no limit.',
  }),
  'segment.bytes': int('1073741824', {
    rule: atLeast(1_048_576),
    brokerNames: ['log.segment.bytes'],
    doc: 'Size at which a new segment begins.',
  }),
  'segment.index.bytes': int('10485760', {
    rule: atLeast(4),
    brokerNames: ['log.index.size.max.bytes'],
    doc: 'Largest size of an offset index file.',
  }),
  'segment.jitter.ms': long('0', {
    rule: atLeast(0),
    brokerNames: ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
    doc: 'Random time taken off segment.ms, so that segments do not all roll at once.',
  }),
  'segment.ms': long('604800000', {
    rule: atLeast(1),
    brokerNames: ['log.roll.ms', 'log.roll.hours'],
    doc: 'Age at which a new segment begins even if it is not full.',
  }),
  'unclean.leader.election.enable': boolean('false', {
    brokerNames: ['unclean.leader.election.enable'],
    doc: 'Whether a replica outside the ISR may lead when no other is alive; loses data.',
  }),
} as const satisfies ConfigTable
