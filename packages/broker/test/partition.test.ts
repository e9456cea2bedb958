import { createTestWorld } from '@barnabas/base/testing'
import type { PartitionImage } from '@barnabas/metadata'
import {
  BatchView,
  endTransactionMarkerBatch,
  ErrorCode,
  joinRecords,
  readBatches,
  ZERO_UUID,
} from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { FetchTarget } from '../src/fetch/fetch-target.ts'
import type { PartitionReading, ReadOptions } from '../src/fetch/readable-partition.ts'
import type { Partition } from '../src/partition/partition.ts'
import { TestCluster } from './support/test-cluster.ts'
import { batchOf, TestPartitions } from './support/test-partitions.ts'

function setUp(image: Partial<PartitionImage> = {}) {
  const cluster = new TestCluster().addTopic('a', { leaderEpoch: 3, ...image })
  const partitions = new TestPartitions(createTestWorld(), cluster)
  const [partition] = partitions.open('a')
  const state = cluster.image().topics.byName.get('a')!.partitions[0]!
  return { partition: partition!, partitions, state }
}

function append(partition: Partition, values: string[], options = {}): void {
  const result = partition.append(new BatchView(batchOf(values, options), 0), {
    acks: 1,
    origin: 'client',
  })
  expect(result).toMatchObject({ accepted: true })
}

function read(
  partition: Partition,
  target: Partial<FetchTarget>,
  options: Partial<ReadOptions> = {},
): PartitionReading {
  const asked = Object.assign(new FetchTarget('a', ZERO_UUID, 0), { maxBytes: 1000, ...target })
  const reading = partition.read(asked, {
    isolation: 'uncommitted',
    maxBytes: 1000,
    minOneBatch: true,
    ...options,
  })
  if (reading instanceof Promise) throw new Error('read later')
  return reading
}

test('FET-07 offsets outside of the log are out of range, and nothing else is told', () => {
  const { partition } = setUp()
  append(partition, ['x', 'y', 'z'])
  partition.deleteRecords(2)
  for (const fetchOffset of [0, 1, 4]) {
    expect(read(partition, { fetchOffset }).data).toMatchObject({
      errorCode: ErrorCode.OFFSET_OUT_OF_RANGE,
      highWatermark: -1,
      lastStableOffset: -1,
      logStartOffset: -1,
    })
  }
  expect(read(partition, { fetchOffset: 2 }).data.errorCode).toBe(0)
})

test('FET-08 between the high watermark and the end of the log there is nothing, and no error', () => {
  const { partition } = setUp({ replicas: [1, 2] })
  append(partition, ['x', 'y'])
  for (const fetchOffset of [0, 1, 2]) {
    const { data, sizeBytes, endOffset } = read(partition, { fetchOffset })
    expect(data).toMatchObject({ errorCode: 0, highWatermark: 0, logStartOffset: 0 })
    expect([sizeBytes, endOffset]).toEqual([0, fetchOffset])
  }
  expect(read(partition, {}, { isolation: 'log-end' }).endOffset).toBe(2)
})

test('FET-09 a read begins with the whole batch that holds the offset', () => {
  const { partition } = setUp()
  append(partition, ['a', 'b'])
  append(partition, ['c', 'd'])
  const { data } = read(partition, { fetchOffset: 3 })
  const { batches } = readBatches(joinRecords(data.records!) as Buffer)
  expect(batches.map(({ baseOffset }) => baseOffset)).toEqual([2])
})

test('FET-11 FET-12 who wants committed records reads to the last stable offset, and learns what was aborted', () => {
  const { partition } = setUp()
  const producer = { producerId: 7, producerEpoch: 0, isTransactional: true }
  append(partition, ['x', 'y'], { ...producer, baseSequence: 0 })
  append(partition, ['plain'])
  const committed = () => read(partition, {}, { isolation: 'committed' })
  expect(committed()).toMatchObject({ sizeBytes: 0, data: { abortedTransactions: [] } })
  expect(read(partition, {}).endOffset).toBe(3)
  expect(read(partition, {}).data.abortedTransactions).toBeNull()
  const marker = endTransactionMarkerBatch({
    producerId: 7,
    producerEpoch: 0,
    commit: false,
    coordinatorEpoch: 0,
    timestampMs: 0,
  })
  void partition.append(marker, { acks: -1, origin: 'coordinator' })
  expect(committed()).toMatchObject({
    endOffset: 4,
    data: {
      lastStableOffset: 4,
      abortedTransactions: [{ producerId: 7, firstOffset: 0 }],
    },
  })
})

