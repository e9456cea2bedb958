/** What happens to consumer, share and streams groups by itself, and the work others do for them. */
import type { MetadataView } from '../../runtime/metadata-view.ts'

export type ModernGroupEvent =
  /** A member had time enough to give up partitions or tasks. It counts if it is still in the epoch. */
  | {
      readonly kind: 'rebalanceTimedOut'
      readonly groupId: string
      readonly memberId: string
      readonly memberEpoch: number
    }
  /** A classic member of a consumer group had time enough to rejoin. */
  | { readonly kind: 'memberJoinTimedOut'; readonly groupId: string; readonly memberId: string }
  /** A classic member of a consumer group had time enough to fetch its assignment. */
  | { readonly kind: 'memberSyncTimedOut'; readonly groupId: string; readonly memberId: string }
  | PatternsResolved
  /** A new streams group has waited for more members. */
  | { readonly kind: 'streamsDelayPassed'; readonly groupId: string }

/** The topics that match the patterns of a consumer group have been looked up. */
export interface PatternsResolved {
  readonly kind: 'patternsResolved'
  readonly groupId: string
  /** By pattern; null when they could not be looked up. */
  readonly topics: ReadonlyMap<string, readonly string[]> | null
  readonly version: number
  readonly resolvedAtMs: number
}

/** Looks up which topics match patterns and may be described by the caller. */
export interface ResolvePatterns {
  readonly kind: 'resolvePatterns'
  readonly groupId: string
  readonly patterns: readonly string[]
  readonly metadata: MetadataView
  readonly startedAtMs: number
  /** Topics that the member which asked may know of; all when absent. */
  readonly isTopicAllowed: ((topic: string) => boolean) | undefined
}

export type ModernGroupTask = ResolvePatterns
