import { ErrorCode } from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'
import {
  BrokerConfig,
  effectiveGroupConfig,
  effectiveTopicConfig,
  validateBrokerUpdate,
  validateClientMetricsConfig,
  validateGroupConfig,
  validateTopicConfig,
} from '../../src/index.ts'
import { fileConfig } from '../support/configs.ts'

const texts = (lines: Record<string, string>) => new Map(Object.entries(lines))

function refusal(action: () => void): [number, string] {
  try {
    action()
  } catch (error) {
    return [(error as { errorCode: number }).errorCode, (error as Error).message]
  }
  throw new Error('nothing was refused')
}

describe('the file of a broker', () => {
  test('values have their types', () => {
    const config = fileConfig({ 'num.partitions': '3', 'log.dirs': '/a, /b' })
    expect(config.get('num.partitions')).toBe(3)
    expect(config.get('log.dirs')).toEqual(['/a', '/b'])
    expect(config.get('auto.create.topics.enable')).toBe(true)
    expect(config.get('log.retention.ms')).toBe(null)
  })

  test('everything that is wrong is said at once, with what was meant', () => {
    const bad = texts({ 'node.id': '1', 'num.partition': '3', 'log.segment.bytes': 'big' })
    const [code, message] = refusal(() => BrokerConfig.parse(bad))
    expect(code).toBe(ErrorCode.INVALID_CONFIG)
    expect(message).toContain("num.partition; did you mean 'num.partitions'?")
    expect(message).toContain('Invalid value big for configuration log.segment.bytes')
    expect(message).toContain('Missing required configuration process.roles')
  })

  test('settings that contradict each other are refused', () => {
    const [, message] = refusal(() => fileConfig({ 'group.min.session.timeout.ms': '2000000' }))
    expect(message).toContain('must not exceed group.max.session.timeout.ms')
    expect(refusal(() => fileConfig({ 'log.retention.ms': '0' }))[1]).toContain('must be positive')
  })

  test('broker.id still names the node', () => {
    const config = BrokerConfig.parse(
      texts({ 'broker.id': '7', 'process.roles': 'broker', 'controller.listener.names': 'C' }),
    )
    expect(config.get('node.id')).toBe(7)
  })
})

describe('layers', () => {
  test('CFG-10 one broker over all brokers over file over default', () => {
    const file = fileConfig({ 'log.segment.bytes': '4000000', 'log.cleaner.threads': '2' })
    const cluster = file.withDynamic(texts({ 'log.segment.bytes': '3000000' }), new Map())
    const both = file.withDynamic(cluster.clusterTexts, texts({ 'log.segment.bytes': '2000000' }))
    expect(file.get('log.segment.bytes')).toBe(4000000)
    expect(cluster.get('log.segment.bytes')).toBe(3000000)
    expect(both.get('log.segment.bytes')).toBe(2000000)
    expect(both.get('log.cleaner.threads')).toBe(2)
  })

  test('a setting made at run time that cannot be parsed leaves the one below', () => {
    const config = fileConfig().withDynamic(texts({ 'log.cleaner.threads': 'many' }), new Map())
    expect(config.get('log.cleaner.threads')).toBe(1)
  })

  test('topics inherit: milliseconds beat minutes beat hours, in the unit of the topic', () => {
    const retention = (lines: Record<string, string>) =>
      effectiveTopicConfig(new Map(), fileConfig(lines)).get('retention.ms')
    expect(retention({})).toBe(604800000)
    expect(retention({ 'log.retention.hours': '2' })).toBe(7200000)
    expect(retention({ 'log.retention.hours': '2', 'log.retention.minutes': '3' })).toBe(180000)
    expect(retention({ 'log.retention.hours': '2', 'log.retention.ms': '5' })).toBe(5)
    expect(retention({ 'log.retention.hours': '-1' })).toBe(-1)
    const rolled = effectiveTopicConfig(new Map(), fileConfig({ 'log.roll.jitter.hours': '1' }))
    expect(rolled.get('segment.jitter.ms')).toBe(3600000)
  })

  test('the settings of a topic itself win', () => {
    const broker = fileConfig({ 'log.retention.ms': '5' })
    const config = effectiveTopicConfig(texts({ 'retention.ms': '7' }), broker)
    expect(config.get('retention.ms')).toBe(7)
    expect(config.isGiven('retention.ms')).toBe(true)
    expect(config.get('cleanup.policy')).toEqual(['delete'])
  })

  test('groups inherit from the broker', () => {
    const broker = fileConfig({ 'group.consumer.session.timeout.ms': '50000' })
    expect(effectiveGroupConfig(new Map(), broker).get('consumer.session.timeout.ms')).toBe(50000)
  })
})

