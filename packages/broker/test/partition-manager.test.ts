import { createTestWorld, type TestWorld } from '@barnabas/base/testing'
import { DEFAULT_LOG_CONFIG, LogManager } from '@barnabas/log'
import {
  BrokerConfig,
  type ClusterImage,
  type PartitionImage,
  ResourceType,
} from '@barnabas/metadata'
import { BatchView, ErrorCode } from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { Partition } from '../src/partition/partition.ts'
import { PartitionManager } from '../src/partition/partition-manager.ts'
import { logConfigOf, topicConfigOf } from '../src/settings/log-settings.ts'
import { TestCluster, testTopicId } from './support/test-cluster.ts'
import { batchOf } from './support/test-partitions.ts'

const CONFIG = BrokerConfig.parse(
  new Map([
    ['node.id', '1'],
    ['process.roles', 'broker,controller'],
    ['controller.listener.names', 'CONTROLLER'],
  ]),
)

async function setUp(world: TestWorld = createTestWorld()) {
  const events: string[] = []
  const cluster = new TestCluster().addBroker(1)
  const logs = await LogManager.open({
    directories: ['/data'],
    identity: { clusterId: 'test-cluster', nodeId: 1 },
    world,
    configOf: (topic) => logConfigOf(topicConfigOf(cluster.image(), topic, CONFIG), CONFIG),
  })
  const nameOf = ({ topic, index }: Partition) => `${topic}-${index}`
  const manager = new PartitionManager({
    nodeId: 1,
    logs,
    log: world.log,
    minInsyncReplicas: () => 1,
    observer: {
      onProgress: () => {},
      onLeading: (partition) => events.push(`lead ${nameOf(partition)} ${partition.leaderEpoch}`),
      onResigned: (partition) => events.push(`resign ${nameOf(partition)}`),
    },
  })
  const apply = (image: ClusterImage = cluster.image()) => manager.apply(image)
  const find = (topic: string, index = 0) => manager.find(testTopicId(topic), index)
  const partition = (topic: string, index = 0) => find(topic, index) as Partition
  const directories = async () => {
    const names = await world.files.list('/data')
    return names.filter((name) => /-\d+(\.|$)|-delete$|-stray$/.test(name)).sort()
  }
  return { world, cluster, logs, manager, apply, find, partition, events, directories }
}

function changed(cluster: TestCluster, topic: string, fields: Partial<PartitionImage>): void {
  const [before] = cluster.image().topics.byName.get(topic)!.partitions
  cluster.addTopic(topic, { ...before, ...fields })
}

test('partitions assigned here are opened and lead; others are not', async () => {
  const { cluster, apply, find, partition, events, directories } = await setUp()
  cluster.addTopic('a', { leaderEpoch: 2 }, { replicas: [2] })
  await apply()
  expect(partition('a')).toBeInstanceOf(Partition)
  expect(partition('a').isLeader).toBe(true)
  expect(find('a', 1)).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER)
  expect(find('a', 2)).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  expect(find('b')).toBe(ErrorCode.UNKNOWN_TOPIC_ID)
  expect(events).toEqual(['lead a-0 2'])
  expect(await directories()).toEqual(['a-0'])
})

test('a partition leads again in a new epoch, and stands by while another leads', async () => {
  const { cluster, apply, partition, events } = await setUp()
  cluster.addTopic('a', { replicas: [1, 2], leaderEpoch: 1 })
  await apply()
  const first = partition('a')
  changed(cluster, 'a', { leader: 2, leaderEpoch: 2 })
  await apply()
  expect(first.isLeader).toBe(false)
  changed(cluster, 'a', { leader: 1, leaderEpoch: 3 })
  await apply()
  changed(cluster, 'a', { isr: [1], partitionEpoch: 9 })
  await apply()
  expect(partition('a')).toBe(first)
  expect(events).toEqual(['lead a-0 1', 'resign a-0', 'lead a-0 3'])
})

test('DEL-04 the directory of a deleted topic is renamed at once; a new topic of the name is another', async () => {
  const { cluster, apply, find, partition, events, directories } = await setUp()
  cluster.addTopic('a')
  await apply()
  const old = partition('a')
  void old.append(new BatchView(batchOf(['x']), 0), { acks: 1, origin: 'client' })
  const { byId, byName } = cluster.current.topics
  const id = testTopicId('a')
  const again = { id: testTopicId('other'), name: 'a', partitions: byId.get(id)!.partitions }
  cluster.current = {
    ...cluster.current,
    topics: {
      ...cluster.current.topics,
      byId: byId.delete(id).set(again.id, again),
      byName: byName.set('a', again),
    },
  }
  await apply()
  expect(old.isLeader).toBe(false)
  expect(find('a')).toBe(ErrorCode.UNKNOWN_TOPIC_ID)
  expect(partition('other').log.logEndOffset).toBe(0)
  expect(events).toEqual(['lead a-0 0', 'resign a-0', 'lead a-0 0'])
  const names = await directories()
  expect(names).toHaveLength(2)
  expect(names[0]).toBe('a-0')
  expect(names[1]).toMatch(/^a-0\.[0-9a-f]{32}-delete$/)
})

