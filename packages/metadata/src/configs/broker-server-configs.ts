/** Broker settings: the node itself, its listeners, connections, threads, quotas and metrics. */
import {
  boolean,
  className,
  int,
  list,
  long,
  required,
  string,
  type ConfigTable,
} from './definition.ts'
import { atLeast, distinctElements } from './rules.ts'

export const SERVER_CONFIGS = {
  'advertised.listeners': list(null, {
    rule: distinctElements,
    importance: 'high',
    doc: 'Addresses told to clients; the listeners when unset.',
  }),
  'background.threads': int('10', { rule: atLeast(1), importance: 'high', scope: 'cluster-wide' }),
  'broker.id': int('-1', { importance: 'high' }),
  'broker.rack': string(null, {
    doc: 'Rack of this broker, for placement of replicas and nearest-replica fetches.',
  }),
  'client.quota.callback.class': className(null, { importance: 'low' }),
  'config.providers': list('', {
    rule: distinctElements,
    importance: 'low',
    scope: 'cluster-wide',
  }),
  'connection.failed.authentication.delay.ms': int('100', { rule: atLeast(0), importance: 'low' }),
  'connections.max.idle.ms': long('600000', {
    doc: 'Idle connections are closed after this time.',
  }),
  'connections.max.reauth.ms': long('0'),
  'controlled.shutdown.enable': boolean('true', {
    doc: 'Whether a stopping broker first hands over what it leads.',
  }),
  'fetch.max.bytes': int('57671680', { rule: atLeast(1024), doc: 'Largest answer to a fetch.' }),
  'fetch.purgatory.purge.interval.requests': int('1000'),
  'inter.broker.listener.name': string(null, {
    doc: 'Listener that brokers use among themselves.',
  }),
  'kafka.metrics.polling.interval.secs': int('10', { rule: atLeast(1), importance: 'low' }),
  'kafka.metrics.reporters': list('', { rule: distinctElements, importance: 'low' }),
  'listener.security.protocol.map': string(
    'SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
    { importance: 'low', scope: 'per-broker', doc: 'The security protocol of each listener name.' },
  ),
  listeners: list('PLAINTEXT://:9092', {
    rule: distinctElements,
    importance: 'high',
    scope: 'per-broker',
    doc: 'Addresses to listen on, as NAME://host:port.',
  }),
  'max.connection.creation.rate': int('2147483647', { rule: atLeast(0), scope: 'cluster-wide' }),
  'max.connections': int('2147483647', {
    rule: atLeast(0),
    scope: 'cluster-wide',
    doc: 'Connections accepted at a time.',
  }),
  'max.connections.per.ip': int('2147483647', {
    rule: atLeast(0),
    scope: 'cluster-wide',
    doc: 'Connections accepted from one address at a time.',
  }),
  'max.connections.per.ip.overrides': string('', { scope: 'cluster-wide' }),
  'max.incremental.fetch.session.cache.slots': int('1000', { rule: atLeast(0) }),
  'max.request.partition.size.limit': int('2000', { rule: atLeast(1) }),
  'metric.reporters': list('org.apache.kafka.common.metrics.JmxReporter', {
    rule: distinctElements,
    importance: 'low',
    scope: 'cluster-wide',
  }),
  'metrics.num.samples': int('2', { rule: atLeast(1), importance: 'low' }),
  'metrics.recording.level': string('INFO', { importance: 'low' }),
  'metrics.sample.window.ms': long('30000', { rule: atLeast(1), importance: 'low' }),
  'node.id': required(
    int(null, {
      rule: atLeast(0),
      importance: 'high',
      doc: 'Id of this node; unique in the cluster.',
    }),
  ),
  'num.io.threads': int('8', { rule: atLeast(1), importance: 'high', scope: 'cluster-wide' }),
  'num.network.threads': int('3', { rule: atLeast(1), importance: 'high', scope: 'cluster-wide' }),
  'producer.purgatory.purge.interval.requests': int('1000'),
  'queued.max.request.bytes': long('-1'),
  'queued.max.requests': int('500', { rule: atLeast(1), importance: 'high' }),
  'quota.window.num': int('11', { rule: atLeast(1), importance: 'low' }),
  'quota.window.size.seconds': int('1', { rule: atLeast(1), importance: 'low' }),
  'request.timeout.ms': int('30000', {
    importance: 'high',
    doc: 'How long a request to another node may take.',
  }),
  'socket.connection.setup.timeout.max.ms': long('30000'),
  'socket.connection.setup.timeout.ms': long('10000'),
  'socket.listen.backlog.size': int('50', { rule: atLeast(1) }),
  'socket.receive.buffer.bytes': int('102400', { importance: 'high' }),
  'socket.request.max.bytes': int('104857600', {
    rule: atLeast(1),
    importance: 'high',
    doc: 'Largest request accepted.',
  }),
  'socket.send.buffer.bytes': int('102400', { importance: 'high' }),
  'telemetry.max.bytes': int('1048576', { rule: atLeast(1), importance: 'low' }),
  'unstable.api.versions.enable': boolean('false', {
    importance: 'high',
    internal: true,
    doc: 'Whether API versions still under development are offered.',
  }),
  'unstable.feature.versions.enable': boolean('false', { importance: 'high', internal: true }),
} as const satisfies ConfigTable
