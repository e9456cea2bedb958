/** What must hold between the settings of a broker, beyond what each must keep by itself. */
import type { BrokerConfigName, BrokerConfigs } from './broker-configs.ts'
import type { ConfigView } from './config-view.ts'

/** Pairs of which the first must not exceed the second. */
const ORDERED: readonly (readonly [BrokerConfigName, BrokerConfigName])[] = [
  ['replica.fetch.wait.max.ms', 'replica.lag.time.max.ms'],
  ['group.min.session.timeout.ms', 'group.max.session.timeout.ms'],
  ['group.consumer.min.session.timeout.ms', 'group.consumer.session.timeout.ms'],
  ['group.consumer.session.timeout.ms', 'group.consumer.max.session.timeout.ms'],
  ['group.consumer.min.heartbeat.interval.ms', 'group.consumer.heartbeat.interval.ms'],
  ['group.consumer.heartbeat.interval.ms', 'group.consumer.max.heartbeat.interval.ms'],
  ['group.share.min.session.timeout.ms', 'group.share.session.timeout.ms'],
  ['group.share.session.timeout.ms', 'group.share.max.session.timeout.ms'],
  ['group.share.min.heartbeat.interval.ms', 'group.share.heartbeat.interval.ms'],
  ['group.share.heartbeat.interval.ms', 'group.share.max.heartbeat.interval.ms'],
  ['group.share.min.record.lock.duration.ms', 'group.share.record.lock.duration.ms'],
  ['group.share.record.lock.duration.ms', 'group.share.max.record.lock.duration.ms'],
  ['group.share.min.delivery.count.limit', 'group.share.delivery.count.limit'],
  ['group.share.delivery.count.limit', 'group.share.max.delivery.count.limit'],
  ['group.streams.min.session.timeout.ms', 'group.streams.session.timeout.ms'],
  ['group.streams.session.timeout.ms', 'group.streams.max.session.timeout.ms'],
  ['group.streams.min.heartbeat.interval.ms', 'group.streams.heartbeat.interval.ms'],
  ['group.streams.heartbeat.interval.ms', 'group.streams.max.heartbeat.interval.ms'],
  ['group.streams.num.standby.replicas', 'group.streams.max.standby.replicas'],
]

/** Empty when all is well. */
export function brokerProblems(config: ConfigView<BrokerConfigs>): string[] {
  const problems: string[] = []
  for (const [smaller, larger] of ORDERED) {
    const low = config.get(smaller) as number
    const high = config.get(larger) as number
    if (low > high) problems.push(`${smaller} (${low}) must not exceed ${larger} (${high})`)
  }
  if (config.get('process.roles').length === 0) {
    problems.push('process.roles must name at least one of broker and controller')
  }
  for (const name of [
    'log.retention.ms',
    'log.retention.minutes',
    'log.retention.hours',
  ] as const) {
    const value = config.get(name)
    if (value === 0 || (value !== null && value < -1)) {
      problems.push(`${name} (${value}) must be positive, or -1 for no limit`)
    }
  }
  return problems
}
