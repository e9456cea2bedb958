/** What the shard of groups works with: its records, its events, and what an operation has at hand. */
import type { Entropy } from '@barnabas/base'
import type { OutcomeBuilder } from '../runtime/outcome.ts'
import type { GroupCoordinatorConfig } from './group-config.ts'
import type { ModernGroupEvent, ModernGroupTask } from './modern/modern-kinds.ts'
import type { GroupRecord } from './records.ts'

/** Something that happens to one classic group. */
export type ClassicGroupEvent =
  /** A member was not heard of in time. Groups of all kinds have this one. */
  | { readonly kind: 'sessionExpired'; readonly groupId: string; readonly memberId: string }
  /** A new classic group has waited for more members. */
  | {
      readonly kind: 'initialDelayPassed'
      readonly groupId: string
      readonly delayMs: number
      readonly remainingMs: number
    }
  /** The members of a classic group had time enough to rejoin. */
  | { readonly kind: 'joinTimedOut'; readonly groupId: string }
  /** The members of a classic group had time enough to fetch their assignments. */
  | { readonly kind: 'syncTimedOut'; readonly groupId: string; readonly generationId: number }
  /** The leader's assignment could not be stored. */
  | {
      readonly kind: 'syncNotStored'
      readonly groupId: string
      readonly generationId: number
      readonly errorCode: number
    }

export type GroupEvent =
  | ClassicGroupEvent
  | ModernGroupEvent
  /** Offsets and groups whose time is over are looked for. */
  | { readonly kind: 'expiryDue' }

export interface GroupKinds {
  record: GroupRecord
  event: GroupEvent
  task: ModernGroupTask
}

/** What an operation on groups has at hand, and where it leaves what it decides. */
export interface Turn {
  readonly nowMs: number
  readonly entropy: Entropy
  /** The request under way; -1 when an event is. */
  readonly requestId: number
  readonly config: GroupCoordinatorConfig
  readonly out: OutcomeBuilder<GroupKinds>
}

/** Who asks, and how. */
export interface RequestInfo {
  readonly apiVersion: number
  readonly clientId: string
  /** As stored and shown: `/127.0.0.1`. */
  readonly clientHost: string
  /** Whether the client may do to a topic what it asks for; all are allowed when absent. */
  readonly isTopicAllowed?: (topic: string) => boolean
}
