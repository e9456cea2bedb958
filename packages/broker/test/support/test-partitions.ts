/** Partitions of a test's cluster with real logs in memory, and the purgatories that wait on them. */
import type { Timers } from '@barnabas/base'
import type { TestWorld } from '@barnabas/base/testing'
import { createMemoryLog, DEFAULT_LOG_CONFIG, type LogConfig, TailCache } from '@barnabas/log'
import { BatchBuilder, type BatchBuilderOptions, ErrorCode } from '@barnabas/protocol'
import type { ReadablePartition } from '../../src/fetch/readable-partition.ts'
import { Partition } from '../../src/partition/partition.ts'
import type { PartitionDirectory } from '../../src/partition/partition-directory.ts'
import { Purgatory } from '../../src/purgatory.ts'
import type { TestCluster } from './test-cluster.ts'

export class TestPartitions implements PartitionDirectory {
  readonly producing: Purgatory<Partition>
  readonly fetching: Purgatory<ReadablePartition>
  minInsyncReplicas = 1
  /** What else is told of every change. */
  onProgress: (partition: Partition) => void = () => {}
  private readonly world: TestWorld
  private readonly cluster: TestCluster
  private readonly tailCache = new TailCache(1 << 20)
  private readonly byId = new Map<string, Partition[]>()

  constructor(world: TestWorld, cluster: TestCluster, timers: Timers = world.timers) {
    this.world = world
    this.cluster = cluster
    this.producing = new Purgatory(timers)
    this.fetching = new Purgatory(timers)
  }

  /** Opens logs for all partitions of the topic that the cluster knows. */
  open(topic: string, config: Partial<LogConfig> = {}): Partition[] {
    const { id, partitions } = this.cluster.image().topics.byName.get(topic)!
    const opened = partitions.map((image, partition) => {
      const log = createMemoryLog({
        topic,
        partition,
        topicId: id,
        tailCache: this.tailCache,
        clock: this.world.clock,
        entropy: this.world.entropy,
        log: this.world.log,
        config: { ...DEFAULT_LOG_CONFIG, ...config },
      })
      const made = new Partition({
        topicId: id,
        nodeId: this.cluster.nodeId,
        log,
        observer: {
          onProgress: (changed) => {
            this.producing.check(changed)
            this.fetching.check(changed)
            this.onProgress(changed)
          },
        },
        minInsyncReplicas: () => this.minInsyncReplicas,
      })
      made.apply(image)
      return made
    })
    this.byId.set(id, opened)
    return opened
  }

  find(topicId: string, partition: number): Partition | number {
    const list = this.byId.get(topicId)
    if (list === undefined) return ErrorCode.NOT_LEADER_OR_FOLLOWER
    return list[partition] ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  }
}

/** The bytes of one batch with a record for each value. */
export function batchOf(values: readonly string[], options: BatchBuilderOptions = {}): Buffer {
  const builder = new BatchBuilder(options)
  for (const value of values)
    builder.append(1_767_225_600_000, Buffer.from('k'), Buffer.from(value))
  return builder.build().bytes
}
