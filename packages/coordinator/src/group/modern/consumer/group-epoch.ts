/** When and how a consumer group comes to its next epoch. */
import type { ModernTurn } from '../modern-turn.ts'
import { countMatches, countNames, countUp, type Subscribers } from '../subscription-counts.ts'
import { isHomogeneous, type ConsumerGroup } from './consumer-group.ts'
import { patternOf, type ConsumerMember } from './consumer-member.ts'
import { epochRecord, oldMetadataTombstone } from './consumer-records.ts'
import type { GroupPreview } from './target-assignment.ts'

export interface MemberChange {
  /** As it was; with the metadata of the one whose place it takes. */
  readonly old: ConsumerMember
  readonly member: ConsumerMember
}

/** The group with the changed member; its epoch is the next one if `bump` or if its topics changed. */
export function updateEpoch(
  turn: ModernTurn,
  group: ConsumerGroup,
  change: MemberChange,
  bump: boolean,
): Omit<GroupPreview, 'member'> {
  const { groupId } = group
  let { groupEpoch } = group
  if (!bump && !group.isMetadataStale) {
    const { size } = group
    const homogeneous = isHomogeneous(group.subscribedPatterns(), group.subscribedTopics(), size)
    return { group, groupEpoch, homogeneous }
  }
  const topics = topicsAfter(group, change)
  const metadataHash = turn.soft.hashes.ofTopics(turn.metadata, topics.keys())
  if (bump || metadataHash !== group.metadataHash) {
    groupEpoch++
    turn.out.append(epochRecord(groupId, { groupEpoch, metadataHash }))
  }
  group.markMetadataChecked()
  if (group.hasOldMetadataRecord) turn.out.append(oldMetadataTombstone(groupId))
  const homogeneous = isHomogeneous(
    patternsAfter(group, change),
    topics,
    sizeAfter(group, change.member),
  )
  return { group, groupEpoch, homogeneous }
}

function sizeAfter(group: ConsumerGroup, { memberId, instanceId }: ConsumerMember): number {
  const known =
    group.member(memberId) !== undefined || group.staticMemberId(instanceId) !== undefined
  return known ? group.size : group.size + 1
}

function topicsAfter(
  group: ConsumerGroup,
  { old, member }: MemberChange,
): Map<string, Subscribers> {
  const topics = group.subscribedTopics()
  countNames(topics, old.subscribedTopics, -1)
  countNames(topics, member.subscribedTopics, 1)
  const pattern = patternOf(old)
  if (pattern !== null && pattern !== patternOf(member)) {
    if (group.patternSubscriberCount(pattern) === 1) dropMatches(topics, group, pattern)
  }
  return topics
}

function patternsAfter(group: ConsumerGroup, { old, member }: MemberChange): Map<string, number> {
  const patterns = group.subscribedPatterns()
  const before = patternOf(old)
  const after = patternOf(member)
  if (before === after) return patterns
  if (before !== null) countUp(patterns, before, -1)
  if (after !== null) countUp(patterns, after, 1)
  return patterns
}

/** The hash without members that go, and patterns that go with them. */
export function hashWithout(
  turn: ModernTurn,
  group: ConsumerGroup,
  members: readonly ConsumerMember[],
  patterns: readonly string[],
): bigint {
  const topics = group.subscribedTopics()
  for (const { subscribedTopics } of members) countNames(topics, subscribedTopics, -1)
  for (const pattern of patterns) dropMatches(topics, group, pattern)
  return turn.soft.hashes.ofTopics(turn.metadata, topics.keys())
}

function dropMatches(
  topics: Map<string, Subscribers>,
  group: ConsumerGroup,
  pattern: string,
): void {
  const resolved = group.resolvedPattern(pattern)
  if (resolved !== undefined) countMatches(topics, resolved.topics, -1)
}