describe('what a topic must not have', () => {
  const refuse = (
    lines: Record<string, string>,
    before: Record<string, string> = {},
    file: Record<string, string> = {},
  ) =>
    refusal(() =>
      validateTopicConfig(texts(lines), { broker: fileConfig(file), before: texts(before) }),
    )
  const tiered = { 'remote.log.storage.system.enable': 'true' }

  test('CFG-08 unknown names, with what was meant', () => {
    expect(refuse({ 'retention.msec': '1' })).toEqual([
      ErrorCode.INVALID_CONFIG,
      "Unknown topic config name: retention.msec; did you mean 'retention.ms'?",
    ])
  })

  test('TOP-09 values that break a rule', () => {
    expect(refuse({ 'segment.bytes': '14' })[0]).toBe(ErrorCode.INVALID_CONFIG)
  })

  test('CFG-12 compaction lags in the wrong order', () => {
    const [code, message] = refuse({ 'min.compaction.lag.ms': '10', 'max.compaction.lag.ms': '5' })
    expect(code).toBe(ErrorCode.INVALID_CONFIG)
    expect(message).toContain('must not exceed max.compaction.lag.ms (5)')
  })

  test('CFG-12 tiered storage: switched off on the brokers, or with compaction', () => {
    expect(refuse({ 'remote.storage.enable': 'true' })[1]).toContain('remote.log.storage.system')
    const compacted = { 'remote.storage.enable': 'true', 'cleanup.policy': 'compact' }
    expect(refuse(compacted, {}, tiered)[1]).toContain('cleanup.policy compact')
  })

  test('CFG-12 local retention beyond the whole', () => {
    const on = { 'remote.storage.enable': 'true' }
    const tooLong = { ...on, 'retention.ms': '10', 'local.retention.ms': '11' }
    expect(refuse(tooLong, {}, tiered)[1]).toContain('local.retention.ms (11)')
    const endless = { ...on, 'retention.bytes': '10', 'local.retention.bytes': '-1' }
    expect(refuse(endless, {}, tiered)[1]).toContain('local.retention.bytes (-1)')
    const fine = { ...on, 'retention.ms': '10', 'local.retention.ms': '10' }
    validateTopicConfig(texts(fine), { broker: fileConfig(tiered) })
  })

  test('CFG-12 tiered storage cannot be turned off without dropping its data', () => {
    const before = { 'remote.storage.enable': 'true' }
    const off = { 'remote.storage.enable': 'false' }
    expect(refuse(off, before, tiered)[1]).toContain('remote.log.delete.on.disable=true')
    const dropped = { ...off, 'remote.log.delete.on.disable': 'true' }
    validateTopicConfig(texts(dropped), { broker: fileConfig(tiered), before: texts(before) })
  })
})

describe('changes at run time', () => {
  const refuse = (lines: Record<string, string>, target: 'broker' | 'cluster') =>
    refusal(() => validateBrokerUpdate(texts(lines), target))

  test('CFG-09 settings of the file stay as they are', () => {
    expect(refuse({ 'log.dirs': '/x' }, 'broker')).toEqual([
      ErrorCode.INVALID_REQUEST,
      'Cannot update these configs dynamically: log.dirs',
    ])
    expect(refuse({ 'super.users': 'User:a' }, 'broker')[0]).toBe(ErrorCode.INVALID_REQUEST)
  })

  test('CFG-10 some for one broker only, some for all', () => {
    expect(refuse({ listeners: 'PLAINTEXT://:1' }, 'cluster')[1]).toContain('name a broker')
    validateBrokerUpdate(texts({ listeners: 'PLAINTEXT://:1' }), 'broker')
    validateBrokerUpdate(texts({ 'log.cleaner.threads': '2' }), 'cluster')
  })

  test('CFG-10 keys only with the prefix of a listener', () => {
    expect(refuse({ 'ssl.keystore.location': '/k' }, 'broker')[1]).toContain('listener prefix')
    validateBrokerUpdate(texts({ 'listener.name.x.ssl.keystore.location': '/k' }), 'broker')
  })

  test('CFG-09 bad values and unknown names', () => {
    expect(refuse({ 'log.cleaner.threads': '-1' }, 'broker')[0]).toBe(ErrorCode.INVALID_REQUEST)
    expect(refuse({ 'log.cleaner.thread': '1' }, 'broker')[1]).toContain('log.cleaner.threads')
  })

  test('client metrics subscriptions', () => {
    validateClientMetricsConfig(texts({ metrics: '*', match: 'client_id=a.*' }))
    expect(refusal(() => validateClientMetricsConfig(texts({ match: 'color=red' })))[0]).toBe(40)
    expect(refusal(() => validateClientMetricsConfig(texts({ 'interval.ms': '1' })))[0]).toBe(40)
    expect(refusal(() => validateClientMetricsConfig(texts({ interval: '1' })))[1]).toContain(
      'name',
    )
  })

  test('group settings stay within the limits of the broker', () => {
    const refuseGroup = (lines: Record<string, string>) =>
      refusal(() => validateGroupConfig(texts(lines), fileConfig()))
    expect(refuseGroup({ 'consumer.session.timeout.ms': '70000' })[1]).toContain('at most')
    expect(refuseGroup({ 'share.record.lock.duration.ms': '2000' })[1]).toContain('at least')
    expect(refuseGroup({ 'share.sesion.timeout.ms': '1' })[1]).toContain('did you mean')
    validateGroupConfig(texts({ 'consumer.session.timeout.ms': '50000' }), fileConfig())
  })
})
