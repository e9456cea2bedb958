/**
 * The broker's memory of what one client reads (KIP-227), so that requests and responses need to carry
 * only what changed. Pure; `FetchSessionCache` owns the sessions.
 */
import type { FetchRequest, Uuid } from '@barnabas/protocol'
import { type FetchTarget, targetKey, targetsOf } from './fetch-target.ts'

export const INITIAL_EPOCH = 0
export const FINAL_EPOCH = -1
export const NO_SESSION = 0
const MAX_EPOCH = 0x7fffffff

/** Zero and -1 mean something else, so the count begins again at one. */
export function nextSessionEpoch(epoch: number): number {
  return epoch === MAX_EPOCH ? 1 : epoch + 1
}

export class FetchSession {
  readonly id: number
  /** Sessions of followers are worth more than those of consumers. */
  readonly privileged: boolean
  readonly usesTopicIds: boolean
  readonly createdMs: number
  /** In the order in which they are served. */
  private readonly byKey: Map<string, FetchTarget>
  /** What the next request must carry. */
  epoch = nextSessionEpoch(INITIAL_EPOCH)
  lastUsedMs: number
  /** Size when it was used last; eviction compares that one. */
  usedSize: number

  constructor(
    id: number,
    privileged: boolean,
    usesTopicIds: boolean,
    nowMs: number,
    targets: Iterable<FetchTarget>,
  ) {
    this.id = id
    this.privileged = privileged
    this.usesTopicIds = usesTopicIds
    this.createdMs = nowMs
    this.lastUsedMs = nowMs
    this.byKey = new Map()
    for (const target of targets) this.byKey.set(target.key, target)
    this.usedSize = this.byKey.size
  }

  get size(): number {
    return this.byKey.size
  }

  get targets(): Iterable<FetchTarget> {
    return this.byKey.values()
  }

  /** Takes over the changes that a request brings. */
  update(
    request: FetchRequest,
    version: number,
    topicName: (topicId: Uuid) => string | null,
  ): void {
    for (const [key, target] of targetsOf(request, version, topicName)) {
      const known = this.byKey.get(key)
      if (known === undefined) this.byKey.set(key, target)
      else known.copyQuestion(target)
    }
    for (const forgotten of request.forgottenTopicsData) {
      const topicKey = this.usesTopicIds ? forgotten.topicId : forgotten.topic
      for (const partition of forgotten.partitions) {
        this.byKey.delete(targetKey(topicKey, partition))
      }
    }
    if (this.usesTopicIds) {
      for (const target of this.byKey.values()) target.topic ??= topicName(target.topicId)
    }
  }

  /** Others are served before it the next time, so that none starves. */
  moveToEnd(target: FetchTarget): void {
    const { key } = target
    if (!this.byKey.delete(key)) return // forgotten meanwhile
    this.byKey.set(key, target)
  }
}
