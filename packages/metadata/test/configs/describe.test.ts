import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  BrokerConfig,
  type ConfigEntry,
  describeBroker,
  describeClientMetrics,
  describeClusterDefault,
  describeCreatedTopic,
  describeGroup,
  describeTopic,
} from '../../src/index.ts'
import { fileConfig } from '../support/configs.ts'

type Row = [string, string | null, boolean, number, boolean, number, [string, string, number][]]

const golden = JSON.parse(
  readFileSync(new URL('../fixtures/described-configs.json', import.meta.url), 'utf8'),
) as Record<'topic' | 'broker' | 'group' | 'cluster', Row[]>

function rows(entries: ConfigEntry[], withSynonyms: boolean): Row[] {
  return entries.map((entry) => [
    entry.name,
    entry.value,
    entry.readOnly,
    entry.source,
    entry.sensitive,
    entry.type,
    withSynonyms ? entry.synonyms.map((s) => [s.name, s.value!, s.source]) : [],
  ])
}

/** The file of the broker that gave the golden answers, read back from what it said of itself. */
function goldenBroker(): BrokerConfig {
  const texts = new Map<string, string>()
  for (const [name, value, , source] of golden.broker) {
    // Hidden values: anything of the right form does.
    if (source === 4)
      texts.set(name, value ?? (name === 'allow.everyone.if.no.acl.found' ? 'true' : 'x'))
  }
  const config = BrokerConfig.parse(texts)
  return config.withDynamic(new Map([['min.insync.replicas', '1']]), new Map())
}

function entry(entries: ConfigEntry[], name: string): ConfigEntry {
  return entries.find((each) => each.name === name)!
}

describe('DescribeConfigs', () => {
  test('CFG-02 NV-25 a topic: all settings, sources and synonyms as Kafka 4.3.1 answered', () => {
    expect(rows(describeTopic(new Map(), goldenBroker()), true)).toEqual(golden.topic)
  })

  test('CFG-03 NV-25 a broker: all settings, hidden and read-only flags as Kafka 4.3.1 answered', () => {
    expect(rows(describeBroker(goldenBroker()), false)).toEqual(golden.broker)
  })

  test('CFG-01 a group as Kafka 4.3.1 answered', () => {
    const overrides = new Map([['share.auto.offset.reset', 'earliest']])
    expect(rows(describeGroup(overrides, goldenBroker()), false)).toEqual(golden.group)
  })

  test('CFG-04 the cluster default shows only what was set at run time', () => {
    const shown = describeClusterDefault(new Map([['min.insync.replicas', '1']]))
    expect(rows(shown, false)).toEqual(golden.cluster)
  })

  test('CFG-01 a client metrics subscription', () => {
    const shown = describeClientMetrics(new Map([['interval.ms', '1000']]))
    expect(shown.map((each) => [each.name, each.value, each.source])).toEqual([
      ['interval.ms', '1000', 7],
      ['match', '', 5],
      ['metrics', '', 5],
    ])
  })

  test('CFG-02 synonyms of a topic setting: topic, broker, cluster, file, default', () => {
    const broker = fileConfig({ 'log.segment.bytes': '4000000' }).withDynamic(
      new Map([['log.segment.bytes', '3000000']]),
      new Map([['log.segment.bytes', '2000000']]),
    )
    const shown = describeTopic(new Map([['segment.bytes', '5000000']]), broker)
    expect(entry(shown, 'segment.bytes')).toMatchObject({
      value: '5000000',
      source: 1,
      synonyms: [
        { name: 'segment.bytes', value: '5000000', source: 1 },
        { name: 'log.segment.bytes', value: '2000000', source: 2 },
        { name: 'log.segment.bytes', value: '3000000', source: 3 },
        { name: 'log.segment.bytes', value: '4000000', source: 4 },
        { name: 'log.segment.bytes', value: '1073741824', source: 5 },
      ],
    })
  })

  test('CFG-02 a broker setting shows its weaker units behind it', () => {
    const broker = fileConfig({ 'log.retention.ms': '1000', 'log.retention.hours': '5' })
    expect(entry(describeBroker(broker), 'log.retention.ms').synonyms).toEqual([
      { name: 'log.retention.ms', value: '1000', source: 4 },
      { name: 'log.retention.hours', value: '5', source: 4 },
      { name: 'log.retention.hours', value: '168', source: 5 },
    ])
  })

  test('CFG-03 a secret of a listener is hidden under its own name', () => {
    const name = 'listener.name.external.ssl.key.password'
    const shown = entry(describeBroker(fileConfig({ [name]: 'secret' })), name)
    expect(shown).toMatchObject({ value: null, sensitive: true, type: 9, readOnly: true })
    expect(JSON.stringify(shown)).not.toContain('secret')
  })

  test('CFG-05 only the names asked for, unknown ones silently absent', () => {
    const shown = describeTopic(new Map(), fileConfig(), ['retention.ms', 'no.such.name'])
    expect(shown.map((each) => each.name)).toEqual(['retention.ms'])
  })

  test('TOP-11 a created topic names the file as source also of another unit', () => {
    const broker = fileConfig({ 'log.retention.hours': '2' })
    const shown = describeCreatedTopic(new Map([['segment.ms', '5']]), broker)
    expect(shown.map((each) => each.name)).toEqual(shown.map((each) => each.name).sort())
    expect(shown.find((each) => each.name === 'retention.ms')).toEqual({
      name: 'retention.ms',
      value: '7200000',
      source: 4,
    })
    expect(shown.find((each) => each.name === 'segment.ms')!.source).toBe(1)
    expect(shown.some((each) => each.name === 'internal.segment.bytes')).toBe(false)
  })
})
