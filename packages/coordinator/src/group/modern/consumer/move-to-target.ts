/** Lets a member take its next step towards its target, and stores where it has come to. */
import type { TopicPartitions } from '../assignment.ts'
import type { ModernTurn } from '../modern-turn.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { isReconciledTo, patternOf, sameProgress, type ConsumerMember } from './consumer-member.ts'
import { progressRecord } from './consumer-records.ts'
import { limitRevocation } from './member-timers.ts'
import { reconcile } from './reconcile.ts'
import { topicIdsOf, type MemberTarget } from './target-assignment.ts'

export interface Move extends MemberTarget {
  readonly subscriptionChanged: boolean
  readonly owned: readonly TopicPartitions[] | null
}

export function moveToTarget(
  turn: ModernTurn,
  group: ConsumerGroup,
  member: ConsumerMember,
  { target, targetEpoch, subscriptionChanged, owned }: Move,
): ConsumerMember {
  if (!subscriptionChanged && isReconciledTo(member, targetEpoch)) return member
  const topics = subscriptionOf(group, member)
  const moved = reconcile(member, {
    target,
    targetEpoch,
    subscriptionChanged,
    topicIds: topicIdsOf(turn.metadata, topics),
    subscribes: topics.length > 0,
    owned,
    partitionEpoch: (topicId, partition) => group.partitionEpoch(topicId, partition),
  })
  if (sameProgress(member, moved)) return member
  turn.out.append(progressRecord(group.groupId, moved))
  // Classic members give up partitions by rejoining, which has a limit of its own.
  if (moved.classic === null) limitRevocation(turn, group.groupId, moved)
  return moved
}

function subscriptionOf(group: ConsumerGroup, member: ConsumerMember): readonly string[] {
  const pattern = patternOf(member)
  return pattern === null ? member.subscribedTopics : group.topicsOf(member)
}
