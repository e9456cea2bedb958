/** Broker settings: roles, the controller, its quorum and the metadata log. */
import { boolean, int, list, long, required, string, type ConfigTable } from './definition.ts'
import { atLeast, distinctElements, hostsAndPorts, listOf, voters } from './rules.ts'

export const CONTROLLER_CONFIGS = {
  'auto.leader.rebalance.enable': boolean('true', {
    importance: 'high',
    doc: 'Whether leadership returns to preferred replicas by itself.',
  }),
  'broker.heartbeat.interval.ms': int('2000', {
    doc: 'How often a broker reports to the controller.',
  }),
  'broker.session.timeout.ms': int('9000', { doc: 'A broker silent for this long is fenced.' }),
  'controller.listener.names': required(
    list(null, { rule: distinctElements, importance: 'high', doc: 'Listeners of the controller.' }),
  ),
  'controller.performance.always.log.threshold.ms': long('2000', {
    rule: atLeast(0),
    internal: true,
  }),
  'controller.performance.sample.period.ms': long('60000', { rule: atLeast(100), internal: true }),
  'controller.quorum.append.linger.ms': int('25', { rule: atLeast(0) }),
  'controller.quorum.auto.join.enable': boolean('false', { importance: 'low' }),
  'controller.quorum.bootstrap.servers': list('', { rule: hostsAndPorts, importance: 'high' }),
  'controller.quorum.election.backoff.max.ms': int('1000', {
    rule: atLeast(0),
    importance: 'high',
  }),
  'controller.quorum.election.timeout.ms': int('1000', { rule: atLeast(0), importance: 'high' }),
  'controller.quorum.fetch.max.bytes': int('1048576', { rule: atLeast(1), importance: 'low' }),
  'controller.quorum.fetch.snapshot.max.bytes': int('1048576', {
    rule: atLeast(1),
    importance: 'low',
  }),
  'controller.quorum.fetch.timeout.ms': int('2000', { rule: atLeast(0), importance: 'high' }),
  'controller.quorum.request.timeout.ms': int('2000', { rule: atLeast(0) }),
  'controller.quorum.retry.backoff.ms': int('20', { rule: atLeast(0), importance: 'low' }),
  'controller.quorum.voters': list('', { rule: voters, importance: 'high' }),
  'controller.quota.window.num': int('11', { rule: atLeast(1), importance: 'low' }),
  'controller.quota.window.size.seconds': int('1', { rule: atLeast(1), importance: 'low' }),
  'controller.socket.timeout.ms': int('30000'),
  'early.start.listeners': list(null, { rule: distinctElements, importance: 'high' }),
  'initial.broker.registration.timeout.ms': int('60000'),
  'internal.metadata.delete.delay.millis': long('60000', { importance: 'low', internal: true }),
  'internal.metadata.log.segment.bytes': int(null, { importance: 'low', internal: true }),
  'internal.metadata.max.batch.size.in.bytes': int('8388608', {
    importance: 'low',
    internal: true,
  }),
  'leader.imbalance.check.interval.seconds': long('300', { rule: atLeast(1), importance: 'high' }),
  'log.dir.failure.timeout.ms': long('30000', { rule: atLeast(1), importance: 'low' }),
  'metadata.log.dir': string(null, {
    importance: 'high',
    doc: 'Directory of the metadata log; the first of log.dirs when unset.',
  }),
  'metadata.log.max.record.bytes.between.snapshots': long('20971520', {
    rule: atLeast(1),
    importance: 'high',
  }),
  'metadata.log.max.snapshot.interval.ms': long('3600000', {
    rule: atLeast(0),
    importance: 'high',
  }),
  'metadata.log.segment.bytes': int('1073741824', { rule: atLeast(8_388_608), importance: 'high' }),
  'metadata.log.segment.ms': long('604800000', { importance: 'high' }),
  'metadata.max.idle.interval.ms': int('500', { rule: atLeast(0), importance: 'low' }),
  'metadata.max.retention.bytes': long('104857600', { importance: 'high' }),
  'metadata.max.retention.ms': long('604800000', { importance: 'high' }),
  'process.roles': required(
    list(null, {
      rule: listOf('broker', 'controller'),
      importance: 'high',
      doc: 'What this node is: broker, controller or both.',
    }),
  ),
  'server.max.startup.time.ms': long('9223372036854775807', { rule: atLeast(0), internal: true }),
  'unclean.leader.election.enable': boolean('false', {
    importance: 'high',
    scope: 'cluster-wide',
    doc: 'Whether a replica outside the ISR may lead when no other is alive; loses data.',
  }),
  'unclean.leader.election.interval.ms': long('300000', { rule: atLeast(1), internal: true }),
} as const satisfies ConfigTable
