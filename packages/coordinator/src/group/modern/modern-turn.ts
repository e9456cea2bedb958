/** What an operation on consumer, share and streams groups has at hand beyond `Turn`. */
import { TimelineSet, type Timeline } from '@barnabas/base'
import type { MetadataView } from '../../runtime/metadata-view.ts'
import type { GroupEvent, Turn } from '../group-kinds.ts'
import type { GroupRegistry } from '../group-registry.ts'
import { TopicHashes } from './topic-hashes.ts'

export interface ModernTurn extends Turn {
  readonly groups: GroupRegistry
  readonly metadata: MetadataView
  readonly soft: SoftState
}

/** Forgotten with the shard. */
export class SoftState {
  readonly hashes = new TopicHashes()
  /** Groups whose patterns are being looked up. */
  readonly resolving: TimelineSet<string>
  /** Groups whose patterns were looked up before there were as many topics as now. */
  readonly stalePatterns: TimelineSet<string>
  /** Keys of timers that are not armed again while they run. */
  private readonly running: TimelineSet<string>

  constructor(timeline: Timeline) {
    this.resolving = new TimelineSet(timeline)
    this.stalePatterns = new TimelineSet(timeline)
    this.running = new TimelineSet(timeline)
  }

  armUnlessRunning(turn: Turn, key: string, delayMs: number, event: GroupEvent): void {
    if (this.running.add(key)) turn.out.arm(key, delayMs, event)
  }

  isRunning(key: string): boolean {
    return this.running.has(key)
  }

  /** Cancels such a timer, or takes note that it fired. */
  stop(turn: Turn, key: string): void {
    if (this.running.delete(key)) turn.out.cancel(key)
  }
}
