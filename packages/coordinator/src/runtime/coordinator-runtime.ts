/**
 * All shards of one kind of coordinator on this broker: one for each partition of its topic that the broker
 * leads. The broker tells when it begins and ends to lead a partition and how far its log is committed;
 * requests are run on the shard that serves them and answered once their records are committed.
 *
 *   onElected -> loading -> active -> onResigned -> (gone)
 *                  ^          |
 *                  +-- reload +    the log is not where it should be, or a bug
 */
import { ApiError, type Logger, type Timeline, type World } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import { CoordinatorPartition, type PartitionEnvironment } from './coordinator-partition.ts'
import { RELOAD_DELAY_MS } from './limits.ts'
import type { MetadataChange, MetadataView } from './metadata-view.ts'
import type { ShardKinds } from './outcome.ts'
import type { PartitionWriter, ProducerStamp, RecordCodec } from './partition-writer.ts'
import type { RequestOptions } from './request.ts'
import type {
  CoordinatorShard,
  ReadOperation,
  TransactionOutcome,
  WriteOperation,
} from './shard.ts'

export interface CoordinatorRuntimeOptions<S extends CoordinatorShard<K>, K extends ShardKinds> {
  /** For log lines, such as `group-coordinator`. */
  readonly name: string
  readonly world: Pick<World, 'clock' | 'timers' | 'entropy' | 'log'>
  readonly writer: PartitionWriter
  readonly codec: RecordCodec<K['record']>
  readonly metadata: MetadataView
  createShard(partition: number, timeline: Timeline): S
  /** Does asynchronous work for a shard. Failures are events as well: the promise must not reject. */
  runTask(partition: number, leaderEpoch: number, task: K['task']): Promise<K['event']>
  /** What to do about a bug: end with the error (the default, for tests), or load the shard again. */
  readonly onBug?: 'throw' | 'reload'
}

export interface WriteOptions {
  /** How long the response may wait for the commit; without it as long as it takes. */
  readonly timeoutMs?: number
  /** For operations that may park their response. */
  readonly mayPark?: boolean
  /** Writes the records in a transaction of this producer. */
  readonly producer?: ProducerStamp
}

export interface RuntimeStatistics {
  loading: number
  active: number
  queuedEvents: number
  parkedRequests: number
  armedTimers: number
}

export class CoordinatorRuntime<S extends CoordinatorShard<K>, K extends ShardKinds> {
  private readonly options: CoordinatorRuntimeOptions<S, K>
  private readonly log: Logger
  private readonly environment: PartitionEnvironment<S, K>
  private readonly partitions = new Map<number, CoordinatorPartition<S, K>>()
  /** Epochs of the partitions this broker leads, loaded or not. */
  private readonly elected = new Map<number, number>()
  private metadata: MetadataView

  constructor(options: CoordinatorRuntimeOptions<S, K>) {
    this.options = options
    this.metadata = options.metadata
    this.log = options.world.log.child(options.name)
    const { writer, codec } = options
    this.environment = {
      world: { ...options.world, entropy: options.world.entropy.fork(options.name) },
      log: this.log,
      writer,
      codec,
      createShard: (partition, timeline) => options.createShard(partition, timeline),
      runTask: (partition, epoch, task) => options.runTask(partition, epoch, task),
      metadata: () => this.metadata,
      reload: (partition, reason) => this.reload(partition, reason),
      onBug: (error, partition) => this.onBug(error, partition),
    }
  }

  /** Resolves with the response once the records behind it are committed; rejects with `ApiError`. */
  write<T>(
    partition: number,
    name: string,
    operation: WriteOperation<S, K, T>,
    options: WriteOptions = {},
  ): Promise<T> {
    const shard = this.partitions.get(partition)
    if (shard === undefined) return Promise.reject(new ApiError(ErrorCode.NOT_COORDINATOR))
    return this.enqueue<T>(shard, {
      ...options,
      name,
      operation: (context) => operation(shard.shard, context),
    })
  }

  /** On all shards that are loaded; those that refuse or go meanwhile are left out. */
  async writeAll<T>(
    name: string,
    operation: WriteOperation<S, K, T>,
    options: WriteOptions = {},
  ): Promise<T[]> {
    const results = await Promise.allSettled(
      this.activePartitions().map((partition) => this.write(partition, name, operation, options)),
    )
    return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  }

  /** What is committed now. */
  async read<T>(partition: number, operation: ReadOperation<S, T>): Promise<T> {
    const shard = this.partitions.get(partition)
    if (shard === undefined) throw new ApiError(ErrorCode.NOT_COORDINATOR)
    return shard.read(operation)
  }

