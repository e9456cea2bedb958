/**
 * One partition that a client wants to read, with where and how much. In a fetch session it lives as long
 * as the session does and remembers what the client was told last.
 */
import type {
  FetchRequest,
  FetchRequestFetchPartition,
  FetchResponsePartitionData,
  Uuid,
} from '@barnabas/protocol'
import { ErrorCode, ZERO_UUID } from '@barnabas/protocol'

const NO_REPLICA = -1
const NO_OFFSET = -1

export class FetchTarget {
  /** Null when only the id was given and no topic of that id was known so far. */
  topic: string | null
  /** `ZERO_UUID` when only the name was given. */
  readonly topicId: Uuid
  readonly partition: number
  fetchOffset = 0
  maxBytes = 0
  /** -1: the client does not know it, so it is not checked. */
  currentLeaderEpoch = -1
  lastFetchedEpoch = -1
  /** Where the log of a follower begins; -1 from consumers. */
  followerLogStartOffset = -1
  private toldHighWatermark = NO_OFFSET
  private toldLogStartOffset = NO_OFFSET

  constructor(topic: string | null, topicId: Uuid, partition: number) {
    this.topic = topic
    this.topicId = topicId
    this.partition = partition
  }

  get key(): string {
    return targetKey(this.topicId === ZERO_UUID ? this.topic! : this.topicId, this.partition)
  }

  /** Takes over what the client asks for now. */
  ask(from: FetchRequestFetchPartition): void {
    this.fetchOffset = from.fetchOffset
    this.maxBytes = from.partitionMaxBytes
    this.currentLeaderEpoch = from.currentLeaderEpoch
    this.lastFetchedEpoch = from.lastFetchedEpoch
    this.followerLogStartOffset = from.logStartOffset
  }

  /** The same from another target of this partition. */
  copyQuestion(from: FetchTarget): void {
    this.fetchOffset = from.fetchOffset
    this.maxBytes = from.maxBytes
    this.currentLeaderEpoch = from.currentLeaderEpoch
    this.lastFetchedEpoch = from.lastFetchedEpoch
    this.followerLogStartOffset = from.followerLogStartOffset
  }

  /** Whether the client must hear of `data`: there are records, or something differs from what it knows. */
  isNews(data: FetchResponsePartitionData): boolean {
    return (
      hasRecords(data) ||
      data.errorCode !== ErrorCode.NONE ||
      data.highWatermark !== this.toldHighWatermark ||
      data.logStartOffset !== this.toldLogStartOffset ||
      data.preferredReadReplica !== NO_REPLICA ||
      data.divergingEpoch.epoch >= 0
    )
  }

  /** The client is told `data`. After an error it is told again, so the values of now are forgotten. */
  told(data: FetchResponsePartitionData): void {
    const failed = data.errorCode !== ErrorCode.NONE
    this.toldHighWatermark = failed ? NO_OFFSET : data.highWatermark
    this.toldLogStartOffset = data.logStartOffset
  }
}

/** By id where there is one, else by name: the two never look alike, names have at most 249 characters. */
export function targetKey(topic: string | Uuid, partition: number): string {
  return `${partition}:${topic}`
}

export function hasRecords(data: FetchResponsePartitionData): boolean {
  const { records } = data
  if (records === null) return false
  if (records instanceof Uint8Array) return records.length > 0
  return records.some((part) => part.length > 0)
}

/** The partitions of a request, each once: the last mention counts, at the place of the first. */
export function targetsOf(
  request: FetchRequest,
  version: number,
  topicName: (topicId: Uuid) => string | null,
): Map<string, FetchTarget> {
  const byId = usesTopicIds(version)
  const targets = new Map<string, FetchTarget>()
  for (const topic of request.topics) {
    const name = byId ? topicName(topic.topicId) : topic.topic
    const topicKey = byId ? topic.topicId : topic.topic
    for (const partition of topic.partitions) {
      const key = targetKey(topicKey, partition.partition)
      let target = targets.get(key)
      if (target === undefined) {
        target = new FetchTarget(name, topic.topicId, partition.partition)
        targets.set(key, target)
      }
      target.ask(partition)
    }
  }
  return targets
}

/** Whether fetch requests of this version name topics by id (KIP-516). */
export function usesTopicIds(version: number): boolean {
  return version >= 13
}
