/** Broker settings: transactions and idempotent producers. */
import { boolean, int, short, type ConfigTable } from './definition.ts'
import { atLeast } from './rules.ts'

export const TRANSACTION_CONFIGS = {
  'add.partitions.to.txn.retry.backoff.max.ms': int('100', {
    rule: atLeast(0),
    importance: 'high',
  }),
  'add.partitions.to.txn.retry.backoff.ms': int('20', { rule: atLeast(1), importance: 'high' }),
  'producer.id.expiration.check.interval.ms': int('600000', {
    rule: atLeast(1),
    importance: 'low',
    internal: true,
  }),
  'producer.id.expiration.ms': int('86400000', {
    rule: atLeast(1),
    importance: 'low',
    scope: 'cluster-wide',
  }),
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': int('10000', {
    rule: atLeast(1),
    importance: 'low',
  }),
  'transaction.max.timeout.ms': int('900000', {
    rule: atLeast(1),
    importance: 'high',
    doc: 'Longest transaction timeout a producer may ask for.',
  }),
  'transaction.partition.verification.enable': boolean('true', {
    importance: 'low',
    scope: 'cluster-wide',
  }),
  'transaction.remove.expired.transaction.cleanup.interval.ms': int('3600000', {
    rule: atLeast(1),
    importance: 'low',
  }),
  'transaction.state.log.load.buffer.size': int('5242880', {
    rule: atLeast(1),
    importance: 'high',
  }),
  'transaction.state.log.min.isr': int('2', {
    rule: atLeast(1),
    importance: 'high',
    doc: 'min.insync.replicas of __transaction_state.',
  }),
  'transaction.state.log.num.partitions': int('50', {
    rule: atLeast(1),
    importance: 'high',
    doc: 'Partitions of __transaction_state; fixed once the topic exists.',
  }),
  'transaction.state.log.replication.factor': short('3', {
    rule: atLeast(1),
    importance: 'high',
    doc: 'Replicas of __transaction_state.',
  }),
  'transaction.state.log.segment.bytes': int('104857600', { rule: atLeast(1), importance: 'high' }),
  'transaction.two.phase.commit.enable': boolean('false', { importance: 'low' }),
  'transactional.id.expiration.ms': int('604800000', {
    rule: atLeast(1),
    importance: 'high',
    doc: 'A transactional id unused for this long is forgotten.',
  }),
} as const satisfies ConfigTable