  /** What is committed now in all shards; refused while one of them is loading. */
  async readAll<T>(operation: ReadOperation<S, T>): Promise<T[]> {
    return [...this.partitions.values()].map((shard) => shard.read(operation))
  }

  /** The end of a producer's transaction, as told by its transaction coordinator. */
  completeTransaction(
    partition: number,
    producer: ProducerStamp,
    coordinatorEpoch: number,
    outcome: TransactionOutcome,
    timeoutMs: number,
  ): Promise<void> {
    const shard = this.partitions.get(partition)
    if (shard === undefined) return Promise.reject(new ApiError(ErrorCode.NOT_COORDINATOR))
    return this.enqueue<void>(shard, {
      name: 'end of transaction',
      operation: null,
      producer,
      marker: { outcome, coordinatorEpoch },
      timeoutMs,
    })
  }

  /** What is known of the cluster now. */
  get currentMetadata(): MetadataView {
    return this.metadata
  }

  onElected(partition: number, leaderEpoch: number): void {
    const electedEpoch = this.elected.get(partition)
    if (electedEpoch !== undefined && electedEpoch >= leaderEpoch) return
    this.elected.set(partition, leaderEpoch)
    const current = this.partitions.get(partition)
    if (current !== undefined) this.unload(current)
    this.load(partition, leaderEpoch)
  }

  /** Null as epoch: whatever the epoch is, as when the partition is deleted. */
  onResigned(partition: number, leaderEpoch: number | null): void {
    const electedEpoch = this.elected.get(partition)
    if (electedEpoch === undefined) return
    if (leaderEpoch !== null && leaderEpoch < electedEpoch) return
    this.elected.delete(partition)
    const current = this.partitions.get(partition)
    if (current !== undefined) this.unload(current)
  }

  onHighWatermark(partition: number, offset: number): void {
    this.partitions.get(partition)?.onHighWatermark(offset)
  }

  onMetadata(view: MetadataView, change: MetadataChange): void {
    this.metadata = view
    for (const partition of this.partitions.values()) partition.onMetadata(view, change)
  }

  /** Ends all shards; every request still waiting is told to look for the coordinator elsewhere. */
  close(): void {
    for (const partition of [...this.elected.keys()]) this.onResigned(partition, null)
  }

  activePartitions(): number[] {
    const active: number[] = []
    for (const { partition, state } of this.partitions.values()) {
      if (state === 'active') active.push(partition)
    }
    return active
  }

  statistics(): RuntimeStatistics {
    const sum = { loading: 0, active: 0, queuedEvents: 0, parkedRequests: 0, armedTimers: 0 }
    for (const partition of this.partitions.values()) {
      if (partition.state === 'active') sum.active++
      else sum.loading++
      sum.queuedEvents += partition.queuedEvents
      sum.parkedRequests += partition.parkedRequests
      sum.armedTimers += partition.armedTimers
    }
    return sum
  }

  private enqueue<T>(
    partition: CoordinatorPartition<S, K>,
    options: RequestOptions<K>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      partition.enqueue(options, (response) => resolve(response as T), reject)
    })
  }

  private load(partition: number, leaderEpoch: number): void {
    const loading = new CoordinatorPartition(this.environment, partition, leaderEpoch)
    this.partitions.set(partition, loading)
    const startedMs = this.options.world.clock.monotonicMs()
    loading.load().then(
      () => {
        if (loading.state !== 'active') return
        const tookMs = this.options.world.clock.monotonicMs() - startedMs
        this.log.info('loaded', { partition, leaderEpoch, tookMs: Math.round(tookMs) })
      },
      (error: unknown) => this.reload(loading, error),
    )
  }

  private unload(partition: CoordinatorPartition<S, K>): void {
    if (this.partitions.get(partition.partition) === partition) {
      this.partitions.delete(partition.partition)
    }
    partition.close(new ApiError(ErrorCode.NOT_COORDINATOR))
  }

  private reload(failed: CoordinatorPartition<S, K>, reason: unknown): void {
    const { partition, leaderEpoch } = failed
    if (failed.state === 'closed' || this.partitions.get(partition) !== failed) return
    this.log.error('loading again', { partition, leaderEpoch, reason: String(reason) })
    this.unload(failed)
    this.options.world.timers.schedule(RELOAD_DELAY_MS, () => {
      if (this.elected.get(partition) === leaderEpoch) this.load(partition, leaderEpoch)
    })
  }

  private onBug(error: unknown, partition: CoordinatorPartition<S, K>): void {
    if (this.options.onBug !== 'reload') {
      this.unload(partition)
      throw error
    }
    this.log.error('a bug in a coordinator', {
      partition: partition.partition,
      error: String(error),
    })
    this.reload(partition, error)
  }
}
