/** Broker settings: consumer and streams groups and their offsets. */
import { int, list, long, short, string, type ConfigTable } from './definition.ts'
import { atLeast, distinctElements, listOf, oneOfAnyCase } from './rules.ts'

export const GROUP_COORDINATOR_CONFIGS = {
  'group.consumer.assignment.interval.ms': int('1000', { rule: atLeast(0), scope: 'cluster-wide' }),
  'group.consumer.assignors': list('uniform,range', { rule: distinctElements }),
  'group.consumer.heartbeat.interval.ms': int('5000', { rule: atLeast(1) }),
  'group.consumer.max.assignment.interval.ms': int('15000', { rule: atLeast(0) }),
  'group.consumer.max.heartbeat.interval.ms': int('15000', { rule: atLeast(1) }),
  'group.consumer.max.session.timeout.ms': int('60000', { rule: atLeast(1) }),
  'group.consumer.max.size': int('2147483647', { rule: atLeast(1) }),
  'group.consumer.migration.policy': string('bidirectional', {
    rule: oneOfAnyCase('DISABLED', 'DOWNGRADE', 'UPGRADE', 'BIDIRECTIONAL'),
  }),
  'group.consumer.min.assignment.interval.ms': int('0', { rule: atLeast(0) }),
  'group.consumer.min.heartbeat.interval.ms': int('5000', { rule: atLeast(1) }),
  'group.consumer.min.session.timeout.ms': int('45000', { rule: atLeast(1) }),
  'group.consumer.regex.refresh.interval.ms': int('600000', {
    rule: atLeast(10_000),
    internal: true,
  }),
  'group.consumer.session.timeout.ms': int('45000', { rule: atLeast(1) }),
  'group.coordinator.append.linger.ms': int('-1', { rule: atLeast(-1) }),
  'group.coordinator.background.threads': int('2', { rule: atLeast(1), importance: 'high' }),
  'group.coordinator.cached.buffer.max.bytes': int('1048588', {
    rule: atLeast(524_288),
    scope: 'cluster-wide',
  }),
  'group.coordinator.rebalance.protocols': list('classic,consumer,streams', {
    rule: listOf('consumer', 'classic', 'share', 'streams'),
    doc: 'Group protocols served.',
  }),
  'group.coordinator.threads': int('4', { rule: atLeast(1), importance: 'high' }),
  'group.initial.rebalance.delay.ms': int('3000', {
    doc: 'How long a new classic group waits for more members.',
  }),
  'group.max.session.timeout.ms': int('1800000', {
    doc: 'Longest session timeout a classic member may ask for.',
  }),
  'group.max.size': int('2147483647', { rule: atLeast(1) }),
  'group.min.session.timeout.ms': int('6000', {
    doc: 'Shortest session timeout a classic member may ask for.',
  }),
  'group.streams.assignment.interval.ms': int('1000', { rule: atLeast(0), scope: 'cluster-wide' }),
  'group.streams.heartbeat.interval.ms': int('5000', { rule: atLeast(1) }),
  'group.streams.initial.rebalance.delay.ms': int('3000', { rule: atLeast(0) }),
  'group.streams.max.assignment.interval.ms': int('15000', { rule: atLeast(0) }),
  'group.streams.max.heartbeat.interval.ms': int('15000', { rule: atLeast(1) }),
  'group.streams.max.session.timeout.ms': int('60000', { rule: atLeast(1) }),
  'group.streams.max.size': int('2147483647', { rule: atLeast(1) }),
  'group.streams.max.standby.replicas': int('2', { rule: atLeast(0) }),
  'group.streams.min.assignment.interval.ms': int('0', { rule: atLeast(0) }),
  'group.streams.min.heartbeat.interval.ms': int('5000', { rule: atLeast(1) }),
  'group.streams.min.session.timeout.ms': int('45000', { rule: atLeast(1) }),
  'group.streams.num.standby.replicas': int('0', { rule: atLeast(0) }),
  'group.streams.session.timeout.ms': int('45000', { rule: atLeast(1) }),
  'offset.metadata.max.bytes': int('4096', {
    importance: 'high',
    doc: 'Longest text a client may store with an offset.',
  }),
  'offsets.commit.timeout.ms': int('5000', { rule: atLeast(1), importance: 'high' }),
  'offsets.load.buffer.size': int('5242880', { rule: atLeast(1), importance: 'high' }),
  'offsets.retention.check.interval.ms': long('600000', { rule: atLeast(1), importance: 'high' }),
  'offsets.retention.minutes': int('10080', {
    rule: atLeast(1),
    importance: 'high',
    doc: 'How long offsets of a group without members are kept.',
  }),
  'offsets.topic.compression.codec': int('0', { importance: 'high' }),
  'offsets.topic.num.partitions': int('50', {
    rule: atLeast(1),
    importance: 'high',
    doc: 'Partitions of __consumer_offsets; fixed once the topic exists.',
  }),
  'offsets.topic.replication.factor': short('3', {
    rule: atLeast(1),
    importance: 'high',
    doc: 'Replicas of __consumer_offsets.',
  }),
  'offsets.topic.segment.bytes': int('104857600', { rule: atLeast(1), importance: 'high' }),
} as const satisfies ConfigTable
