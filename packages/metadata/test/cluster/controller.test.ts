import { ApiError } from '@barnabas/base'
import { createTestWorld, type TestWorld } from '@barnabas/base/testing'
import {
  AllocateProducerIdsRequest,
  BrokerHeartbeatRequest,
  CreateTopicsRequest,
  createCreateTopicsRequestCreatableTopic,
  ErrorCode,
} from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'
import {
  allocateProducerIds,
  bootstrapRecords,
  brokerHeartbeat,
  ClusterMetadata,
  Controller,
  createTopics,
  MemoryMetadataQuorum,
  metadataLevel,
  metadataRecord,
  registerBroker,
} from '../../src/index.ts'
import { fileConfig } from '../support/configs.ts'
import { CLUSTER_ID, registration } from '../support/controller.ts'

interface Node {
  metadata: ClusterMetadata
  controller: Controller
}

async function node(
  world: TestWorld,
  quorum: MemoryMetadataQuorum,
  nodeId: number,
  file: Record<string, string> = {},
): Promise<Node> {
  const metadata = new ClusterMetadata({ log: quorum.join(nodeId), logger: world.log })
  const controller = new Controller({
    world,
    metadata,
    nodeId,
    clusterId: CLUSTER_ID,
    config: fileConfig({ 'node.id': String(nodeId), ...file }),
    bootstrap: bootstrapRecords(),
  })
  await metadata.open()
  await world.settle()
  return { metadata, controller }
}

async function single(file: Record<string, string> = {}) {
  const world = createTestWorld(1)
  const quorum = new MemoryMetadataQuorum({ nowMs: () => world.clock.nowMs() })
  return { world, quorum, ...(await node(world, quorum, 1, file)) }
}

const topicRequest = (name: string) =>
  CreateTopicsRequest.create({
    topics: [
      createCreateTopicsRequestCreatableTopic({ name, numPartitions: 1, replicationFactor: 1 }),
    ],
  })

async function start(world: TestWorld, { controller, metadata }: Node, brokerId: number) {
  const { brokerEpoch } = await world.complete(
    controller.run('register', (context) => registerBroker(context, registration(brokerId))),
  )
  const beat = () =>
    controller.run('heartbeat', (context) =>
      brokerHeartbeat(
        context,
        BrokerHeartbeatRequest.create({
          brokerId,
          brokerEpoch,
          currentMetadataOffset: metadata.loadedOffset,
        }),
      ),
    )
  await world.complete(beat())
  return { brokerEpoch, beat }
}

describe('the controller', () => {
  test('begins a new cluster with its features, as one transaction', async () => {
    const { metadata, quorum } = await single()
    expect(metadataLevel(metadata.image)).toBe(30)
    expect(Object.fromEntries(metadata.image.features)).toMatchObject({
      'group.version': 1,
      'transaction.version': 2,
      'eligible.leader.replicas.version': 1,
    })
    expect(metadata.image.configs.get('4:')!.get('min.insync.replicas')).toBe('1')
    const [batch] = quorum.batches
    expect(batch!.records[0]!.type).toBe('BeginTransactionRecord')
    expect(batch!.records.at(-1)!.type).toBe('EndTransactionRecord')
  })

  test('CTL-01 answers when the records are committed and published', async () => {
    const { world, metadata, controller } = await single()
    await start(world, { metadata, controller }, 1)
    const seen: string[] = []
    await metadata.addPublisher({
      name: 'test',
      async onChange(delta) {
        await Promise.resolve()
        for (const topic of delta.createdTopics()) seen.push(topic.name)
      },
    })
    const request = topicRequest('orders')
    const answer = controller.run('create', (context) => createTopics(context, request))
    expect(metadata.image.topics.byName.has('orders')).toBe(false)
    const [result] = (await world.complete(answer)).topics
    expect(result!.errorCode).toBe(ErrorCode.NONE)
    expect(seen).toEqual(['orders'])
    expect(metadata.image.topics.byName.has('orders')).toBe(true)
  })

  test('CTL-01 decides each operation on the state after those before it', async () => {
    const { world, metadata, controller } = await single()
    await start(world, { metadata, controller }, 1)
    const create = () =>
      controller.run('create', (context) => createTopics(context, topicRequest('orders')))
    const answers = await world.complete(Promise.all([create(), create()]))
    expect(answers.map((each) => each.topics[0]!.errorCode)).toEqual([
      ErrorCode.NONE,
      ErrorCode.TOPIC_ALREADY_EXISTS,
    ])
  })

  test('hands out each producer id once', async () => {
    const { world, metadata, controller } = await single()
    const { brokerEpoch } = await start(world, { metadata, controller }, 1)
    const request = AllocateProducerIdsRequest.create({ brokerId: 1, brokerEpoch })
    const allocate = () =>
      controller.run('allocate', (context) => allocateProducerIds(context, request))
    const blocks = await world.complete(Promise.all([allocate(), allocate()]))
    expect(blocks.map((each) => [each.producerIdStart, each.producerIdLen])).toEqual([
      [0, 1000],
      [1000, 1000],
    ])
  })

  test('an error that the decision foresees is the answer', async () => {
    const { world, controller } = await single()
    const request = AllocateProducerIdsRequest.create({ brokerId: 9, brokerEpoch: 1 })
    const answer = controller.run('allocate', (context) => allocateProducerIds(context, request))
    await expect(world.complete(answer)).rejects.toMatchObject({
      errorCode: ErrorCode.STALE_BROKER_EPOCH,
    })
  })

  test('a decision that does not fit the state is refused and leaves no trace', async () => {
    const { world, quorum, controller } = await single()
    const before = quorum.endOffset
    const wrong = controller.run('wrong', () => ({
      records: [metadataRecord('RemoveTopicRecord', 0, { topicId: 'AAAAAAAAAAAAAAAAAAAABQ' })],
      response: null,
    }))
    await expect(world.complete(wrong)).rejects.toThrow('no topic')
    expect(quorum.endOffset).toBe(before)
    expect(controller.isActive).toBe(true)
  })

  test('CTL-04 fences a broker that is silent for 9 s, and not one that speaks', async () => {
    const { world, metadata, controller } = await single()
    const one = await start(world, { metadata, controller }, 1)
    await start(world, { metadata, controller }, 2)
    for (let second = 0; second < 8; second += 2) {
      await world.advance(2000)
      await world.complete(one.beat())
    }
    await world.advance(999)
    expect(metadata.image.brokers.get(2)!.fenced).toBe(false)
    await world.advance(1)
    await world.settle()
    expect(metadata.image.brokers.get(2)!.fenced).toBe(true)
    expect(metadata.image.brokers.get(1)!.fenced).toBe(false)
  })

  test('a closed controller answers nobody', async () => {
    const { controller } = await single()
    controller.close()
    await expect(
      controller.run('create', (context) => createTopics(context, topicRequest('a'))),
    ).rejects.toMatchObject({ errorCode: ErrorCode.NOT_CONTROLLER })
  })
})

