/** Broker settings: replication. */
import { boolean, int, long, string, type ConfigTable } from './definition.ts'
import { atLeast } from './rules.ts'

export const REPLICATION_CONFIGS = {
  'alter.log.dirs.replication.quota.window.num': int('11', { rule: atLeast(1), importance: 'low' }),
  'alter.log.dirs.replication.quota.window.size.seconds': int('1', {
    rule: atLeast(1),
    importance: 'low',
  }),
  'follower.fetch.last.tiered.offset.enable': boolean('false', { scope: 'cluster-wide' }),
  'num.replica.alter.log.dirs.threads': int(null, { importance: 'high' }),
  'num.replica.fetchers': int('1', { rule: atLeast(1), importance: 'high', scope: 'cluster-wide' }),
  'replica.fetch.backoff.ms': int('1000', { rule: atLeast(0) }),
  'replica.fetch.max.bytes': int('1048576', {
    rule: atLeast(0),
    doc: 'Bytes a follower asks for per partition.',
  }),
  'replica.fetch.min.bytes': int('1', { importance: 'high' }),
  'replica.fetch.response.max.bytes': int('10485760', { rule: atLeast(0) }),
  'replica.fetch.wait.max.ms': int('500', { importance: 'high' }),
  'replica.high.watermark.checkpoint.interval.ms': long('5000', { importance: 'high' }),
  'replica.lag.time.max.ms': long('30000', {
    importance: 'high',
    doc: 'A follower that has not caught up for this long leaves the ISR.',
  }),
  'replica.selector.class': string(null),
  'replica.socket.receive.buffer.bytes': int('65536', { importance: 'high' }),
  'replica.socket.timeout.ms': int('30000', { importance: 'high' }),
  'replication.quota.window.num': int('11', { rule: atLeast(1), importance: 'low' }),
  'replication.quota.window.size.seconds': int('1', { rule: atLeast(1), importance: 'low' }),
} as const satisfies ConfigTable
