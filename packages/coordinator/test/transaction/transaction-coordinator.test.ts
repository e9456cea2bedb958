import { ApiError, coordinatorPartition } from '@barnabas/base'
import { createTestWorld } from '@barnabas/base/testing'
import {
  createAddOffsetsToTxnRequest,
  createAddPartitionsToTxnRequest,
  createAddPartitionsToTxnRequestAddPartitionsToTxnTopic,
  createAddPartitionsToTxnRequestAddPartitionsToTxnTransaction,
  createDescribeTransactionsRequest,
  createEndTxnRequest,
  createInitProducerIdRequest,
  createListTransactionsRequest,
  ErrorCode,
  type AddPartitionsToTxnResponse,
  type InitProducerIdRequest,
  type WriteTxnMarkersRequest,
  type WriteTxnMarkersResponse,
} from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'
import {
  defaultTransactionCoordinatorConfig,
  EMPTY_METADATA,
  TransactionCoordinator,
  type AddPartitionsChecks,
  type ProducerIdBlock,
} from '../../src/index.ts'
import { MemoryLog } from '../support/memory-log.ts'
import type { Producer, Topics } from '../support/transaction-context.ts'
import { answer } from '../support/marker-answers.ts'

const ID = 'my-transactions'
const PARTITIONS = 5
const HOME = coordinatorPartition(ID, PARTITIONS)
const ANYTHING: AddPartitionsChecks = { transaction: () => 0, partition: () => 0 }
const ALL_VISIBLE = { transaction: () => 0, topic: () => true }

class Broker {
  readonly world = createTestWorld()
  readonly log = new MemoryLog()
  readonly sent: { brokerId: number; request: WriteTxnMarkersRequest }[] = []
  answerMarkers = true
  blocks: ProducerIdBlock[] = [{ firstProducerId: 1000, count: 1000 }]
  readonly coordinator = new TransactionCoordinator({
    world: this.world,
    writer: this.log,
    config: defaultTransactionCoordinatorConfig,
    metadata: EMPTY_METADATA,
    partitionCount: () => PARTITIONS,
    requestTimeoutMs: 30_000,
    allocateProducerIds: async () => {
      const block = this.blocks.shift()
      if (block === undefined) throw new Error('the controller is not there')
      return block
    },
    markers: {
      leaderOf: (topic) => (topic === 'removed' ? undefined : 1),
      send: (brokerId, request) => this.send(brokerId, request),
    },
    compilePattern: (pattern) => {
      if (pattern === '[') throw new ApiError(ErrorCode.INVALID_REGULAR_EXPRESSION)
      return (text) => new RegExp(`^(?:${pattern})$`).test(text)
    },
  })
  private readonly held: (() => void)[] = []

  constructor() {
    this.log.onHighWatermark = (partition, offset) =>
      this.coordinator.onHighWatermark(partition, offset)
  }

  static async start(): Promise<Broker> {
    const broker = new Broker()
    for (let partition = 0; partition < PARTITIONS; partition++) {
      broker.coordinator.onElected(partition, 1)
    }
    await broker.world.settle()
    return broker
  }

  complete<T>(promise: Promise<T>): Promise<T> {
    return this.world.complete(promise)
  }

  init(fields: Partial<InitProducerIdRequest> = {}, apiVersion = 5) {
    const request = createInitProducerIdRequest({
      transactionalId: ID,
      transactionTimeoutMs: 60_000,
      ...fields,
    })
    return this.complete(this.coordinator.initProducerId(request, apiVersion))
  }

  addOld(
    { producerId, producerEpoch }: Producer,
    topics: Topics,
    apiVersion = 3,
    checks = ANYTHING,
  ) {
    const request = createAddPartitionsToTxnRequest({
      v3AndBelowTransactionalId: ID,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: topicsOfRequest(topics),
    })
    return this.complete(this.coordinator.addPartitionsToTxn(request, apiVersion, checks))
  }

  add(
    producer: Producer,
    topics: Topics,
    { verifyOnly = false, ids = [ID], checks = ANYTHING } = {},
  ): Promise<AddPartitionsToTxnResponse> {
    const { producerId, producerEpoch } = producer
    const request = createAddPartitionsToTxnRequest({
      transactions: ids.map((transactionalId) =>
        createAddPartitionsToTxnRequestAddPartitionsToTxnTransaction({
          transactionalId,
          producerId,
          producerEpoch,
          verifyOnly,
          topics: topicsOfRequest(topics),
        }),
      ),
    })
    return this.complete(this.coordinator.addPartitionsToTxn(request, 5, checks))
  }

  end({ producerId, producerEpoch }: Producer, committed: boolean, apiVersion = 5) {
    const request = createEndTxnRequest({
      transactionalId: ID,
      producerId,
      producerEpoch,
      committed,
    })
    return this.complete(this.coordinator.endTxn(request, apiVersion))
  }

