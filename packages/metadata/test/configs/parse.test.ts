import { describe, expect, test } from 'vitest'
import {
  type ConfigDefinition,
  type ConfigTable,
  javaDoubleText,
  nearestName,
  parseConfig,
  parseDefault,
  BROKER_CONFIGS,
  CLIENT_METRICS_CONFIGS,
  GROUP_CONFIGS,
  TOPIC_CONFIGS,
} from '../../src/index.ts'

function parseTopic(name: keyof typeof TOPIC_CONFIGS, text: string) {
  const definition: ConfigDefinition = TOPIC_CONFIGS[name]
  return parseConfig(name, definition, text)
}

describe('parsing of values', () => {
  test('every default is a value of its type and keeps its rule', () => {
    const tables: ConfigTable[] = [
      TOPIC_CONFIGS,
      BROKER_CONFIGS,
      GROUP_CONFIGS,
      CLIENT_METRICS_CONFIGS,
    ]
    for (const table of tables) {
      for (const [name, definition] of Object.entries(table)) {
        const parsed = parseDefault(name, definition)
        expect(parsed.text).toBe(definition.defaultText)
        expect(parseConfig(name, definition, definition.defaultText)).toEqual(parsed)
      }
    }
  })

  test('numbers are read in the forms of Java and shown anew', () => {
    expect(parseTopic('retention.ms', ' 00600 ')).toEqual({ value: 600, text: '600' })
    expect(parseTopic('segment.bytes', '+2097152')).toEqual({ value: 2097152, text: '2097152' })
    expect(parseTopic('min.cleanable.dirty.ratio', '1')).toEqual({ value: 1, text: '1.0' })
    expect(parseTopic('min.cleanable.dirty.ratio', '5e-1d')).toEqual({ value: 0.5, text: '0.5' })
  })

  test('the largest long keeps its text though a number cannot hold it', () => {
    const parsed = parseTopic('flush.messages', '9223372036854775807')
    expect(parsed.text).toBe('9223372036854775807')
    expect(parsed.value).toBe(2 ** 63)
    expect(() => parseTopic('flush.messages', '9223372036854775808')).toThrow(
      'Not a number of type LONG',
    )
  })

  test('texts that are no value of the type are refused with name and reason', () => {
    const wrong = () => parseTopic('retention.ms', 'not a number')
    expect(wrong).toThrow(
      'Invalid value not a number for configuration retention.ms: Not a number of type LONG',
    )
    expect(() => parseTopic('preallocate', 'yes')).toThrow('Expected true or false')
    expect(() => parseTopic('segment.bytes', '2147483648')).toThrow('Not a number of type INT')
    expect(() => parseTopic('min.cleanable.dirty.ratio', 'NaN')).toThrow('DOUBLE')
  })

  test('ranges, choices and lists are checked', () => {
    expect(() => parseTopic('retention.ms', '-2')).toThrow('at least -1')
    expect(() => parseTopic('compression.gzip.level', '0')).toThrow(
      'between 1 and 9 or equal to -1',
    )
    expect(parseTopic('compression.gzip.level', '-1').value).toBe(-1)
    expect(() => parseTopic('compression.type', 'brotli')).toThrow('must be one of')
    expect(() => parseTopic('cleanup.policy', 'compact,compact')).toThrow('more than once')
    expect(() => parseTopic('cleanup.policy', 'compact,')).toThrow('empty elements')
    expect(() => parseTopic('cleanup.policy', 'shred')).toThrow("'shred' must be one of")
    expect(parseTopic('cleanup.policy', '').value).toEqual([])
    expect(parseTopic('cleanup.policy', ' compact , delete').text).toBe('compact,delete')
  })

  test('throttled replicas are pairs or a star', () => {
    const name = 'leader.replication.throttled.replicas'
    expect(parseTopic(name, '0:1,1:2').value).toEqual(['0:1', '1:2'])
    expect(parseTopic(name, '*').value).toEqual(['*'])
    expect(() => parseTopic(name, '0:1:2')).toThrow('partitionId:brokerId')
    expect(() => parseTopic(name, '*,0:1')).toThrow('partitionId:brokerId')
  })

  test('share groups begin at an end or a duration back', () => {
    const definition = GROUP_CONFIGS['share.auto.offset.reset']
    for (const text of ['latest', 'earliest', 'by_duration:PT1H', 'by_duration:P2DT3.5S']) {
      expect(parseConfig('share.auto.offset.reset', definition, text).value).toBe(text)
    }
    for (const text of ['none', 'by_duration:', 'by_duration:P', 'by_duration:PT-1H']) {
      expect(() => parseConfig('share.auto.offset.reset', definition, text)).toThrow('by_duration')
    }
  })

  test('a refused password is not shown', () => {
    const definition = {
      ...BROKER_CONFIGS['ssl.key.password'],
      rule: { text: '', problem: () => 'No' },
    }
    expect(() => parseConfig('ssl.key.password', definition, 'secret')).toThrow('[hidden]')
  })

  test('doubles are shown as Java shows them', () => {
    const shown = [0.5, 1, 0.001, 0.00099, 9999999, 1e7, 1.5e10, -2, Number.MAX_VALUE, 0]
    expect(shown.map(javaDoubleText)).toEqual([
      '0.5',
      '1.0',
      '0.001',
      '9.9E-4',
      '9999999.0',
      '1.0E7',
      '1.5E10',
      '-2.0',
      '1.7976931348623157E308',
      '0.0',
    ])
  })

  test('a mistyped name finds the one that was meant', () => {
    const known = Object.keys(TOPIC_CONFIGS)
    expect(nearestName('retention.msec', known)).toBe('retention.ms')
    expect(nearestName('cleanup.polcy', known)).toBe('cleanup.policy')
    expect(nearestName('retetnion.bytes', known)).toBe('retention.bytes')
    expect(nearestName('something.else.entirely', known)).toBe(null)
  })
})
