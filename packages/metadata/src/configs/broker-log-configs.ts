/** Broker settings: topics and logs, most of them defaults of topic settings. */
import {
  boolean,
  className,
  double,
  int,
  list,
  long,
  string,
  type ConfigTable,
} from './definition.ts'
import { atLeast, between, betweenOr, distinctElements, listOf, oneOf } from './rules.ts'

export const LOG_CONFIGS = {
  'alter.config.policy.class.name': className(null, { importance: 'low' }),
  'auto.create.topics.enable': boolean('true', {
    importance: 'high',
    doc: 'Whether asking for an unknown topic creates it.',
  }),
  'compression.gzip.level': int('-1', { rule: betweenOr(1, 9, -1), scope: 'cluster-wide' }),
  'compression.lz4.level': int('9', { rule: between(1, 17), scope: 'cluster-wide' }),
  'compression.type': string('producer', {
    rule: oneOf('uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'),
    importance: 'high',
    scope: 'cluster-wide',
    doc: 'The codec batches are stored with; `producer` keeps the one they came with.',
  }),
  'compression.zstd.level': int('3', { rule: between(-131_072, 22), scope: 'cluster-wide' }),
  'cordoned.log.dirs': list('', { rule: distinctElements, scope: 'per-broker' }),
  'create.topic.policy.class.name': className(null, { importance: 'low' }),
  'default.replication.factor': int('1', { doc: 'Replicas of a topic that does not say.' }),
  'delete.records.purgatory.purge.interval.requests': int('1'),
  'delete.topic.enable': boolean('true', {
    importance: 'high',
    doc: 'Whether topics can be deleted.',
  }),
  'log.cleaner.backoff.ms': long('15000', { rule: atLeast(0), scope: 'cluster-wide' }),
  'log.cleaner.dedupe.buffer.size': long('134217728', { scope: 'cluster-wide' }),
  'log.cleaner.delete.retention.ms': long('86400000', { rule: atLeast(0), scope: 'cluster-wide' }),
  'log.cleaner.enable': boolean('true'),
  'log.cleaner.io.buffer.load.factor': double('0.9', { scope: 'cluster-wide' }),
  'log.cleaner.io.buffer.size': int('524288', { rule: atLeast(0), scope: 'cluster-wide' }),
  'log.cleaner.io.max.bytes.per.second': double('1.7976931348623157E308', {
    scope: 'cluster-wide',
  }),
  'log.cleaner.max.compaction.lag.ms': long('9223372036854775807', {
    rule: atLeast(1),
    scope: 'cluster-wide',
  }),
  'log.cleaner.min.cleanable.ratio': double('0.5', { rule: between(0, 1), scope: 'cluster-wide' }),
  'log.cleaner.min.compaction.lag.ms': long('0', { rule: atLeast(0), scope: 'cluster-wide' }),
  'log.cleaner.threads': int('1', { rule: atLeast(0), scope: 'cluster-wide' }),
  'log.cleanup.policy': list('delete', {
    rule: listOf('compact', 'delete'),
    scope: 'cluster-wide',
    doc: 'What happens to old segments: deleted, compacted by key, both or neither.',
  }),
  'log.dir': list('/tmp/kafka-logs', {
    rule: distinctElements,
    importance: 'high',
    doc: 'Directory of the logs when log.dirs is unset.',
  }),
  'log.dirs': list(null, {
    rule: distinctElements,
    importance: 'high',
    doc: 'Directories of the logs.',
  }),
  'log.flush.interval.messages': long('9223372036854775807', {
    rule: atLeast(1),
    importance: 'high',
    scope: 'cluster-wide',
    doc: 'Records after which a write is forced to disk.',
  }),
  'log.flush.interval.ms': long(null, {
    importance: 'high',
    scope: 'cluster-wide',
    doc: 'Time after which a write is forced to disk.',
  }),
  'log.flush.offset.checkpoint.interval.ms': int('60000', { rule: atLeast(0), importance: 'high' }),
  'log.flush.scheduler.interval.ms': long('9223372036854775807', { importance: 'high' }),
  'log.flush.start.offset.checkpoint.interval.ms': int('60000', {
    rule: atLeast(0),
    importance: 'high',
  }),
  'log.index.interval.bytes': int('4096', { rule: atLeast(0), scope: 'cluster-wide' }),
  'log.index.size.max.bytes': int('10485760', { rule: atLeast(4), scope: 'cluster-wide' }),
  'log.initial.task.delay.ms': long('30000', {
    rule: atLeast(0),
    importance: 'low',
    internal: true,
  }),
  'log.local.retention.bytes': long('-2', { rule: atLeast(-2), scope: 'cluster-wide' }),
  'log.local.retention.ms': long('-2', { rule: atLeast(-2), scope: 'cluster-wide' }),
  'log.message.timestamp.after.max.ms': long('3600000', {
    rule: atLeast(0),
    scope: 'cluster-wide',
  }),
  'log.message.timestamp.before.max.ms': long('9223372036854775807', {
    rule: atLeast(0),
    scope: 'cluster-wide',
  }),
  'log.message.timestamp.type': string('CreateTime', {
    rule: oneOf('CreateTime', 'LogAppendTime'),
    scope: 'cluster-wide',
  }),
  'log.preallocate': boolean('false', { scope: 'cluster-wide' }),
  'log.retention.bytes': long('-1', {
    importance: 'high',
    scope: 'cluster-wide',
    doc: 'Size of a partition above which old segments are deleted; -1 for no limit.',
  }),
  'log.retention.check.interval.ms': long('300000', {
    rule: atLeast(1),
    doc: 'How often segments are checked for deletion.',
  }),
  'log.retention.hours': int('168', {
    importance: 'high',
    doc: 'Age above which segments are deleted, in hours; weaker than minutes and milliseconds.',
  }),
  'log.retention.minutes': int(null, {
    importance: 'high',
    doc: 'Age above which segments are deleted, in minutes; weaker than milliseconds.',
  }),
  'log.retention.ms': long(null, {
    importance: 'high',
    scope: 'cluster-wide',
    doc: 'Age above which segments are deleted; -1 for no limit.',
  }),
  'log.roll.hours': int('168', {
    rule: atLeast(1),
    importance: 'high',
    doc: 'Age at which a new segment begins, in hours; weaker than log.roll.ms.',
  }),
  'log.roll.jitter.hours': int('0', { rule: atLeast(0), importance: 'high' }),
  'log.roll.jitter.ms': long(null, { importance: 'high', scope: 'cluster-wide' }),
  'log.roll.ms': long(null, {
    importance: 'high',
    scope: 'cluster-wide',
    doc: 'Age at which a new segment begins.',
  }),
  'log.segment.bytes': int('1073741824', {
    rule: atLeast(1_048_576),
    importance: 'high',
    scope: 'cluster-wide',
    doc: 'Size at which a new segment begins.',
  }),
  'log.segment.delete.delay.ms': long('60000', {
    rule: atLeast(0),
    importance: 'high',
    scope: 'cluster-wide',
  }),
  'message.max.bytes': int('1048588', {
    rule: atLeast(0),
    importance: 'high',
    scope: 'cluster-wide',
    doc: 'Largest record batch accepted, after compression.',
  }),
  'min.insync.replicas': int('1', {
    rule: atLeast(1),
    importance: 'high',
    scope: 'cluster-wide',
    doc: 'In-sync replicas that an acks=all write needs.',
  }),
  'num.partitions': int('1', { rule: atLeast(1), doc: 'Partitions of a topic that does not say.' }),
  'num.recovery.threads.per.data.dir': int('2', {
    rule: atLeast(1),
    importance: 'high',
    scope: 'cluster-wide',
  }),
} as const satisfies ConfigTable