  async state(): Promise<string> {
    const request = createDescribeTransactionsRequest({ transactionalIds: [ID] })
    const { transactionStates } = await this.complete(
      this.coordinator.describeTransactions(request, ALL_VISIBLE),
    )
    return transactionStates[0]!.transactionState
  }

  releaseMarkers(): void {
    for (const release of this.held.splice(0)) release()
  }

  private send(
    brokerId: number,
    request: WriteTxnMarkersRequest,
  ): Promise<WriteTxnMarkersResponse> {
    this.sent.push({ brokerId, request })
    if (this.answerMarkers) return Promise.resolve(answer(request))
    return new Promise((resolve) => this.held.push(() => resolve(answer(request))))
  }
}

function topicsOfRequest(topics: Topics) {
  return Object.entries(topics).map(([name, partitions]) =>
    createAddPartitionsToTxnRequestAddPartitionsToTxnTopic({ name, partitions }),
  )
}

/** Error codes by `topic-partition`. */
function codes({ resultsByTopicV3AndBelow, resultsByTransaction }: AddPartitionsToTxnResponse) {
  const topics = [
    ...resultsByTopicV3AndBelow,
    ...resultsByTransaction.flatMap(({ topicResults }) => topicResults),
  ]
  return Object.fromEntries(
    topics.flatMap(({ name, resultsByPartition }) =>
      resultsByPartition.map(({ partitionIndex, partitionErrorCode }) => [
        `${name}-${partitionIndex}`,
        partitionErrorCode,
      ]),
    ),
  )
}

