/**
 * The partitions that this broker holds, kept as the cluster's metadata says: opened and made to lead or
 * stand by when they are assigned here, taken away when they are not any more or their topic is deleted.
 * A directory on disk that the cluster does not know is put aside, never deleted.
 *
 * Changes are applied one after another, each to its end. Requests look partitions up at any time and
 * find what has been applied so far.
 */
import type { Logger } from '@barnabas/base'
import type { PartitionLog } from '@barnabas/log'
import {
  ClusterDelta,
  type ClusterImage,
  EMPTY_IMAGE,
  type PartitionDelta,
  ResourceType,
  type TopicImage,
} from '@barnabas/metadata'
import { ErrorCode, type Uuid } from '@barnabas/protocol'
import { Partition, type PartitionObserver } from './partition.ts'
import type { PartitionDirectory } from './partition-directory.ts'

/** The logs as this needs them; `LogManager` has more. */
export interface LogStore {
  get(topic: string, partition: number): PartitionLog | undefined
  getOrCreate(
    topic: string,
    partition: number,
    topicId: Uuid | null,
    directoryId?: Uuid,
  ): Promise<PartitionLog>
  delete(topic: string, partition: number): Promise<void>
  markStray(topic: string, partition: number): Promise<void>
  logs(): Iterable<PartitionLog>
  reconfigure(topic: string): void
}

export interface PartitionManagerOptions {
  readonly nodeId: number
  readonly logs: LogStore
  readonly log: Logger
  readonly observer: PartitionManagerObserver
  /** `min.insync.replicas` of a topic, as of now. */
  minInsyncReplicas(topic: string): number
}

export interface PartitionManagerObserver extends PartitionObserver {
  /** This broker leads the partition from now on, in this epoch. */
  onLeading(partition: Partition): void
  /** It does not (any more). */
  onResigned(partition: Partition): void
}

/** Stands in the place of a partition whose log could not be opened. */
const FAILED = 'failed'

export class PartitionManager implements PartitionDirectory {
  private readonly options: PartitionManagerOptions
  private readonly byId = new Map<Uuid, Map<number, Partition | typeof FAILED>>()
  private image: ClusterImage = EMPTY_IMAGE
  private working: Promise<void> = Promise.resolve()

  constructor(options: PartitionManagerOptions) {
    this.options = options
  }

  find(topicId: Uuid, index: number): Partition | number {
    const found = this.byId.get(topicId)?.get(index)
    if (found instanceof Partition) return found
    if (found === FAILED) return ErrorCode.KAFKA_STORAGE_ERROR
    const topic = this.image.topics.byId.get(topicId)
    if (topic === undefined) return ErrorCode.UNKNOWN_TOPIC_ID
    if (topic.partitions[index] === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    // It is elsewhere, or about to be opened here: the client shall look again.
    return ErrorCode.NOT_LEADER_OR_FOLLOWER
  }

  /** All that are open. */
  *partitions(): IterableIterator<Partition> {
    for (const partitions of this.byId.values()) {
      for (const partition of partitions.values()) {
        if (partition instanceof Partition) yield partition
      }
    }
  }

  /**
   * The cluster is now as the image says. Resolves when all that follows has been done. The first image
   * after a start also decides about what lies on the disk, so it must not be one of the past.
   */
  apply(image: ClusterImage): Promise<void> {
    const done = this.working.then(() => this.applyNow(image))
    this.working = done.catch(() => {})
    return done
  }

  /** Nothing leads here any more; the logs are the caller's to close. */
  async close(): Promise<void> {
    await this.working
    for (const partition of this.partitions()) this.resign(partition)
    this.byId.clear()
  }

  private async applyNow(image: ClusterImage): Promise<void> {
    const delta = new ClusterDelta(this.image, image)
    const isFirst = this.image === EMPTY_IMAGE
    this.image = image
    if (isFirst) await this.putAsideStrays(image)
    for (const topic of delta.deletedTopics()) await this.deleteTopic(topic)
    const changes = [...delta.changedPartitions()].map((change) => this.applyChange(change))
    await Promise.all(changes)
    for (const { resourceType, resourceName } of delta.changedConfigs()) {
      if (resourceType === ResourceType.TOPIC) this.options.logs.reconfigure(resourceName)
      // What holds for all topics may have changed; there is no cheaper way to find out for which.
      if (resourceType === ResourceType.BROKER) this.reconfigureAll()
    }
  }

  private reconfigureAll(): void {
    const topics = new Set<string>()
    for (const { topic } of this.options.logs.logs()) topics.add(topic)
    for (const topic of topics) this.options.logs.reconfigure(topic)
  }

  /** Logs of topics that were deleted, or moved away, while this broker was not running. */
  private async putAsideStrays(image: ClusterImage): Promise<void> {
    const { logs, log, nodeId } = this.options
    for (const { topic, topicId, partition } of [...logs.logs()]) {
      const known = image.topics.byName.get(topic)
      const isSame = known !== undefined && (topicId === null || topicId === known.id)
      if (isSame && known.partitions[partition]?.replicas.includes(nodeId)) continue
      log.warn('putting aside a log that the cluster does not know', { topic, partition, topicId })
      await logs.markStray(topic, partition)
    }
  }

  private async deleteTopic(topic: TopicImage): Promise<void> {
    const partitions = this.byId.get(topic.id)
    if (partitions === undefined) return
    this.byId.delete(topic.id)
    for (const partition of partitions.values()) {
      if (partition instanceof Partition) this.resign(partition)
    }
    await Promise.all(
      [...partitions.keys()].map((index) => this.options.logs.delete(topic.name, index)),
    )
  }

  private async applyChange(change: PartitionDelta): Promise<void> {
    const { topicId, topicName, partition: index, after } = change
    const isHere = after.replicas.includes(this.options.nodeId)
    const known = this.byId.get(topicId)?.get(index)
    if (!isHere) {
      if (known === undefined) return
      this.byId.get(topicId)!.delete(index)
      if (known instanceof Partition) this.resign(known)
      await this.options.logs.delete(topicName, index)
      return
    }
    try {
      const partition = known instanceof Partition ? known : await this.open(change)
      const before = partition.isLeader ? partition.leaderEpoch : null
      partition.apply(after)
      if (partition.isLeader && partition.leaderEpoch !== before) {
        this.options.observer.onLeading(partition)
      } else if (!partition.isLeader) this.options.observer.onResigned(partition)
    } catch (error) {
      this.put(topicId, index, FAILED)
      this.options.log.error('a partition cannot be opened', {
        topic: topicName,
        partition: index,
        error,
      })
    }
  }

  private async open({ topicId, topicName, partition, after }: PartitionDelta): Promise<Partition> {
    const { logs, nodeId, observer, minInsyncReplicas } = this.options
    const directory = after.directories[after.replicas.indexOf(nodeId)]
    const log = await logs.getOrCreate(topicName, partition, topicId, directory)
    const opened = new Partition({
      topicId,
      nodeId,
      log,
      observer,
      minInsyncReplicas: () => minInsyncReplicas(topicName),
    })
    this.put(topicId, partition, opened)
    return opened
  }

  private put(topicId: Uuid, index: number, partition: Partition | typeof FAILED): void {
    const partitions = this.byId.get(topicId)
    if (partitions === undefined) this.byId.set(topicId, new Map([[index, partition]]))
    else partitions.set(index, partition)
  }

  private resign(partition: Partition): void {
    const led = partition.isLeader
    partition.resign()
    if (led) this.options.observer.onResigned(partition)
  }
}