test('FET-15 another leader epoch than the present one', () => {
  const { partition } = setUp()
  append(partition, ['x'])
  const code = (currentLeaderEpoch: number) =>
    read(partition, { currentLeaderEpoch }).data.errorCode
  expect(code(-1)).toBe(0)
  expect(code(3)).toBe(0)
  expect(code(2)).toBe(ErrorCode.FENCED_LEADER_EPOCH)
  expect(code(4)).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH)
})

test('FET-16 a reader whose last batch is of another history is told where it parted', () => {
  const { partition, state } = setUp()
  append(partition, ['x', 'y'])
  partition.apply({ ...state, leaderEpoch: 5 })
  append(partition, ['z'])
  const diverging = (lastFetchedEpoch: number, fetchOffset: number) => {
    const { data, sizeBytes } = read(partition, { lastFetchedEpoch, fetchOffset })
    return [data.errorCode, data.divergingEpoch.epoch, data.divergingEpoch.endOffset, sizeBytes > 0]
  }
  expect(diverging(3, 2)).toEqual([0, -1, -1, true])
  expect(diverging(3, 3)).toEqual([0, 3, 2, false])
  expect(diverging(4, 2)).toEqual([0, 3, 2, false])
  expect(diverging(5, 3)).toEqual([0, -1, -1, false])
  expect(diverging(9, 3)[0]).toBe(ErrorCode.OFFSET_OUT_OF_RANGE)
})

test('a partition that does not lead takes and gives nothing', () => {
  const { partition, state } = setUp()
  append(partition, ['x'])
  partition.apply({ ...state, leader: 2, leaderEpoch: 4 })
  expect(partition.isLeader).toBe(false)
  expect(read(partition, {}).data.errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER)
  const refused = partition.append(new BatchView(batchOf(['y']), 0), { acks: 1, origin: 'client' })
  expect(refused).toMatchObject({ errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER })
  expect(partition.bytesBehind(1, 'uncommitted')).toBe(Number.POSITIVE_INFINITY)
  partition.apply({ ...state, leader: 1, leaderEpoch: 5 })
  append(partition, ['y'])
  expect(partition.log.logEndOffset).toBe(2)
  expect(partition.commitResult(2, 4)).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER)
  expect(partition.commitResult(2, 5)).toBe(0)
})

test('NV-09 the high watermark does not move while too few replicas are in sync', () => {
  const { partition, partitions, state } = setUp({ replicas: [1, 2], isr: [1] })
  partitions.minInsyncReplicas = 2
  append(partition, ['x'])
  expect(partition.log.highWatermark).toBe(0)
  partitions.minInsyncReplicas = 1
  partition.apply({ ...state, partitionEpoch: 1 })
  expect(partition.log.highWatermark).toBe(1)
})

test('how much is readable behind an offset follows the appends', () => {
  const { partition } = setUp()
  expect(partition.bytesBehind(0, 'uncommitted')).toBe(0)
  append(partition, ['x'])
  const size = batchOf(['x']).length
  append(partition, ['x'])
  expect(partition.bytesBehind(0, 'uncommitted')).toBe(2 * size)
  expect(partition.bytesBehind(1, 'uncommitted')).toBe(size)
  expect(partition.bytesBehind(2, 'committed')).toBe(0)
  expect(partition.bytesBehind(3, 'uncommitted')).toBe(Number.POSITIVE_INFINITY)
  partition.deleteRecords(2)
  expect(partition.bytesBehind(1, 'uncommitted')).toBe(Number.POSITIVE_INFINITY)
})