describe('requests', () => {
  test('TXN-02 without a transactional id every request gets a fresh producer id', async () => {
    const broker = await Broker.start()
    const ids = [
      await broker.init({ transactionalId: null }),
      await broker.init({ transactionalId: null }),
    ]
    expect(ids).toMatchObject([
      { errorCode: 0, producerId: 1000, producerEpoch: 0 },
      { errorCode: 0, producerId: 1001, producerEpoch: 0 },
    ])
    const half = await broker.init({ transactionalId: null, producerId: 5 })
    expect(half).toMatchObject({ errorCode: ErrorCode.INVALID_REQUEST, producerId: -1 })
  })

  test('TXN-30 while the controller gives no ids, producers are told to come again', async () => {
    const broker = await Broker.start()
    broker.blocks = []
    for (const transactionalId of [null, ID]) {
      expect((await broker.init({ transactionalId })).errorCode).toBe(
        ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
      )
    }
    broker.blocks = [{ firstProducerId: 3, count: 10 }]
    await broker.world.advance(50)
    expect((await broker.init()).producerId).toBe(3)
  })

  test('a transaction from its begin to its end', async () => {
    const broker = await Broker.start()
    const producer = await broker.init()
    expect(codes(await broker.addOld(producer, { orders: [0, 1], removed: [0] }))).toEqual({
      'orders-0': 0,
      'orders-1': 0,
      'removed-0': 0,
    })
    expect(await broker.end(producer, true, 4)).toMatchObject({
      errorCode: 0,
      producerId: -1,
      producerEpoch: -1,
    })
    await broker.world.settle()
    expect(broker.sent).toMatchObject([
      {
        brokerId: 1,
        request: { markers: [{ producerId: 1000, producerEpoch: 0, coordinatorEpoch: 1 }] },
      },
    ])
    expect(await broker.state()).toBe('CompleteCommit')
  })

  test('TXN-15 the answer to EndTxn version 5 names the next epoch', async () => {
    const broker = await Broker.start()
    const producer = await broker.init()
    await broker.add(producer, { orders: [0] })
    expect(await broker.end(producer, false)).toMatchObject({
      errorCode: 0,
      producerId: 1000,
      producerEpoch: 1,
    })
  })

  test('TXN-12 with one bad partition none is added', async () => {
    const broker = await Broker.start()
    const producer = await broker.init()
    const checks: AddPartitionsChecks = {
      transaction: () => 0,
      partition: (topic) =>
        ({ secret: ErrorCode.TOPIC_AUTHORIZATION_FAILED, nowhere: 3 })[topic] ?? 0,
    }
    const topics = { orders: [0], secret: [1], nowhere: [2] }
    const response = await broker.addOld(producer, topics, 3, checks)
    expect(codes(response)).toEqual({ 'orders-0': 55, 'secret-1': 29, 'nowhere-2': 3 })
    expect(await broker.state()).toBe('Empty')
  })

  test('AddPartitionsToTxn version 4 and later asks about several transactions', async () => {
    const broker = await Broker.start()
    const producer = await broker.init()
    const response = await broker.add(
      producer,
      { orders: [0] },
      {
        ids: [ID, 'other', 'denied'],
        checks: {
          ...ANYTHING,
          transaction: (id) =>
            id === 'denied' ? ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED : 0,
        },
      },
    )
    const results = response.resultsByTransaction.map(({ transactionalId, topicResults }) => [
      transactionalId,
      topicResults[0]!.resultsByPartition[0]!.partitionErrorCode,
    ])
    expect(results).toEqual([
      [ID, 0],
      ['other', ErrorCode.INVALID_PRODUCER_ID_MAPPING],
      ['denied', ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED],
    ])
  })

  test('IDM-10 leaders of partitions verify that a transaction writes to them', async () => {
    const broker = await Broker.start()
    const producer = await broker.init()
    await broker.add(producer, { orders: [0] })
    const verified = await broker.add(producer, { orders: [0, 1] }, { verifyOnly: true })
    expect(codes(verified)).toEqual({ 'orders-0': 0, 'orders-1': ErrorCode.TRANSACTION_ABORTABLE })
    const zombie = { ...producer, producerEpoch: 9 }
    const refused = await broker.add(zombie, { orders: [0] }, { verifyOnly: true })
    expect(codes(refused)).toEqual({ 'orders-0': ErrorCode.PRODUCER_FENCED })
  })

  test('AddOffsetsToTxn adds the partition of the group', async () => {
    const broker = await Broker.start()
    const { producerId, producerEpoch } = await broker.init()
    const request = createAddOffsetsToTxnRequest({
      transactionalId: ID,
      producerId,
      producerEpoch,
      groupId: 'group',
    })
    const response = await broker.complete(broker.coordinator.addOffsetsToTxn(request, 4, 17))
    expect(response.errorCode).toBe(0)
    const described = await broker.complete(
      broker.coordinator.describeTransactions(
        createDescribeTransactionsRequest({ transactionalIds: [ID] }),
        ALL_VISIBLE,
      ),
    )
    expect(described.transactionStates[0]!.topics).toMatchObject([
      { topic: '__consumer_offsets', partitions: [17] },
    ])
  })

  test('TXN-06 TXN-11 old versions hear of an invalid epoch instead of a fenced producer', async () => {
    const broker = await Broker.start()
    const { producerId } = await broker.init()
    const zombie = { producerId, producerEpoch: 7 }
    const offsets = createAddOffsetsToTxnRequest({ transactionalId: ID, ...zombie, groupId: 'g' })
    const heard = async (old: boolean) => [
      (await broker.init(zombie, old ? 3 : 4)).errorCode,
      codes(await broker.addOld(zombie, { orders: [0] }, old ? 1 : 2))['orders-0'],
      (await broker.complete(broker.coordinator.addOffsetsToTxn(offsets, old ? 1 : 2, 0)))
        .errorCode,
      (await broker.end(zombie, true, old ? 1 : 2)).errorCode,
    ]
    expect(await heard(true)).toEqual([47, 47, 47, 47])
    expect(await heard(false)).toEqual([90, 90, 90, 90])
  })

  test('elsewhere is another coordinator', async () => {
    const broker = await Broker.start()
    broker.coordinator.onResigned(HOME, 1)
    expect((await broker.init()).errorCode).toBe(ErrorCode.NOT_COORDINATOR)
    const described = broker.coordinator.describeTransactions(
      createDescribeTransactionsRequest({ transactionalIds: [ID] }),
      ALL_VISIBLE,
    )
    expect((await described).transactionStates[0]!.errorCode).toBe(ErrorCode.NOT_COORDINATOR)
  })
})

