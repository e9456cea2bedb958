import { InvariantError } from '@barnabas/base'
import { describe, expect, test } from 'vitest'
import {
  ClusterDelta,
  type ClusterImage,
  decodeMetadataRecord,
  EMPTY_IMAGE,
  ImageBuilder,
  ImageLoader,
  imageRecords,
  type MetadataRecord,
  metadataRecord,
  partitionOf,
} from '../../src/index.ts'

const T1 = 'AAAAAAAAAAAAAAAAAAABAQ'
const T2 = 'AAAAAAAAAAAAAAAAAAABAg'
const AT = { offset: 10, epoch: 1, timestampMs: 5 }

const topic = (name: string, topicId: string) => metadataRecord('TopicRecord', 0, { name, topicId })
const partition = (topicId: string, partitionId: number, replicas = [1, 2, 3]) =>
  metadataRecord('PartitionRecord', 2, {
    topicId,
    partitionId,
    replicas,
    isr: replicas,
    leader: replicas[0]!,
    leaderEpoch: 0,
    partitionEpoch: 0,
    directories: replicas.map(() => T1),
  })
const change = (topicId: string, partitionId: number, fields: object) =>
  metadataRecord('PartitionChangeRecord', 2, { topicId, partitionId, ...fields })

function after(image: ClusterImage, ...records: MetadataRecord[]): ClusterImage {
  const builder = new ImageBuilder(image)
  for (const record of records) builder.replay(record)
  return builder.build(AT)
}

const LEVEL_30 = metadataRecord('FeatureLevelRecord', 0, {
  name: 'metadata.version',
  featureLevel: 30,
})
const ORDERS = after(EMPTY_IMAGE, LEVEL_30, topic('orders', T1), partition(T1, 0), partition(T1, 1))

describe('replay of partitions', () => {
  test('a new leader raises the leader epoch, any change the partition epoch', () => {
    const first = after(ORDERS, change(T1, 0, { leader: 2, isr: [2, 3] }))
    expect(partitionOf(first, 'orders', 0)).toMatchObject({
      leader: 2,
      isr: [2, 3],
      leaderEpoch: 1,
      partitionEpoch: 1,
    })
    const second = after(first, change(T1, 0, { isr: [2, 3, 1] }))
    expect(partitionOf(second, 'orders', 0)).toMatchObject({ leaderEpoch: 1, partitionEpoch: 2 })
  })

  test('the same leader named again gets a new epoch', () => {
    const image = after(ORDERS, change(T1, 0, { leader: 1 }))
    expect(partitionOf(image, 'orders', 0)).toMatchObject({ leader: 1, leaderEpoch: 1 })
  })

  test('the image before stays as it was and shares what did not change', () => {
    const both = after(ORDERS, topic('other', T2), partition(T2, 0))
    const changed = after(both, change(T1, 0, { leader: 2 }))
    expect(partitionOf(both, 'orders', 0)!.leader).toBe(1)
    expect(changed.topics.byName.get('other')).toBe(both.topics.byName.get('other'))
    expect(partitionOf(changed, 'orders', 1)).toBe(partitionOf(both, 'orders', 1))
  })

  test('a topic made again under its name is another topic, its settings are gone', () => {
    const config = metadataRecord('ConfigRecord', 0, {
      resourceType: 2,
      resourceName: 'orders',
      name: 'retention.ms',
      value: '1',
    })
    const before = after(ORDERS, config)
    expect(before.configs.size).toBe(1)
    const gone = metadataRecord('RemoveTopicRecord', 0, { topicId: T1 })
    const image = after(before, gone, topic('orders', T2), partition(T2, 0))
    expect(image.topics.byName.get('orders')!.id).toBe(T2)
    expect(image.topics.byId.get(T1)).toBe(undefined)
    expect(image.configs.size).toBe(0)
  })

  test('records that do not fit what stands are refused', () => {
    const wrong: MetadataRecord[] = [
      topic('orders', T2),
      partition(T1, 0),
      partition(T2, 0),
      change(T1, 9, {}),
      metadataRecord('RemoveTopicRecord', 0, { topicId: T2 }),
      metadataRecord('FenceBrokerRecord', 0, { id: 1, epoch: 0 }),
    ]
    for (const record of wrong) expect(() => after(ORDERS, record)).toThrow(InvariantError)
    expect(() => after(ORDERS, partition(T1, 3))).toThrow('lacks partition 2')
  })

  test('ClearElr empties the eligible replicas of one topic or of all', () => {
    const elr = { eligibleLeaderReplicas: [2], lastKnownElr: [3] }
    const before = after(ORDERS, change(T1, 0, elr))
    for (const topicName of ['orders', '']) {
      const image = after(before, metadataRecord('ClearElrRecord', 0, { topicName }))
      expect(partitionOf(image, 'orders', 0)).toMatchObject({
        eligibleLeaderReplicas: [],
        lastKnownElr: [],
        partitionEpoch: 2,
      })
      expect(partitionOf(image, 'orders', 1)!.partitionEpoch).toBe(0)
    }
  })
})

