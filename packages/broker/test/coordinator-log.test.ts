import { createTestWorld } from '@barnabas/base/testing'
import type { AppendBatch, LoadedBatch } from '@barnabas/coordinator'
import { ClusterDelta, ResourceType } from '@barnabas/metadata'
import { ErrorCode } from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'
import { CoordinatorLog } from '../src/coordinators/coordinator-log.ts'
import { coordinatorChange, coordinatorMetadata } from '../src/coordinators/coordinator-metadata.ts'
import { TestCluster, testTopicId } from './support/test-cluster.ts'
import { TestPartitions } from './support/test-partitions.ts'

const TOPIC = '__consumer_offsets'

function setUp(requiresVerification = false) {
  const cluster = new TestCluster().addTopic(TOPIC, { leaderEpoch: 2 })
  const partitions = new TestPartitions(createTestWorld(), cluster)
  const [partition] = partitions.open(TOPIC, { maxMessageBytes: 4000 })
  const log = new CoordinatorLog({
    topic: TOPIC,
    find: (index) => (index === 0 ? partition! : null),
    requiresVerification: () => requiresVerification,
  })
  const load = async () => {
    const batches: LoadedBatch[] = []
    for await (const batch of log.load(0, 2)) batches.push(batch)
    return batches.map(({ records, ...batch }) => ({
      ...batch,
      records: [...records].map(({ key, value, offset }) => [
        offset,
        Buffer.from(key).toString(),
        value === null ? null : Buffer.from(value).toString(),
      ]),
    }))
  }
  return { log, partition: partition!, load }
}

function batch(records: [string, string | null][], fields: Partial<AppendBatch> = {}): AppendBatch {
  return {
    records: records.map(([key, value]) => ({
      key: Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
    })),
    timestampMs: 1_767_225_600_000,
    producer: null,
    marker: null,
    ...fields,
  }
}

const PRODUCER = { producerId: 7, producerEpoch: 1 }

describe('the log of a coordinator', () => {
  test('gives back what was appended, with transactions and their ends', async () => {
    const { log, load } = setUp()
    expect(
      log.append(
        0,
        2,
        batch([
          ['a', '1'],
          ['b', null],
        ]),
      ),
    ).toBe(2)
    expect(log.append(0, 2, batch([['c', '2']], { producer: PRODUCER }))).toBe(3)
    const marker = { outcome: 'abort', coordinatorEpoch: 4 } as const
    expect(log.append(0, 2, batch([], { producer: PRODUCER, marker }))).toBe(4)
    expect(log.endOffset(0)).toBe(4)
    expect(log.highWatermark(0)).toBe(4)
    expect(await load()).toMatchObject([
      {
        baseOffset: 0,
        nextOffset: 2,
        producerId: -1,
        marker: null,
        records: [
          [0, 'a', '1'],
          [1, 'b', null],
        ],
      },
      { baseOffset: 2, nextOffset: 3, producerId: 7, producerEpoch: 1, records: [[2, 'c', '2']] },
      { baseOffset: 3, nextOffset: 4, producerId: 7, marker: 'abort', records: [] },
    ])
  })

  test('begins where the log begins, also within a batch', async () => {
    const { log, partition, load } = setUp()
    log.append(
      0,
      2,
      batch([
        ['a', '1'],
        ['b', '2'],
      ]),
    )
    log.append(0, 2, batch([['c', '3']]))
    partition.deleteRecords(1)
    expect((await load()).map(({ records }) => records)).toEqual([[[1, 'b', '2']], [[2, 'c', '3']]])
  })

  test('is not there for another epoch, and not when another leads', async () => {
    const { log, load, partition } = setUp()
    expect(() => log.append(0, 1, batch([['a', '1']]))).toThrow(
      expect.objectContaining({ errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER }),
    )
    expect(() => log.append(1, 2, batch([['a', '1']]))).toThrow()
    partition.resign()
    expect(() => log.append(0, 2, batch([['a', '1']]))).toThrow()
    await expect(load()).rejects.toThrow()
    expect([log.endOffset(1), log.highWatermark(1)]).toEqual([0, 0])
  })

  test('refuses a batch that is too large with its error', () => {
    const { log } = setUp()
    expect(log.batchSizeMaxBytes(0)).toBe(4000)
    expect(() => log.append(0, 2, batch([['a', 'x'.repeat(5000)]]))).toThrow(
      expect.objectContaining({ errorCode: ErrorCode.MESSAGE_TOO_LARGE }),
    )
  })

  test('IDM-09 transactional records need a guard where verification is required', () => {
    const { log, partition } = setUp(true)
    const records = batch([['c', '2']], { producer: PRODUCER })
    expect(() => log.append(0, 2, records)).toThrow(
      expect.objectContaining({ errorCode: ErrorCode.INVALID_TXN_STATE }),
    )
    const verificationGuard = partition.log.startVerification(7, -1, 1, false)
    const producer = { ...PRODUCER, verificationGuard }
    expect(log.append(0, 2, batch([['c', '2']], { producer }))).toBe(1)
  })
})

describe('the cluster as coordinators see it', () => {
  test('topics by name and id, racks of their replicas, settings of groups', () => {
    const cluster = new TestCluster()
      .addBroker(1, { rack: 'a' })
      .addBroker(2, { rack: 'b' })
      .addBroker(3)
      .addTopic('t', { replicas: [1, 2, 3] }, { replicas: [3] })
      .setConfig(ResourceType.GROUP, 'g', { 'consumer.session.timeout.ms': '50000' })
    const view = coordinatorMetadata(cluster.image())
    const topic = view.topic('t')!
    expect([topic.name, topic.id, topic.partitionCount]).toEqual(['t', testTopicId('t'), 2])
    expect(topic.racks(0)).toEqual(['a', 'b'])
    expect(topic.racks(1)).toEqual([])
    expect(view.topicById(topic.id)!.name).toBe('t')
    expect(view.topic('missing')).toBeUndefined()
    expect([...view.topicNames()]).toEqual(['t'])
    expect(view.groupConfig('g')!.get('consumer.session.timeout.ms')).toBe('50000')
    expect(view.groupConfig('other')).toBeUndefined()
  })

  test('a change names the topics and groups that it concerns', () => {
    const cluster = new TestCluster().addBroker(1, { rack: 'a' }).addBroker(2)
    cluster.addTopic('same').addTopic('grows').addTopic('moves').addTopic('goes')
    cluster.addTopic('follows', { replicas: [2] })
    const before = cluster.image()
    const { byId, byName } = before.topics
    const id = testTopicId('goes')
    cluster.current = {
      ...before,
      topics: { ...before.topics, byId: byId.delete(id), byName: byName.delete('goes') },
    }
    cluster
      .addTopic('grows', {}, {})
      .addTopic('moves', { replicas: [2] })
      .addTopic('fresh')
    cluster.addTopic('same', { leaderEpoch: 9 })
    cluster.setConfig(ResourceType.GROUP, 'g', { 'consumer.session.timeout.ms': '50000' })
    cluster.addBroker(2, { rack: 'b' })
    const change = coordinatorChange(new ClusterDelta(before, cluster.image()))
    expect([...change.changedTopics].sort()).toEqual(['follows', 'fresh', 'goes', 'grows', 'moves'])
    expect(change.deletedTopics).toEqual([{ id, name: 'goes' }])
    expect([...change.changedGroups]).toEqual(['g'])
  })
})
