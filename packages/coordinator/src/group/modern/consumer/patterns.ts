/**
 * Subscriptions by regular expression. Which topics match is looked up outside of the shard, with the rights
 * of the member that asked, and comes back as an event:
 *
 *   1. A member brings a pattern nobody has. It is checked, and the look-up begins.
 *   2. The topics found are stored with the pattern; the group epoch rises if they are others than before.
 *   3. All patterns of a group are looked up again when there are new topics, and from time to time.
 */
import { ApiError } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import type { RequestInfo } from '../../group-kinds.ts'
import { PATTERN_REFRESH_MIN_INTERVAL_MS } from '../limits.ts'
import type { PatternsResolved } from '../modern-kinds.ts'
import type { ModernTurn } from '../modern-turn.ts'
import { compilePattern, PatternError } from '../re2/pattern.ts'
import { countMatches, countUp } from '../subscription-counts.ts'
import type { ConsumerGroup, ResolvedPattern } from './consumer-group.ts'
import { patternOf, sameNames } from './consumer-member.ts'
import { epochRecord, patternRecord, patternTombstone } from './consumer-records.ts'
import type { MemberChange } from './group-epoch.ts'

/** What became of a member's pattern; `resolved` when it is known already which topics that means. */
export type PatternUpdate = 'unchanged' | 'changed' | 'resolved'

export function updatePattern(
  turn: ModernTurn,
  group: ConsumerGroup,
  change: MemberChange,
  info: RequestInfo,
): PatternUpdate {
  const before = change.old.subscribedPattern
  const after = change.member.subscribedPattern
  const isNew = before !== after && isNewPattern(group, patternOf(change.member))
  const update = before === after ? 'unchanged' : replacePattern(turn, group, change)
  if (isNew || group.hasPatterns) refreshIfDue(turn, group, change, info, isNew)
  return update
}

function isNewPattern(group: ConsumerGroup, pattern: string | null): pattern is string {
  return pattern !== null && group.patternSubscriberCount(pattern) === 0
}

function replacePattern(
  turn: ModernTurn,
  group: ConsumerGroup,
  { old, member }: MemberChange,
): PatternUpdate {
  const before = patternOf(old)
  const after = patternOf(member)
  if (before !== null && group.patternSubscriberCount(before) === 1) {
    turn.out.append(patternTombstone(group.groupId, before))
  }
  if (after === null) return before === null ? 'changed' : 'resolved'
  if (isNewPattern(group, after)) {
    validatePattern(after)
    return 'changed'
  }
  return group.resolvedPattern(after) === undefined ? 'changed' : 'resolved'
}

function validatePattern(pattern: string): void {
  try {
    compilePattern(pattern)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    throw new ApiError(
      ErrorCode.INVALID_REGULAR_EXPRESSION,
      `\`${pattern}\` is no regular expression: ${error.message}.`,
    )
  }
}

function refreshIfDue(
  turn: ModernTurn,
  group: ConsumerGroup,
  { old, member }: MemberChange,
  { isTopicAllowed }: RequestInfo,
  isNew: boolean,
): void {
  const { groupId } = group
  const { soft, nowMs, config, metadata } = turn
  if (soft.resolving.has(groupId)) return
  const resolvedAtMs = lastResolvedAtMs(group)
  if (nowMs <= resolvedAtMs + PATTERN_REFRESH_MIN_INTERVAL_MS) return
  const patterns = group.subscribedPatterns()
  const before = patternOf(old)
  const after = patternOf(member)
  if (before !== null) countUp(patterns, before, -1)
  if (after !== null) countUp(patterns, after, 1)
  const due =
    isNew ||
    patterns.size !== group.resolvedPatternCount ||
    soft.stalePatterns.has(groupId) ||
    nowMs > resolvedAtMs + config.consumerRegexRefreshIntervalMs
  if (!due || patterns.size === 0) return
  soft.resolving.add(groupId)
  soft.stalePatterns.delete(groupId)
  turn.out.task({
    kind: 'resolvePatterns',
    groupId,
    patterns: [...patterns.keys()],
    metadata,
    startedAtMs: nowMs,
    isTopicAllowed,
  })
}

/** All patterns of a group are looked up together. */
function lastResolvedAtMs(group: ConsumerGroup): number {
  for (const [, { resolvedAtMs }] of group.resolvedPatterns()) return resolvedAtMs
  return Number.NEGATIVE_INFINITY
}

/** The look-up has ended, whatever became of its group meanwhile. */
export function onPatternsLookedUp(
  { soft }: ModernTurn,
  { groupId, topics }: PatternsResolved,
): void {
  soft.resolving.delete(groupId)
  if (topics === null) soft.stalePatterns.add(groupId)
}

export function onPatternsResolved(
  turn: ModernTurn,
  group: ConsumerGroup,
  { topics: found, version, resolvedAtMs }: PatternsResolved,
): void {
  if (found === null) return
  const { groupId } = group
  const topics = group.subscribedTopics()
  let bump = false
  for (const [pattern, matches] of found) {
    if (group.patternSubscriberCount(pattern) === 0) continue
    const resolved: ResolvedPattern = { topics: [...matches].sort(), version, resolvedAtMs }
    const before = group.resolvedPattern(pattern)?.topics ?? []
    if (!sameNames(before, resolved.topics)) {
      bump = true
      countMatches(topics, before, -1)
      countMatches(topics, resolved.topics, 1)
    }
    turn.out.append(patternRecord(groupId, pattern, resolved))
  }
  const metadataHash = turn.soft.hashes.ofTopics(turn.metadata, topics.keys())
  if (!bump && metadataHash === group.metadataHash) return
  const groupEpoch = group.groupEpoch + 1
  turn.out.append(epochRecord(groupId, { groupEpoch, metadataHash }))
  group.markMetadataChecked()
}
