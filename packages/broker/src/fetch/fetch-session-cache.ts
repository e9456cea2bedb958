/**
 * A bounded number of fetch sessions. When all slots are taken, a new session gets the slot of one that
 * was not used for two minutes; else it must be worth more than the least one that may be evicted:
 * followers' sessions are worth more than consumers', bigger ones more than smaller ones. A session that
 * is younger than two minutes is safe, except a consumer's from a follower.
 */
import { type Entropy, randomBelow } from '@barnabas/base'
import { DEFAULT_FETCH_SESSION_SLOTS, FETCH_SESSION_EVICTION_MS } from '../limits.ts'
import { FetchSession } from './fetch-session.ts'
import type { FetchTarget } from './fetch-target.ts'

const MAX_SESSION_ID = 0x7fffffff

export class FetchSessionCache {
  private readonly entropy: Entropy
  private readonly maxSessions: number
  private readonly evictionMs: number
  /** The least recently used one first. */
  private readonly byId = new Map<number, FetchSession>()
  private evictedCount = 0

  constructor(
    entropy: Entropy,
    maxSessions: number = DEFAULT_FETCH_SESSION_SLOTS,
    evictionMs: number = FETCH_SESSION_EVICTION_MS,
  ) {
    this.entropy = entropy
    this.maxSessions = maxSessions
    this.evictionMs = evictionMs
  }

  get size(): number {
    return this.byId.size
  }

  /** Sessions that lost their slot to another, since the beginning. */
  get evictions(): number {
    return this.evictedCount
  }

  get partitions(): number {
    let count = 0
    for (const session of this.byId.values()) count += session.usedSize
    return count
  }

  get(id: number): FetchSession | null {
    return this.byId.get(id) ?? null
  }

  /** Null when there is no room for it. */
  create(
    targets: readonly FetchTarget[],
    privileged: boolean,
    usesTopicIds: boolean,
    nowMs: number,
  ): FetchSession | null {
    if (this.byId.size >= this.maxSessions && !this.evictFor(privileged, targets.length, nowMs)) {
      return null
    }
    const session = new FetchSession(this.freeId(), privileged, usesTopicIds, nowMs, targets)
    this.byId.set(session.id, session)
    return session
  }

  touch(session: FetchSession, nowMs: number): void {
    session.lastUsedMs = nowMs
    session.usedSize = session.size
    this.byId.delete(session.id)
    this.byId.set(session.id, session)
  }

  remove(id: number): void {
    this.byId.delete(id)
  }

  private freeId(): number {
    for (;;) {
      const id = 1 + randomBelow(this.entropy, MAX_SESSION_ID)
      if (!this.byId.has(id)) return id
    }
  }

  private evictFor(privileged: boolean, size: number, nowMs: number): boolean {
    const victim = this.idleSession(nowMs) ?? this.lesserSession(privileged, size, nowMs)
    if (victim === null) return false
    this.byId.delete(victim.id)
    this.evictedCount++
    return true
  }

  private idleSession(nowMs: number): FetchSession | null {
    for (const oldest of this.byId.values()) {
      return nowMs - oldest.lastUsedMs > this.evictionMs ? oldest : null
    }
    return null
  }

  /** The least of those that may go, if it is worth less than a new one of this kind and size. */
  private lesserSession(privileged: boolean, size: number, nowMs: number): FetchSession | null {
    let least: FetchSession | null = null
    for (const session of this.byId.values()) {
      const safe = nowMs - session.createdMs <= this.evictionMs
      if (safe && !(privileged && !session.privileged)) continue
      if (least === null || isWorthLess(session, least.privileged, least.usedSize)) least = session
    }
    return least !== null && isWorthLess(least, privileged, size) ? least : null
  }
}

function isWorthLess(session: FetchSession, privileged: boolean, size: number): boolean {
  if (session.privileged !== privileged) return privileged
  return session.usedSize < size
}
