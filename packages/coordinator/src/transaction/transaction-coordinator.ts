/**
 * The transaction coordinator of a broker: finds the shard of a transactional id, runs the operation a
 * request stands for, and answers as the request's version wants it. Who may do what is checked before.
 */
import { ApiError, coordinatorPartition, type World } from '@barnabas/base'
import {
  createAddOffsetsToTxnResponse,
  createDescribeTransactionsResponse,
  createDescribeTransactionsResponseTransactionState,
  createEndTxnResponse,
  createInitProducerIdResponse,
  createListTransactionsResponse,
  ErrorCode,
  type AddOffsetsToTxnRequest,
  type AddOffsetsToTxnResponse,
  type AddPartitionsToTxnRequest,
  type AddPartitionsToTxnResponse,
  type DescribeTransactionsRequest,
  type DescribeTransactionsResponse,
  type DescribeTransactionsResponseTransactionState,
  type EndTxnRequest,
  type EndTxnResponse,
  type InitProducerIdRequest,
  type InitProducerIdResponse,
  type ListTransactionsRequest,
  type ListTransactionsResponse,
} from '@barnabas/protocol'
import { CoordinatorRuntime } from '../runtime/coordinator-runtime.ts'
import type { MetadataChange, MetadataView } from '../runtime/metadata-view.ts'
import { OutcomeBuilder } from '../runtime/outcome.ts'
import type { PartitionWriter } from '../runtime/partition-writer.ts'
import type { PartitionsOfProducer } from './add-partitions.ts'
import {
  badPartitions,
  partitionsToAdd,
  type AddPartitionsChecks,
  type PartitionsToAdd,
} from './add-partitions-request.ts'
import type { InitProducerIdResult } from './init-producer-id.ts'
import { MarkerSender, type MarkerSenderOptions } from './marker-sender.ts'
import { ProducerIds, type ProducerIdBlock } from './producer-ids.ts'
import {
  addPartitionsResponse,
  allPartitions,
  errorCodeFor,
  type TransactionResult,
} from './responses.ts'
import { NO_PRODUCER_EPOCH, NO_PRODUCER_ID } from './transaction.ts'
import type { TransactionCoordinatorConfig } from './transaction-config.ts'
import type { TransactionKinds } from './transaction-kinds.ts'
import { createTransactionRecordCodec } from './transaction-records.ts'
import { TransactionShard } from './transaction-shard.ts'
import { TRANSACTION_STATE_NAMES } from './transaction-state.ts'
import { TransactionTasks } from './transaction-tasks.ts'

export interface TransactionCoordinatorOptions {
  readonly world: Pick<World, 'clock' | 'timers' | 'entropy' | 'log'>
  readonly writer: PartitionWriter
  readonly config: TransactionCoordinatorConfig
  readonly metadata: MetadataView
  /** Partitions of `__transaction_state`. */
  partitionCount(): number
  /** How long an answer may wait for its record to be committed. */
  readonly requestTimeoutMs: number
  /** AllocateProducerIds at the controller. */
  allocateProducerIds(): Promise<ProducerIdBlock>
  /** WriteTxnMarkers at other brokers, and here. */
  readonly markers: Pick<MarkerSenderOptions, 'leaderOf' | 'send'>
  /** A transactional id as a whole must match; throws `ApiError` when the pattern is none. */
  compilePattern(pattern: string): (text: string) => boolean
  readonly onBug?: 'throw' | 'reload'
}

/** What a client may see; 0 lets it through. */
export interface TransactionVisibility {
  transaction(transactionalId: string): number
  topic(topic: string): boolean
}

export class TransactionCoordinator {
  readonly runtime: CoordinatorRuntime<TransactionShard, TransactionKinds>
  private readonly options: TransactionCoordinatorOptions
  private readonly producerIds: ProducerIds
  private readonly markers: MarkerSender

  constructor(options: TransactionCoordinatorOptions) {
    const { world, writer, metadata, config } = options
    this.options = options
    this.producerIds = new ProducerIds({ world, allocate: () => options.allocateProducerIds() })
    const { leaderOf, send } = options.markers
    this.markers = new MarkerSender({ world, leaderOf, send })
    const tasks = new TransactionTasks({
      timers: world.timers,
      producerIds: this.producerIds,
      markers: this.markers,
      committed: (partition) => this.runtime.write(partition, 'wait for commit', nothing),
    })
    this.runtime = new CoordinatorRuntime<TransactionShard, TransactionKinds>({
      name: 'transaction-coordinator',
      world,
      writer,
      codec: createTransactionRecordCodec(() => config.transactionVersion()),
      metadata,
      createShard: (_partition, timeline) => new TransactionShard(timeline, config),
      runTask: (partition, epoch, task) => tasks.run(partition, epoch, task),
      ...(options.onBug === undefined ? {} : { onBug: options.onBug }),
    })
  }

