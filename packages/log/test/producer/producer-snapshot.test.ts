import { expect, test } from 'vitest'
import {
  formatProducerSnapshot,
  parseProducerSnapshot,
} from '../../src/producer/producer-snapshot.ts'
import { allKafkaFiles } from '../support/kafka-data.ts'

test("FIL-06 reads and writes Kafka's producer snapshots", () => {
  let producers = 0
  for (const [path, content] of allKafkaFiles()) {
    if (!path.endsWith('.snapshot')) continue
    const entries = parseProducerSnapshot(path, content)
    expect(formatProducerSnapshot(entries), path).toEqual(content)
    producers += entries.length
  }
  expect(producers).toBeGreaterThan(20)
})

test('REC-02 a snapshot that is not whole is found out', () => {
  const entry = {
    producerId: 9,
    epoch: 2,
    lastSequence: -1,
    lastOffset: -1,
    offsetDelta: 0,
    timestamp: 1795407615365,
    coordinatorEpoch: 0,
    currentTransactionFirstOffset: -1,
  }
  const bytes = formatProducerSnapshot([entry])
  expect(parseProducerSnapshot('f', bytes)).toEqual([entry])
  for (let cut = 0; cut < bytes.length; cut++) {
    expect(() => parseProducerSnapshot('f', bytes.subarray(0, cut))).toThrow('f: ')
  }
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes)
    damaged[at]! ^= 0x10
    expect(() => parseProducerSnapshot('f', damaged)).toThrow('f: ')
  }
})
