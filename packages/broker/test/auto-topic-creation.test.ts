import { createTestWorld } from '@barnabas/base/testing'
import { configsOf, ResourceType } from '@barnabas/metadata'
import { ErrorCode } from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { AutoTopicCreation } from '../src/cluster/auto-topic-creation.ts'
import { TestCluster } from './support/test-cluster.ts'
import { testBrokerConfig, TestController } from './support/test-controller.ts'

function setUp(settings: Record<string, string> = {}) {
  const world = createTestWorld()
  const config = testBrokerConfig({
    'num.partitions': '3',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    ...settings,
  })
  const cluster = new TestCluster().addBroker(1)
  const controller = new TestController(cluster, config)
  const creation = new AutoTopicCreation({ controller, log: world.log, brokerConfig: () => config })
  const topic = (name: string) => cluster.image().topics.byName.get(name)
  const configs = (name: string) =>
    Object.fromEntries(configsOf(cluster.image(), ResourceType.TOPIC, name))
  return { world, controller, creation, topic, configs }
}

test('MET-03 topics are made in the background with the defaults of the broker', async () => {
  const { world, creation, topic, configs } = setUp()
  creation.create(['a', 'b'])
  await world.settle()
  expect(topic('a')!.partitions).toHaveLength(3)
  expect(topic('b')!.partitions[0]!.replicas).toEqual([1])
  expect(configs('a')).toEqual({})
})

test('MET-03 each name is asked for once at a time', async () => {
  const { world, controller, creation } = setUp()
  creation.create(['a'])
  creation.create(['a'])
  expect(controller.ran).toHaveLength(1)
  await world.settle()
  creation.create(['a'])
  expect(controller.ran).toHaveLength(2)
  await world.settle()
  expect(world.log.find('cannot be made')).toEqual([])
})

test('the topics of coordinators have settings of their own', async () => {
  const { world, creation, topic, configs } = setUp({
    'offsets.topic.num.partitions': '7',
    'transaction.state.log.num.partitions': '5',
    'share.coordinator.state.topic.num.partitions': '4',
  })
  creation.create(['__consumer_offsets', '__transaction_state', '__share_group_state'])
  await world.settle()
  expect(topic('__consumer_offsets')!.partitions).toHaveLength(7)
  expect(topic('__transaction_state')!.partitions).toHaveLength(5)
  expect(topic('__share_group_state')!.partitions).toHaveLength(4)
  expect(configs('__consumer_offsets')).toEqual({
    'cleanup.policy': 'compact',
    'compression.type': 'producer',
    'segment.bytes': '104857600',
  })
  expect(configs('__transaction_state')).toMatchObject({
    'cleanup.policy': 'compact',
    'compression.type': 'uncompressed',
    'unclean.leader.election.enable': 'false',
  })
  expect(configs('__share_group_state')).toMatchObject({
    'cleanup.policy': 'delete',
    'retention.ms': '-1',
  })
})

test('what cannot be made is logged, and asked for again the next time', async () => {
  const { world, controller, creation, topic } = setUp({ 'default.replication.factor': '3' })
  creation.create(['a'])
  await world.settle()
  expect(topic('a')).toBeUndefined()
  expect(world.log.find('a topic that was asked for cannot be made', 'warn')).toHaveLength(1)
  controller.failure = ErrorCode.NOT_CONTROLLER
  creation.create(['a'])
  await world.settle()
  expect(world.log.find('topics that were asked for cannot be made', 'warn')).toHaveLength(1)
  expect(controller.ran).toHaveLength(2)
})
