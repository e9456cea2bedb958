/** ConsumerGroupDescribe, one group at a time, as of a committed offset. */
import {
  createConsumerGroupDescribeResponseAssignment,
  createConsumerGroupDescribeResponseDescribedGroup,
  createConsumerGroupDescribeResponseMember,
  createConsumerGroupDescribeResponseTopicPartitions,
  type ConsumerGroupDescribeResponseAssignment,
  type ConsumerGroupDescribeResponseDescribedGroup,
  type ConsumerGroupDescribeResponseMember,
  type Uuid,
} from '@barnabas/protocol'
import type { MetadataView } from '../../../runtime/metadata-view.ts'
import type { Assignment } from '../assignment.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerMember } from './consumer-member.ts'
import type { OwnedPartitions } from './owned-partitions.ts'
import { assignorNameAt } from './target-assignment.ts'

const CLASSIC_MEMBER = 0
const CONSUMER_MEMBER = 1

export function describeConsumerGroup(
  group: ConsumerGroup,
  metadata: MetadataView,
  defaultAssignor: string,
  offset: number,
): ConsumerGroupDescribeResponseDescribedGroup {
  return createConsumerGroupDescribeResponseDescribedGroup({
    groupId: group.groupId,
    groupState: group.stateAt(offset),
    groupEpoch: group.epochAt(offset).groupEpoch,
    assignmentEpoch: group.targetEpochAt(offset).assignmentEpoch,
    assignorName: assignorNameAt(group, offset, defaultAssignor),
    members: [...group.membersAt(offset)].map((member) =>
      describeMember(member, group.targetAt(member.memberId, offset), metadata),
    ),
  })
}

function describeMember(
  member: ConsumerMember,
  target: Assignment,
  metadata: MetadataView,
): ConsumerGroupDescribeResponseMember {
  return createConsumerGroupDescribeResponseMember({
    memberId: member.memberId,
    memberEpoch: member.memberEpoch,
    instanceId: member.instanceId,
    rackId: member.rackId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    subscribedTopicNames: [...member.subscribedTopics],
    subscribedTopicRegex: member.subscribedPattern,
    assignment: describeAssignment(presentOf(member), metadata),
    targetAssignment: describeAssignment(target, metadata),
    memberType: member.classic === null ? CONSUMER_MEMBER : CLASSIC_MEMBER,
  })
}

/** All it has, what it is about to give up too. */
function presentOf({ assigned, pendingRevocation }: ConsumerMember): Map<Uuid, number[]> {
  const present = new Map<Uuid, number[]>()
  const add = (owned: OwnedPartitions): void => {
    for (const [topicId, epochs] of owned) {
      const partitions = present.get(topicId) ?? []
      partitions.push(...epochs.keys())
      present.set(topicId, partitions)
    }
  }
  add(assigned)
  add(pendingRevocation)
  return present
}

function describeAssignment(
  assignment: Assignment,
  metadata: MetadataView,
): ConsumerGroupDescribeResponseAssignment {
  const topicPartitions = [...assignment].flatMap(([topicId, partitions]) => {
    const topicName = metadata.topicById(topicId)?.name
    if (topicName === undefined) return []
    return createConsumerGroupDescribeResponseTopicPartitions({
      topicId,
      topicName,
      partitions: [...partitions].sort((one, other) => one - other),
    })
  })
  return createConsumerGroupDescribeResponseAssignment({ topicPartitions })
}