describe('change of the controller', () => {
  async function pair() {
    const world = createTestWorld(2)
    const quorum = new MemoryMetadataQuorum({ nowMs: () => world.clock.nowMs() })
    const one = await node(world, quorum, 1)
    const two = await node(world, quorum, 2)
    return { world, quorum, one, two }
  }

  test('only one is active, and the next goes on where the last one was', async () => {
    const { world, quorum, one, two } = await pair()
    expect([one.controller.isActive, two.controller.isActive]).toEqual([true, false])
    await start(world, one, 1)
    quorum.elect(2)
    await world.settle()
    expect([one.controller.isActive, two.controller.isActive]).toEqual([false, true])
    const answer = two.controller.run('create', (context) =>
      createTopics(context, topicRequest('a')),
    )
    expect((await world.complete(answer)).topics[0]!.errorCode).toBe(ErrorCode.NONE)
    expect(one.metadata.image).toEqual(two.metadata.image)
  })

  test('what a deposed controller decided never happened, and its askers are sent away', async () => {
    const { world, quorum, one, two } = await pair()
    await start(world, one, 1)
    quorum.isolate(1)
    const lost = one.controller.run('create', (context) =>
      createTopics(context, topicRequest('lost')),
    )
    const outcome = expect(lost).rejects.toBeInstanceOf(ApiError)
    quorum.elect(2)
    await world.settle()
    const answer = two.controller.run('create', (context) =>
      createTopics(context, topicRequest('kept')),
    )
    await world.complete(answer)
    quorum.reconnect(1)
    await world.settle()
    await outcome
    expect(one.controller.isActive).toBe(false)
    expect([...one.metadata.image.topics.byName.keys()]).toEqual(['kept'])
  })

  test('a transaction that its controller did not end is taken back', async () => {
    const { world, quorum, one, two } = await pair()
    const begin = metadataRecord('BeginTransactionRecord', 0, { name: 'half' })
    const half = metadataRecord('TopicRecord', 0, {
      name: 'half',
      topicId: 'AAAAAAAAAAAAAAAAAAAABQ',
    })
    const { epoch } = one.metadata.leadership
    await world.complete(one.metadata.log.append([begin, half], epoch))
    quorum.elect(2)
    await world.settle()
    expect(two.metadata.isInTransaction).toBe(false)
    expect(two.metadata.image.topics.byName.size).toBe(0)
    expect(quorum.batches.at(-1)!.records[0]!.type).toBe('AbortTransactionRecord')
  })

  test('brokers get a whole session with a new controller', async () => {
    const { world, quorum, one, two } = await pair()
    await start(world, one, 1)
    await world.advance(8000)
    quorum.elect(2)
    await world.settle()
    await world.advance(8000)
    expect(two.metadata.image.brokers.get(1)!.fenced).toBe(false)
    await world.advance(1000)
    await world.settle()
    expect(two.metadata.image.brokers.get(1)!.fenced).toBe(true)
  })
})

describe('publishing', () => {
  test('a publisher that fails does not keep the others from being told', async () => {
    const { world, metadata, controller } = await single()
    const told: string[] = []
    await metadata.addPublisher({
      name: 'broken',
      onChange() {
        throw new Error('broken')
      },
    })
    await metadata.addPublisher({ name: 'fine', onChange: () => void told.push('fine') })
    await start(world, { metadata, controller }, 1)
    expect(told.length).toBeGreaterThan(1)
    expect(world.log.lines.some((line) => line.message.includes('broken'))).toBe(true)
  })

  test('snapshots are written when they are due, and a node starts from one', async () => {
    const world = createTestWorld(3)
    const quorum = new MemoryMetadataQuorum({ recordsPerSnapshot: 20 })
    const one = await node(world, quorum, 1)
    await start(world, one, 1)
    for (let n = 0; n < 10; n++) {
      const answer = one.controller.run('create', (context) =>
        createTopics(context, topicRequest(`t${n}`)),
      )
      await world.complete(answer)
    }
    await world.settle()
    expect(quorum.snapshot).not.toBe(null)
    const two = await node(world, quorum, 2)
    expect(two.metadata.image).toEqual(one.metadata.image)
  })
})