describe('replay of brokers', () => {
  const register = metadataRecord('RegisterBrokerRecord', 4, {
    brokerId: 1,
    brokerEpoch: 7,
    incarnationId: T1,
    fenced: true,
    logDirs: [T1],
  })
  const registered = after(EMPTY_IMAGE, register)
  const changed = (fields: object) =>
    after(
      registered,
      metadataRecord('BrokerRegistrationChangeRecord', 3, {
        brokerId: 1,
        brokerEpoch: 7,
        ...fields,
      }),
    ).brokers.get(1)!

  test('each part of a registration changes by itself', () => {
    expect(changed({ fenced: -1 })).toMatchObject({ fenced: false, inControlledShutdown: false })
    expect(changed({ inControlledShutdown: 1 })).toMatchObject({ inControlledShutdown: true })
    expect(changed({ logDirs: [T2] })).toMatchObject({ fenced: true, logDirs: [T2] })
    expect(changed({ cordonedLogDirs: [T1] })).toMatchObject({ cordonedLogDirs: [T1] })
    expect(changed({})).toEqual(registered.brokers.get(1))
  })

  test('a broker that unregistered is gone', () => {
    const gone = metadataRecord('UnregisterBrokerRecord', 0, { brokerId: 1, brokerEpoch: 7 })
    expect(after(registered, gone).brokers.size).toBe(0)
  })
})

describe('metadata transactions', () => {
  const begin = metadataRecord('BeginTransactionRecord', 0, { name: 'test' })
  const end = metadataRecord('EndTransactionRecord', 0, {})
  const abort = metadataRecord('AbortTransactionRecord', 0, {})

  test('nothing shows before the end', () => {
    const loader = new ImageLoader(ORDERS)
    loader.loadBatch([begin, topic('other', T2)], AT)
    expect(loader.isInTransaction).toBe(true)
    expect(loader.image.topics.byName.has('other')).toBe(false)
    loader.loadBatch([partition(T2, 0), end], { ...AT, offset: 20 })
    expect(loader.image.topics.byName.get('other')!.partitions).toHaveLength(1)
    expect(loader.image.provenance.offset).toBe(20)
  })

  test('an aborted one leaves no trace', () => {
    const loader = new ImageLoader(ORDERS)
    loader.loadBatch([begin, topic('other', T2)], AT)
    loader.loadBatch([abort, topic('third', T2)], AT)
    expect([...loader.image.topics.byName.keys()].sort()).toEqual(['orders', 'third'])
  })

  test('a whole one within a batch, between other records', () => {
    const loader = new ImageLoader(EMPTY_IMAGE)
    const records = [topic('a', T1), begin, topic('b', T2), end]
    loader.loadBatch(records, AT)
    expect(loader.image.topics.byName.size).toBe(2)
  })
})

describe('ClusterDelta', () => {
  test('lists what is new, changed and gone', () => {
    const before = after(ORDERS, topic('other', T2), partition(T2, 0))
    const image = after(
      before,
      metadataRecord('RemoveTopicRecord', 0, { topicId: T2 }),
      change(T1, 1, { leader: 3 }),
      topic('third', 'AAAAAAAAAAAAAAAAAAABAw'),
      partition('AAAAAAAAAAAAAAAAAAABAw', 0),
    )
    const delta = new ClusterDelta(before, image)
    expect([...delta.createdTopics()].map((each) => each.name)).toEqual(['third'])
    expect([...delta.deletedTopics()].map((each) => each.name)).toEqual(['other'])
    const changed = [...delta.changedPartitions()]
    expect(changed.map((each) => [each.topicName, each.partition, each.before === null])).toEqual(
      expect.arrayContaining([
        ['orders', 1, false],
        ['third', 0, true],
      ]),
    )
    expect(changed).toHaveLength(2)
  })

  test('finds nothing new in a snapshot of the same state', () => {
    const loader = new ImageLoader()
    loader.loadSnapshot(imageRecords(ORDERS), AT)
    const delta = new ClusterDelta(ORDERS, loader.image)
    expect([...delta.changedPartitions(), ...delta.createdTopics()]).toEqual([])
    expect([...delta.changedBrokers(), ...delta.changedConfigs()]).toEqual([])
  })
})

describe('bytes that are no metadata record', () => {
  test.each([
    ['another frame', [2, 2, 0]],
    ['an unknown type', [1, 99, 0]],
    ['a version to come', [1, 2, 9]],
    ['nothing', []],
    ['a cut record', [1, 2, 0, 5]],
  ])('%s', (_name, bytes) => {
    expect(() => decodeMetadataRecord(Uint8Array.from(bytes))).toThrow()
  })
})
