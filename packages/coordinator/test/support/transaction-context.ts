/** A shard of transactions under test: requests with their defaults, and the tasks carried out on demand. */
import { assert } from '@barnabas/base'
import {
  createInitProducerIdRequest,
  createTransactionLogKey,
  type InitProducerIdRequest,
} from '@barnabas/protocol'
import {
  createTransactionRecordCodec,
  defaultTransactionCoordinatorConfig,
  EMPTY_METADATA,
  TransactionShard,
  type EndTransactionResult,
  type InitProducerIdResult,
  type PartitionErrors,
  type Transaction,
  type TransactionCoordinatorConfig,
  type TransactionKinds,
  type WriteMarkersTask,
} from '../../src/index.ts'
import { firstIncarnation, toTransactionLogValue } from '../../src/transaction/transaction.ts'
import { transactionValueVersion } from '../../src/transaction/transaction-records.ts'
import { ShardContext } from './shard-context.ts'

export const ID = 'my-transactions'

/** Topic name to partitions. */
export type Topics = Record<string, number[]>

export interface Producer {
  producerId: number
  producerEpoch: number
}

export interface TransactionContextOptions {
  config?: Partial<TransactionCoordinatorConfig>
  startMs?: number
}

export class TransactionContext extends ShardContext<TransactionShard, TransactionKinds> {
  /** The producer id that is given away next; null when there are none. */
  nextProducerId: number | null = 1000
  readonly config: TransactionCoordinatorConfig

  constructor({ config, startMs }: TransactionContextOptions = {}) {
    const settings = { ...defaultTransactionCoordinatorConfig, ...config }
    super({
      createShard: (timeline) => new TransactionShard(timeline, settings),
      codec: createTransactionRecordCodec(() => settings.transactionVersion()),
      digest: digestTransactions,
      metadata: EMPTY_METADATA,
      ...(startMs === undefined ? {} : { startMs }),
    })
    this.config = settings
  }

  init(fields: Partial<InitProducerIdRequest> = {}): InitProducerIdResult {
    const request = createInitProducerIdRequest({
      transactionalId: ID,
      transactionTimeoutMs: 60_000,
      ...fields,
    })
    return this.answered(this.run((shard, context) => shard.initProducerId(request, context)))
  }

  add(
    producer: Producer,
    topics: Topics,
    clientTransactionVersion = 2,
    transactionalId: string = ID,
  ): void {
    const request = { transactionalId, ...identity(producer), partitions: partitionsOf(topics) }
    this.call((shard, context) => shard.addPartitions(request, clientTransactionVersion, context))
  }

  verify(producer: Producer, topics: Topics): PartitionErrors {
    const request = {
      transactionalId: ID,
      ...identity(producer),
      partitions: partitionsOf(topics),
    }
    return this.call((shard, context) => shard.verifyPartitions(request, context))
  }

  end(
    producer: Producer,
    how: 'commit' | 'abort',
    clientTransactionVersion = 2,
    transactionalId: string = ID,
  ): EndTransactionResult {
    const end = {
      transactionalId,
      ...identity(producer),
      committed: how === 'commit',
      clientTransactionVersion,
    }
    return this.answered(this.run((shard, context) => shard.endTransaction(end, context)))
  }

  /** The markers that are to be written; they count as being under way from now on. */
  takeMarkers(): WriteMarkersTask[] {
    const markers: WriteMarkersTask[] = []
    for (let n = this.tasks.length - 1; n >= 0; n--) {
      const task = this.tasks[n]!
      if (task.kind !== 'writeMarkers') continue
      this.tasks.splice(n, 1)
      markers.unshift(task)
    }
    return markers
  }

  /** All markers asked for are written. */
  writeMarkers(): void {
    for (const task of this.takeMarkers()) this.markersWritten(task)
  }

  markersWritten({ transactionalId, producerId, producerEpoch }: WriteMarkersTask): void {
    this.event({ kind: 'markersWritten', transactionalId, producerId, producerEpoch })
  }

  /** Gives producer ids to all who asked for one. */
  grantProducerIds(): void {
    for (let n = 0; n < this.tasks.length; ) {
      const task = this.tasks[n]!
      if (task.kind !== 'claimProducerId') {
        n++
        continue
      }
      this.tasks.splice(n, 1)
      const { continuation } = task
      if (this.nextProducerId === null) {
        this.event({ kind: 'producerIdRefused', errorCode: 14, continuation })
      } else {
        this.event({ kind: 'producerIdClaimed', producerId: this.nextProducerId++, continuation })
      }
    }
  }

  transaction(transactionalId: string = ID): Transaction {
    const transaction = this.shard.transactions.get(transactionalId)
    assert(transaction !== undefined, `there is no transactional id ${transactionalId}`)
    return transaction
  }

  get state(): string {
    return this.transaction().state
  }

  /** Puts a transactional id where it is wanted, by its record. */
  restore(fields: Partial<Transaction>, transactionalId: string = ID): void {
    this.restoreAll([transactionalId], fields)
  }

  restoreAll(transactionalIds: readonly string[], fields: Partial<Transaction> = {}): void {
    const transaction = { ...firstIncarnation(7, 60_000, this.nowMs), ...fields }
    const value = toTransactionLogValue(
      transaction,
      transactionValueVersion(this.config.transactionVersion()),
    )
    const records = transactionalIds.map((transactionalId) => {
      return {
        type: 'transaction',
        key: createTransactionLogKey({ transactionalId }),
        value,
      } as const
    })
    this.call(() => ({ records, response: null, effects: [] }))
  }

  private answered<T>(result: { response: T } | { parked: number }): T {
    if ('response' in result) return result.response
    this.grantProducerIds()
    const response = this.released.get(result.parked)
    assert(response !== undefined, 'the request still waits')
    if (response instanceof Error) throw response
    return response as T
  }
}

export function partitionsOf(topics: Topics): Map<string, Set<number>> {
  return new Map(Object.entries(topics).map(([topic, indexes]) => [topic, new Set(indexes)]))
}

export function topicsOf(partitions: ReadonlyMap<string, ReadonlySet<number>>): Topics {
  return Object.fromEntries(
    [...partitions].toSorted().map(([topic, indexes]) => [topic, [...indexes].toSorted()]),
  )
}

function identity({ producerId, producerEpoch }: Producer): Producer {
  return { producerId, producerEpoch }
}

export function plainTransaction(transaction: Transaction): unknown {
  return { ...transaction, partitions: topicsOf(transaction.partitions) }
}

function digestTransactions(shard: TransactionShard): unknown {
  return [...shard.transactions.entries()]
    .map(([id, transaction]) => [id, plainTransaction(transaction)] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
}