describe('what administrators see', () => {
  test('TXN-27 ids and topics the client may not see are hidden', async () => {
    const broker = await Broker.start()
    await broker.add(await broker.init(), { orders: [0], secret: [0] })
    const request = createDescribeTransactionsRequest({ transactionalIds: [ID, 'none', '', 'no'] })
    const { transactionStates } = await broker.complete(
      broker.coordinator.describeTransactions(request, {
        transaction: (id) => (id === 'no' ? ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED : 0),
        topic: (topic) => topic !== 'secret',
      }),
    )
    expect(transactionStates).toMatchObject([
      { errorCode: 0, topics: [{ topic: 'orders', partitions: [0] }] },
      { errorCode: ErrorCode.TRANSACTIONAL_ID_NOT_FOUND },
      { errorCode: ErrorCode.INVALID_REQUEST },
      { errorCode: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED },
    ])
  })

  test('TXN-27 transactions are listed from all shards; unknown states are named', async () => {
    const broker = await Broker.start()
    for (const transactionalId of ['a-1', 'a-2', 'b-1']) await broker.init({ transactionalId })
    const list = async (fields: Parameters<typeof createListTransactionsRequest>[0]) => {
      const request = createListTransactionsRequest({ durationFilter: -1, ...fields })
      const { errorCode, unknownStateFilters, transactionStates } = await broker.complete(
        broker.coordinator.listTransactions(request, {
          transaction: (id) => (id === 'a-2' ? 53 : 0),
        }),
      )
      const ids = transactionStates.map(({ transactionalId }) => transactionalId).toSorted()
      return { errorCode, unknownStateFilters, ids }
    }
    const found = (...ids: string[]) => ({ errorCode: 0, unknownStateFilters: [], ids })
    expect(await list({})).toEqual(found('a-1', 'b-1'))
    expect(await list({ transactionalIdPattern: 'a.*' })).toEqual(found('a-1'))
    expect(await list({ transactionalIdPattern: 'a' })).toEqual(found())
    expect(await list({ transactionalIdPattern: '' })).toEqual(found('a-1', 'b-1'))
    expect(await list({ stateFilters: ['Empty', 'Asleep'] })).toEqual({
      ...found('a-1', 'b-1'),
      unknownStateFilters: ['Asleep'],
    })
    expect((await list({ transactionalIdPattern: '[' })).errorCode).toBe(
      ErrorCode.INVALID_REGULAR_EXPRESSION,
    )
  })

  test('nothing is listed while a shard is being loaded', async () => {
    const broker = new Broker()
    broker.coordinator.onElected(0, 1)
    const request = createListTransactionsRequest({ durationFilter: -1 })
    const listed = await broker.coordinator.listTransactions(request, ALL_VISIBLE)
    expect(listed.errorCode).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
  })
})

describe('markers', () => {
  test('TXN-14 are not written before the outcome is committed', async () => {
    const broker = await Broker.start()
    const producer = await broker.init()
    await broker.add(producer, { orders: [0] })
    broker.log.holdWatermark = true
    const { producerId, producerEpoch } = producer
    const request = createEndTxnRequest({
      transactionalId: ID,
      producerId,
      producerEpoch,
      committed: true,
    })
    const answered = broker.coordinator.endTxn(request, 5)
    await broker.world.advance(1_000)
    expect(broker.sent).toEqual([])
    broker.log.holdWatermark = false
    broker.log.commit(HOME)
    expect((await broker.complete(answered)).errorCode).toBe(0)
    expect(broker.sent.length).toBe(1)
  })

  test('TXN-20 the next coordinator writes those that are missing', async () => {
    const broker = await Broker.start()
    broker.answerMarkers = false
    const producer = await broker.init()
    await broker.add(producer, { orders: [0] })
    await broker.end(producer, true)
    await broker.world.settle()
    expect(broker.sent.length).toBe(1)
    broker.coordinator.onResigned(HOME, 2)
    broker.coordinator.onElected(HOME, 3)
    await broker.world.settle()
    broker.releaseMarkers()
    await broker.world.settle()
    expect(await broker.state()).toBe('PrepareCommit')
    expect(broker.sent.map(({ request }) => request.markers[0]!.coordinatorEpoch)).toEqual([1, 3])
    broker.releaseMarkers()
    await broker.world.settle()
    expect(await broker.state()).toBe('CompleteCommit')
  })

  test('a shard that is loaded again does not write the same markers twice', async () => {
    const broker = await Broker.start()
    broker.answerMarkers = false
    const producer = await broker.init()
    await broker.add(producer, { orders: [0, 1] })
    await broker.end(producer, true)
    await broker.world.settle()
    const old = broker.sent.length
    broker.coordinator.onElected(HOME, 2)
    await broker.world.settle()
    broker.answerMarkers = true
    broker.releaseMarkers()
    await broker.world.settle()
    expect(broker.sent.length).toBe(old + 1)
    expect(await broker.state()).toBe('CompleteCommit')
  })

  test('TXN-19 are sent again until they are written', async () => {
    const broker = await Broker.start()
    const producer = await broker.init()
    await broker.add(producer, { orders: [0] })
    broker.answerMarkers = false
    await broker.end(producer, true)
    await broker.world.advance(60_000)
    expect(broker.sent.length).toBe(1)
    expect(await broker.state()).toBe('PrepareCommit')
    broker.releaseMarkers()
    await broker.world.settle()
    expect(await broker.state()).toBe('CompleteCommit')
  })

  test('a commit whose answer got lost is found again after the shard moved', async () => {
    const broker = await Broker.start()
    const producer = await broker.init()
    await broker.add(producer, { orders: [0] })
    const first = await broker.end(producer, true)
    await broker.world.settle()
    broker.coordinator.onElected(HOME, 2)
    await broker.world.settle()
    expect(await broker.end(producer, true)).toEqual(first)
  })
})