test('a replica that is moved away goes with its log', async () => {
  const { cluster, apply, find, events, directories } = await setUp()
  cluster.addTopic('a')
  await apply()
  changed(cluster, 'a', { replicas: [2], isr: [2], leader: 2, leaderEpoch: 1 })
  await apply()
  expect(find('a')).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER)
  expect(events).toEqual(['lead a-0 0', 'resign a-0'])
  expect((await directories())[0]).toMatch(/-delete$/)
})

test('after a restart records are there again, and what the cluster does not know is put aside', async () => {
  const before = await setUp()
  before.cluster.addTopic('a').addTopic('gone').addTopic('moved').addTopic('made-again')
  await before.apply()
  const { world } = before
  const append = (topic: string) =>
    before.partition(topic).append(new BatchView(batchOf(['x', 'y']), 0), {
      acks: -1,
      origin: 'client',
    })
  await Promise.all(['a', 'gone', 'moved', 'made-again'].map(append))
  await before.manager.close()
  await before.logs.close(1)
  const after = await setUp(world.restart())
  after.cluster.addTopic('a').addTopic('moved', { replicas: [2] })
  const id = testTopicId('x')
  const topic = { id, name: 'made-again', partitions: [{ ...image(after.cluster) }] }
  const { topics } = after.cluster.current
  after.cluster.current = {
    ...after.cluster.current,
    topics: {
      ...topics,
      byId: topics.byId.set(id, topic),
      byName: topics.byName.set('made-again', topic),
    },
  }
  await after.apply()
  expect(after.partition('a').log.logEndOffset).toBe(2)
  expect(after.partition('a').log.highWatermark).toBe(2)
  expect((after.manager.find(id, 0) as Partition).log.logEndOffset).toBe(0)
  const names = (await after.directories()).map((name) => name.replace(/\.[0-9a-f]{32}/, '.x'))
  expect(names.sort()).toEqual([
    'a-0',
    'gone-0.x-stray',
    'made-again-0',
    'made-again-0.x-stray',
    'moved-0.x-stray',
  ])
})

const image = (cluster: TestCluster) => cluster.image().topics.byName.get('a')!.partitions[0]!

test('PRD-32 a partition whose log cannot be opened is a storage error, the others are well', async () => {
  const { cluster, apply, find, partition, logs, world } = await setUp()
  const create = logs.getOrCreate.bind(logs)
  logs.getOrCreate = (topic, ...rest) =>
    topic === 'bad' ? Promise.reject(new Error('EIO')) : create(topic, ...rest)
  cluster.addTopic('bad').addTopic('good')
  await apply()
  expect(find('bad')).toBe(ErrorCode.KAFKA_STORAGE_ERROR)
  expect(partition('good').isLeader).toBe(true)
  expect(world.log.find('cannot be opened', 'error')).toHaveLength(1)
})

test('changed settings reach the logs', async () => {
  const { cluster, apply, partition } = await setUp()
  cluster.addTopic('a')
  await apply()
  expect(partition('a').log.config.retentionMs).toBe(DEFAULT_LOG_CONFIG.retentionMs)
  cluster.setConfig(ResourceType.TOPIC, 'a', {
    'retention.ms': '1000',
    'cleanup.policy': 'compact,delete',
    'compression.type': 'zstd',
    'compression.zstd.level': '7',
  })
  await apply()
  expect(partition('a').log.config).toMatchObject({
    retentionMs: 1000,
    cleanup: { compact: true, delete: true },
    compression: 'zstd',
    compressionLevel: 7,
  })
})

test('changes are applied in order, and closing ends all leadership', async () => {
  const { cluster, apply, manager, events } = await setUp()
  cluster.addTopic('a')
  const one = apply()
  cluster.addTopic('b')
  const two = apply()
  await Promise.all([one, two])
  expect(events).toEqual(['lead a-0 0', 'lead b-0 0'])
  await manager.close()
  expect(events.slice(2).sort()).toEqual(['resign a-0', 'resign b-0'])
  expect([...manager.partitions()]).toEqual([])
})
