/** The fixture is what Apache Kafka 4.3.1 itself wrote into `__transaction_state`. */
import { readFileSync } from 'node:fs'
import { Timeline } from '@barnabas/base'
import { TransactionLogValue, Writer } from '@barnabas/protocol'
import { expect, test } from 'vitest'
import {
  createTransactionRecordCodec,
  defaultTransactionCoordinatorConfig,
  TransactionShard,
  type TransactionRecord,
} from '../../src/index.ts'
import {
  fromTransactionLogValue,
  toTransactionLogValue,
} from '../../src/transaction/transaction.ts'
import { TransactionContext, topicsOf, type Producer } from '../support/transaction-context.ts'

interface Stored {
  partition: number
  key: string
  value: string
}

const stored = JSON.parse(
  readFileSync(new URL('../fixtures/transaction-state-records.json', import.meta.url), 'utf8'),
) as Stored[]

const codec = createTransactionRecordCodec(() => 2)

function decode({ key, value }: Stored): TransactionRecord {
  return codec.decode(Buffer.from(key, 'hex'), Buffer.from(value, 'hex'))!
}

/** Does what brought the record about in Kafka. */
function repeat(t: TransactionContext, { key, value }: TransactionRecord): void {
  const { transactionalId } = key
  const known = t.shard.transactions.get(transactionalId)
  const { transactionStatus, transactionTimeoutMs, transactionPartitions } = value!
  t.nowMs = value!.transactionLastUpdateTimestampMs
  const producer = known as Producer | undefined
  switch (transactionStatus) {
    case 0:
      t.nextProducerId = value!.producerId
      t.init({ transactionalId, transactionTimeoutMs })
      break
    case 1: {
      const topics = transactionPartitions!.map(({ topic, partitionIds }) => [topic, partitionIds])
      t.add(producer!, Object.fromEntries(topics), 2, transactionalId)
      break
    }
    case 2:
    case 3:
      t.end(producer!, transactionStatus === 2 ? 'commit' : 'abort', 2, transactionalId)
      break
    default:
      t.writeMarkers()
  }
}

test("TXN-25 the same requests at the same times give Kafka's records, byte for byte", () => {
  for (const partition of [0, 1, 2]) {
    const t = new TransactionContext()
    for (const row of stored) {
      if (row.partition !== partition) continue
      repeat(t, decode(row))
      expect(t.records.map(bytes)).toEqual([bytes(decode(row))])
    }
    t.checkLaws()
  }
})

/** The bytes, with the topics in an order of their own: in Kafka it is that of a hash table. */
function bytes({ type, key, value }: TransactionRecord): unknown {
  const transactionPartitions = value!.transactionPartitions?.toSorted((one, other) =>
    one.topic < other.topic ? -1 : 1,
  )
  const sorted = { ...value!, transactionPartitions: transactionPartitions ?? null }
  const encoded = codec.encode({ type, key, value: sorted })
  return [encoded.key, encoded.value!].map((part) => Buffer.from(part).toString('hex'))
}

test('TXN-20 a shard finds the transactions Kafka left behind', () => {
  const shard = new TransactionShard(new Timeline(), defaultTransactionCoordinatorConfig)
  for (const row of stored) {
    shard.replay(decode(row), { offset: 0, producerId: -1, producerEpoch: -1, timestampMs: 0 })
  }
  const found = [...shard.transactions.entries()].map(([id, transaction]) => {
    const { state, producerId, producerEpoch, timeoutMs, partitions } = transaction
    return { id, state, producerId, producerEpoch, timeoutMs, partitions: topicsOf(partitions) }
  })
  const done = { timeoutMs: 60_000, partitions: {} }
  expect(found).toEqual([
    { id: 'tx-1', state: 'CompleteCommit', producerId: 7, producerEpoch: 8, ...done },
    { id: 'tx-2', state: 'CompleteAbort', producerId: 9, producerEpoch: 2, ...done },
    {
      id: 'tx-open',
      state: 'Ongoing',
      producerId: 1002,
      producerEpoch: 0,
      timeoutMs: 900_000,
      partitions: { txn: [0] },
    },
    { id: 'tx-3', state: 'CompleteAbort', producerId: 2001, producerEpoch: 1, ...done },
  ])
  expect(shard.transactions.openIds()).toEqual(['tx-open'])
})

test('TXN-25 version 0 leaves out what it has no room for', () => {
  const t = new TransactionContext({ config: { transactionVersion: () => 0 } })
  const producer = t.init()
  t.add(producer, { orders: [3] }, 0)
  const { value } = createTransactionRecordCodec(() => 0).encode(t.records[0]!)
  expect(Buffer.from(value!).readInt16BE(0)).toBe(0)
  expect(codec.decode(Buffer.from('0000000474782d31', 'hex'), value)!.value).toMatchObject({
    producerId: 1000,
    previousProducerId: -1,
    clientTransactionVersion: 0,
  })
  t.checkLaws()
})

test('TXN-25 with version 0 the id before a rotation is known while the shard is loaded', () => {
  const t = new TransactionContext({ config: { transactionVersion: () => 0 } })
  t.restore({ producerEpoch: 32_766 })
  const fresh = t.init({ producerId: 7, producerEpoch: 32_766 })
  expect(t.init({ producerId: 7, producerEpoch: 32_766 })).toEqual(fresh)
  t.checkLaws()
})

test('a value of a version to come, and a state that is never stored, are skipped', () => {
  const key = Buffer.from('0000000474782d31', 'hex')
  expect(codec.decode(key, Buffer.from('0002ff', 'hex'))).toBeNull()
  expect(codec.decode(key, Buffer.alloc(0))).toBeNull()
  expect(codec.decode(Buffer.from('000900', 'hex'), null)).toBeNull()
  const value = decode(stored[0]!).value!
  expect(fromTransactionLogValue({ ...value, transactionStatus: 6 })).toBeNull()
  expect(fromTransactionLogValue({ ...value, transactionStatus: 99 })).toBeNull()
})

test('a value read and written again is the same', () => {
  for (const row of stored) {
    const value = toTransactionLogValue(fromTransactionLogValue(decode(row).value!)!, 1)
    const writer = new Writer()
    writer.int16(1)
    TransactionLogValue.write(writer, value, 1)
    expect(writer.finishBuffer().toString('hex')).toBe(row.value)
  }
})