  partitionFor(transactionalId: string): number {
    return coordinatorPartition(transactionalId, this.options.partitionCount())
  }

  // ---- requests

  async initProducerId(
    request: InitProducerIdRequest,
    apiVersion: number,
  ): Promise<InitProducerIdResponse> {
    try {
      const { errorCode, ...producer } = await this.init(request)
      return createInitProducerIdResponse({ ...producer, errorCode })
    } catch (error) {
      const errorCode = errorCodeFor(codeOf(error), 'initProducerId', apiVersion)
      return createInitProducerIdResponse({ errorCode })
    }
  }

  async addPartitionsToTxn(
    request: AddPartitionsToTxnRequest,
    apiVersion: number,
    checks: AddPartitionsChecks,
  ): Promise<AddPartitionsToTxnResponse> {
    const transactions = partitionsToAdd(request, apiVersion)
    const results = transactions.map((transaction) => this.add(transaction, apiVersion, checks))
    return addPartitionsResponse(await Promise.all(results), apiVersion)
  }

  /** `offsetsPartition` is the partition of `__consumer_offsets` that the group belongs to. */
  async addOffsetsToTxn(
    request: AddOffsetsToTxnRequest,
    apiVersion: number,
    offsetsPartition: number,
  ): Promise<AddOffsetsToTxnResponse> {
    const { transactionalId, producerId, producerEpoch } = request
    const partitions = new Map([['__consumer_offsets', new Set([offsetsPartition])]])
    try {
      await this.addPartitions({ transactionalId, producerId, producerEpoch, partitions }, 0)
      return createAddOffsetsToTxnResponse()
    } catch (error) {
      const errorCode = errorCodeFor(codeOf(error), 'addOffsetsToTxn', apiVersion)
      return createAddOffsetsToTxnResponse({ errorCode })
    }
  }

  async endTxn(request: EndTxnRequest, apiVersion: number): Promise<EndTxnResponse> {
    const { transactionalId, producerId, producerEpoch, committed } = request
    const clientTransactionVersion = apiVersion >= 5 ? 2 : 0
    const identity = { transactionalId, producerId, producerEpoch }
    const end = { ...identity, committed, clientTransactionVersion }
    try {
      const producer = await this.runtime.write(
        this.partitionFor(transactionalId),
        'EndTxn',
        (shard, context) => shard.endTransaction(end, context),
        { timeoutMs: this.options.requestTimeoutMs, mayPark: true },
      )
      return createEndTxnResponse(producer)
    } catch (error) {
      const errorCode = errorCodeFor(codeOf(error), 'endTxn', apiVersion)
      return createEndTxnResponse({ errorCode })
    }
  }

  async describeTransactions(
    { transactionalIds }: DescribeTransactionsRequest,
    visibility: TransactionVisibility,
  ): Promise<DescribeTransactionsResponse> {
    const described = transactionalIds.map((id) => this.describe(id, visibility))
    return createDescribeTransactionsResponse({ transactionStates: await Promise.all(described) })
  }

  async listTransactions(
    request: ListTransactionsRequest,
    visibility: Pick<TransactionVisibility, 'transaction'>,
  ): Promise<ListTransactionsResponse> {
    const { stateFilters, producerIdFilters, durationFilter, transactionalIdPattern } = request
    const unknownStateFilters = stateFilters.filter((name) => !TRANSACTION_STATE_NAMES.has(name))
    try {
      const hasPattern = transactionalIdPattern !== null && transactionalIdPattern !== ''
      const filter = {
        states: new Set(stateFilters),
        producerIds: new Set(producerIdFilters),
        durationMs: durationFilter,
        matchesId: hasPattern ? this.options.compilePattern(transactionalIdPattern) : null,
      }
      const nowMs = this.options.world.clock.nowMs()
      const listed = await this.runtime.readAll((shard, offset) =>
        shard.list(filter, offset, nowMs),
      )
      const transactionStates = listed
        .flat()
        .filter(({ transactionalId }) => visibility.transaction(transactionalId) === 0)
      return createListTransactionsResponse({ unknownStateFilters, transactionStates })
    } catch (error) {
      return createListTransactionsResponse({ errorCode: codeOf(error) })
    }
  }

