/** Every setting of a group, with the broker setting that gives its default. */
import { boolean, int, string, type ConfigTable } from './definition.ts'
import { atLeast, oneOf, shareOffsetReset } from './rules.ts'

export const GROUP_CONFIGS = {
  'consumer.assignment.interval.ms': int('1000', {
    rule: atLeast(0),
    brokerNames: ['group.consumer.assignment.interval.ms'],
  }),
  'consumer.heartbeat.interval.ms': int('5000', {
    rule: atLeast(1),
    brokerNames: ['group.consumer.heartbeat.interval.ms'],
  }),
  'consumer.session.timeout.ms': int('45000', {
    rule: atLeast(1),
    brokerNames: ['group.consumer.session.timeout.ms'],
  }),
  'share.assignment.interval.ms': int('1000', {
    rule: atLeast(0),
    brokerNames: ['group.share.assignment.interval.ms'],
  }),
  'share.auto.offset.reset': string('latest', { rule: shareOffsetReset }),
  'share.delivery.count.limit': int('5', {
    rule: atLeast(2),
    brokerNames: ['group.share.delivery.count.limit'],
  }),
  'share.heartbeat.interval.ms': int('5000', {
    rule: atLeast(1),
    brokerNames: ['group.share.heartbeat.interval.ms'],
  }),
  'share.isolation.level': string('read_uncommitted', {
    rule: oneOf('read_committed', 'read_uncommitted'),
  }),
  'share.partition.max.record.locks': int('2000', {
    rule: atLeast(100),
    brokerNames: ['group.share.partition.max.record.locks'],
  }),
  'share.record.lock.duration.ms': int('30000', {
    rule: atLeast(1000),
    brokerNames: ['group.share.record.lock.duration.ms'],
  }),
  'share.renew.acknowledge.enable': boolean('true'),
  'share.session.timeout.ms': int('45000', {
    rule: atLeast(1),
    brokerNames: ['group.share.session.timeout.ms'],
  }),
  'streams.assignment.interval.ms': int('1000', {
    rule: atLeast(0),
    brokerNames: ['group.streams.assignment.interval.ms'],
  }),
  'streams.heartbeat.interval.ms': int('5000', {
    rule: atLeast(1),
    brokerNames: ['group.streams.heartbeat.interval.ms'],
  }),
  'streams.initial.rebalance.delay.ms': int('3000', {
    rule: atLeast(0),
    brokerNames: ['group.streams.initial.rebalance.delay.ms'],
  }),
  'streams.num.standby.replicas': int('0', {
    rule: atLeast(0),
    brokerNames: ['group.streams.num.standby.replicas'],
  }),
  'streams.session.timeout.ms': int('45000', {
    rule: atLeast(1),
    brokerNames: ['group.streams.session.timeout.ms'],
  }),
} as const satisfies ConfigTable
