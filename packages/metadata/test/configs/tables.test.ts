import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  BROKER_CONFIGS,
  type ConfigDefinition,
  type ConfigTable,
  GROUP_CONFIGS,
  TOPIC_CONFIGS,
} from '../../src/index.ts'

type Fact = [string, string, boolean, unknown, string | null, string, boolean, unknown]

const facts = JSON.parse(
  readFileSync(new URL('../fixtures/config-facts.json', import.meta.url), 'utf8'),
) as Record<'topic' | 'group' | 'broker', Fact[]>

function defaultText(value: unknown): string | null {
  if (value === null) return null
  return Array.isArray(value) ? value.join(',') : String(value)
}

/** The same columns as a fact, taken from our own definition. */
function columns(name: string, definition: ConfigDefinition): unknown[] {
  return [
    name,
    definition.type.toUpperCase(),
    !definition.required,
    definition.defaultText,
    definition.rule?.text ?? null,
    definition.importance.toUpperCase(),
    definition.internal,
  ]
}

function expected(fact: Fact): unknown[] {
  return [...fact.slice(0, 3), defaultText(fact[3]), ...fact.slice(4)]
}

function ours(table: ConfigTable, name: string, last: (d: ConfigDefinition) => unknown): unknown[] {
  const definition = table[name]!
  return [...columns(name, definition), last(definition)]
}

const rowIds = JSON.parse(
  readFileSync(new URL('../fixtures/config-rows.json', import.meta.url), 'utf8'),
) as Record<string, string>

const rowOf = (name: string, kind: string) => rowIds[`${kind} ${name}`] ?? kind

describe('config tables', () => {
  test('hold every setting of Kafka 4.3.1 and no other', () => {
    const names = (rows: Fact[]) => rows.map((fact) => fact[0]).sort()
    expect(Object.keys(TOPIC_CONFIGS).sort()).toEqual(names(facts.topic))
    expect(Object.keys(GROUP_CONFIGS).sort()).toEqual(names(facts.group))
    expect(Object.keys(BROKER_CONFIGS).sort()).toEqual(names(facts.broker))
  })

  // Type, default, rule, importance and source or scope of each, as Kafka's own classes give them.
  for (const fact of facts.topic) {
    test(`${rowOf(fact[0], 'topic')} ${fact[0]}`, () => {
      expect(ours(TOPIC_CONFIGS, fact[0], (d) => d.brokerNames)).toEqual(expected(fact))
    })
  }

  for (const fact of facts.broker) {
    test(`${rowOf(fact[0], 'broker')} ${fact[0]}`, () => {
      expect(ours(BROKER_CONFIGS, fact[0], (d) => d.scope)).toEqual(expected(fact))
    })
  }

  for (const fact of facts.group) {
    test(`group ${fact[0]}`, () => {
      expect(ours(GROUP_CONFIGS, fact[0], (d) => d.brokerNames)).toEqual(expected(fact))
    })
  }

  test('every broker setting that a topic or group inherits from exists', () => {
    for (const table of [TOPIC_CONFIGS, GROUP_CONFIGS] as ConfigTable[]) {
      for (const definition of Object.values(table)) {
        for (const name of definition.brokerNames) expect(BROKER_CONFIGS).toHaveProperty([name])
      }
    }
  })
})