  // ---- what the broker tells

  onElected(partition: number, leaderEpoch: number): void {
    this.markers.abandon(partition, leaderEpoch - 1)
    this.runtime.onElected(partition, leaderEpoch)
  }

  onResigned(partition: number, leaderEpoch: number | null): void {
    this.runtime.onResigned(partition, leaderEpoch)
    this.markers.abandon(partition, leaderEpoch ?? Number.MAX_SAFE_INTEGER)
  }

  onHighWatermark(partition: number, offset: number): void {
    this.runtime.onHighWatermark(partition, offset)
  }

  onMetadata(view: MetadataView, change: MetadataChange): void {
    this.runtime.onMetadata(view, change)
    this.markers.onMetadata()
  }

  close(): void {
    this.runtime.close()
  }

  // ---- requests, one by one

  private async init(request: InitProducerIdRequest): Promise<InitProducerIdResult> {
    const { transactionalId, producerId, producerEpoch } = request
    if ((producerId === NO_PRODUCER_ID) !== (producerEpoch === NO_PRODUCER_EPOCH)) {
      throw new ApiError(ErrorCode.INVALID_REQUEST)
    }
    if (transactionalId === null) {
      const fresh = await this.producerIds.claim()
      return { errorCode: ErrorCode.NONE, producerId: fresh, producerEpoch: 0 }
    }
    return this.runtime.write<InitProducerIdResult>(
      this.partitionFor(transactionalId),
      'InitProducerId',
      (shard, context) => shard.initProducerId(request, context),
      { timeoutMs: this.options.requestTimeoutMs, mayPark: true },
    )
  }

  private async add(
    transaction: PartitionsToAdd,
    apiVersion: number,
    checks: AddPartitionsChecks,
  ): Promise<TransactionResult> {
    const { transactionalId, partitions, verifyOnly } = transaction
    const refused = checks.transaction(transactionalId)
    if (refused !== 0) return { transactionalId, errors: allPartitions(partitions, refused) }
    const bad = badPartitions(partitions, checks)
    if (bad !== null) return { transactionalId, errors: bad }
    try {
      if (verifyOnly) return { transactionalId, errors: await this.verify(transaction) }
      await this.addPartitions(transaction, apiVersion >= 4 ? 2 : 0)
      return { transactionalId, errors: allPartitions(partitions, ErrorCode.NONE) }
    } catch (error) {
      const errorCode = verifyOnly
        ? codeOf(error)
        : errorCodeFor(codeOf(error), 'addPartitionsToTxn', apiVersion)
      return { transactionalId, errors: allPartitions(partitions, errorCode) }
    }
  }

  private verify(producer: PartitionsOfProducer) {
    return this.runtime.write(
      this.partitionFor(producer.transactionalId),
      'AddPartitionsToTxn (verify)',
      (shard, context) => shard.verifyPartitions(producer, context),
      { timeoutMs: this.options.requestTimeoutMs },
    )
  }

  private addPartitions(
    producer: PartitionsOfProducer,
    clientTransactionVersion: number,
  ): Promise<void> {
    return this.runtime.write<void>(
      this.partitionFor(producer.transactionalId),
      'AddPartitionsToTxn',
      (shard, context) => shard.addPartitions(producer, clientTransactionVersion, context),
      { timeoutMs: this.options.requestTimeoutMs },
    )
  }

  private async describe(
    transactionalId: string,
    visibility: TransactionVisibility,
  ): Promise<DescribeTransactionsResponseTransactionState> {
    const failed = (errorCode: number) =>
      createDescribeTransactionsResponseTransactionState({ transactionalId, errorCode })
    const refused = visibility.transaction(transactionalId)
    if (refused !== 0) return failed(refused)
    if (transactionalId === '') return failed(ErrorCode.INVALID_REQUEST)
    try {
      const partition = this.partitionFor(transactionalId)
      const described = await this.runtime.read(partition, (shard, offset) =>
        shard.describe(transactionalId, offset),
      )
      return {
        ...described,
        topics: described.topics.filter(({ topic }) => visibility.topic(topic)),
      }
    } catch (error) {
      return failed(codeOf(error))
    }
  }
}

function nothing() {
  return new OutcomeBuilder<TransactionKinds>().respond(undefined)
}

function codeOf(error: unknown): number {
  if (error instanceof ApiError) return error.errorCode
  throw error
}
