/** Broker settings: tiered storage. */
import { boolean, double, int, long, string, type ConfigTable } from './definition.ts'
import { atLeast, between, notEmpty } from './rules.ts'

export const REMOTE_STORAGE_CONFIGS = {
  'remote.fetch.max.wait.ms': int('500', { rule: atLeast(1), scope: 'cluster-wide' }),
  'remote.list.offsets.request.timeout.ms': long('30000', {
    rule: atLeast(1),
    scope: 'cluster-wide',
  }),
  'remote.log.index.file.cache.total.size.bytes': long('1073741824', {
    rule: atLeast(1),
    importance: 'low',
    scope: 'cluster-wide',
  }),
  'remote.log.index.file.cache.ttl.ms': long('900000', {
    rule: atLeast(-1),
    importance: 'low',
    internal: true,
  }),
  'remote.log.manager.copier.thread.pool.size': int('10', {
    rule: atLeast(1),
    scope: 'cluster-wide',
  }),
  'remote.log.manager.copy.max.bytes.per.second': long('9223372036854775807', {
    rule: atLeast(1),
    scope: 'cluster-wide',
  }),
  'remote.log.manager.copy.quota.window.num': int('11', { rule: atLeast(1) }),
  'remote.log.manager.copy.quota.window.size.seconds': int('1', { rule: atLeast(1) }),
  'remote.log.manager.expiration.thread.pool.size': int('10', {
    rule: atLeast(1),
    scope: 'cluster-wide',
  }),
  'remote.log.manager.fetch.max.bytes.per.second': long('9223372036854775807', {
    rule: atLeast(1),
    scope: 'cluster-wide',
  }),
  'remote.log.manager.fetch.quota.window.num': int('11', { rule: atLeast(1) }),
  'remote.log.manager.fetch.quota.window.size.seconds': int('1', { rule: atLeast(1) }),
  'remote.log.manager.follower.thread.pool.size': int('2', {
    rule: atLeast(1),
    scope: 'cluster-wide',
  }),
  'remote.log.manager.task.interval.ms': long('30000', { rule: atLeast(1), importance: 'low' }),
  'remote.log.manager.task.retry.backoff.max.ms': long('30000', {
    rule: atLeast(1),
    importance: 'low',
    internal: true,
  }),
  'remote.log.manager.task.retry.backoff.ms': long('500', {
    rule: atLeast(1),
    importance: 'low',
    internal: true,
  }),
  'remote.log.manager.task.retry.jitter': double('0.2', {
    rule: between(0, 0.5),
    importance: 'low',
    internal: true,
  }),
  'remote.log.manager.thread.pool.size': int('2', { rule: atLeast(1) }),
  'remote.log.metadata.custom.metadata.max.bytes': int('128', {
    rule: atLeast(0),
    importance: 'low',
  }),
  'remote.log.metadata.manager.class.name': string(
    'org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager',
    { rule: notEmpty },
  ),
  'remote.log.metadata.manager.class.path': string(null),
  'remote.log.metadata.manager.impl.prefix': string('rlmm.config.', { rule: notEmpty }),
  'remote.log.metadata.manager.listener.name': string(null, { rule: notEmpty }),
  'remote.log.reader.max.pending.tasks': int('100', { rule: atLeast(1) }),
  'remote.log.reader.threads': int('10', { rule: atLeast(1), scope: 'cluster-wide' }),
  'remote.log.storage.manager.class.name': string(null, { rule: notEmpty }),
  'remote.log.storage.manager.class.path': string(null),
  'remote.log.storage.manager.impl.prefix': string('rsm.config.', { rule: notEmpty }),
  'remote.log.storage.system.enable': boolean('false'),
} as const satisfies ConfigTable
