/** The records of consumer groups, as they are written and as they are read. */
import {
  createConsumerGroupCurrentMemberAssignmentKey,
  createConsumerGroupCurrentMemberAssignmentValue,
  createConsumerGroupMemberMetadataKey,
  createConsumerGroupMemberMetadataValue,
  createConsumerGroupMetadataKey,
  createConsumerGroupMetadataValue,
  createConsumerGroupPartitionMetadataKey,
  createConsumerGroupRegularExpressionKey,
  createConsumerGroupRegularExpressionValue,
  createConsumerGroupTargetAssignmentMemberKey,
  createConsumerGroupTargetAssignmentMemberValue,
  createConsumerGroupTargetAssignmentMemberValueTopicPartition,
  createConsumerGroupTargetAssignmentMetadataKey,
  createConsumerGroupTargetAssignmentMetadataValue,
  type ConsumerGroupCurrentMemberAssignmentValue,
  type ConsumerGroupMemberMetadataValue,
} from '@barnabas/protocol'
import type { GroupRecord } from '../../records.ts'
import type { Assignment } from '../assignment.ts'
import type { GroupEpoch, TargetEpoch } from '../modern-group.ts'
import type { ConsumerGroup, ResolvedPattern } from './consumer-group.ts'
import { NOTHING_OWNED, fromStored, toStored } from './owned-partitions.ts'
import { topicList, type ConsumerMember, type ConsumerMemberState } from './consumer-member.ts'

const STATE_CODES: Record<ConsumerMemberState, number> = {
  stable: 0,
  unrevokedPartitions: 1,
  unreleasedPartitions: 2,
  unknown: 127,
}

export function memberRecord(groupId: string, member: ConsumerMember): GroupRecord {
  const { memberId } = member
  return {
    type: 'consumerGroupMember',
    key: createConsumerGroupMemberMetadataKey({ groupId, memberId }),
    value: createConsumerGroupMemberMetadataValue({
      instanceId: member.instanceId,
      rackId: member.rackId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      subscribedTopicNames: [...member.subscribedTopics],
      subscribedTopicRegex: member.subscribedPattern,
      rebalanceTimeoutMs: member.rebalanceTimeoutMs,
      serverAssignor: member.serverAssignor,
      classicMemberMetadata: member.classic,
    }),
  }
}

export function progressRecord(groupId: string, member: ConsumerMember): GroupRecord {
  const { memberId, memberEpoch, previousMemberEpoch, state } = member
  return {
    type: 'consumerGroupCurrentMember',
    key: createConsumerGroupCurrentMemberAssignmentKey({ groupId, memberId }),
    value: createConsumerGroupCurrentMemberAssignmentValue({
      memberEpoch,
      previousMemberEpoch,
      state: STATE_CODES[state],
      assignedPartitions: toStored(member.assigned),
      partitionsPendingRevocation: toStored(member.pendingRevocation),
    }),
  }
}

export function targetRecord(groupId: string, memberId: string, target: Assignment): GroupRecord {
  return {
    type: 'consumerGroupTargetMember',
    key: createConsumerGroupTargetAssignmentMemberKey({ groupId, memberId }),
    value: createConsumerGroupTargetAssignmentMemberValue({
      topicPartitions: [...target].map(([topicId, partitions]) =>
        createConsumerGroupTargetAssignmentMemberValueTopicPartition({
          topicId,
          partitions: [...partitions],
        }),
      ),
    }),
  }
}

export function epochRecord(
  groupId: string,
  { groupEpoch, metadataHash }: GroupEpoch,
): GroupRecord {
  return {
    type: 'consumerGroupMetadata',
    key: createConsumerGroupMetadataKey({ groupId }),
    value: createConsumerGroupMetadataValue({ epoch: groupEpoch, metadataHash }),
  }
}

export function targetEpochRecord(
  groupId: string,
  { assignmentEpoch, assignedAtMs }: TargetEpoch,
): GroupRecord {
  return {
    type: 'consumerGroupTargetMetadata',
    key: createConsumerGroupTargetAssignmentMetadataKey({ groupId }),
    value: createConsumerGroupTargetAssignmentMetadataValue({
      assignmentEpoch,
      assignmentTimestamp: assignedAtMs,
    }),
  }
}

export function patternRecord(
  groupId: string,
  regularExpression: string,
  { topics, version, resolvedAtMs }: ResolvedPattern,
): GroupRecord {
  return {
    type: 'consumerGroupRegularExpression',
    key: createConsumerGroupRegularExpressionKey({ groupId, regularExpression }),
    value: createConsumerGroupRegularExpressionValue({
      topics: [...topics],
      version,
      timestamp: resolvedAtMs,
    }),
  }
}

export function patternTombstone(groupId: string, regularExpression: string): GroupRecord {
  const key = createConsumerGroupRegularExpressionKey({ groupId, regularExpression })
  return { type: 'consumerGroupRegularExpression', key, value: null }
}

/** Ends the record that brokers before 4.1 wrote. */
export function oldMetadataTombstone(groupId: string): GroupRecord {
  const key = createConsumerGroupPartitionMetadataKey({ groupId })
  return { type: 'consumerGroupPartitionMetadata', key, value: null }
}

/** In the order in which they must be replayed: first what the member has, then itself. */
export function memberTombstones(groupId: string, memberId: string): GroupRecord[] {
  return [
    progressTombstone(groupId, memberId),
    targetTombstone(groupId, memberId),
    memberTombstone(groupId, memberId),
  ]
}

/** All of a group; `memberIds` are those that have records by now. */
export function groupTombstones(group: ConsumerGroup, memberIds: readonly string[]): GroupRecord[] {
  const { groupId } = group
  return [
    ...memberIds.map((memberId) => progressTombstone(groupId, memberId)),
    ...memberIds.map((memberId) => targetTombstone(groupId, memberId)),
    {
      type: 'consumerGroupTargetMetadata',
      key: createConsumerGroupTargetAssignmentMetadataKey({ groupId }),
      value: null,
    },
    ...memberIds.map((memberId) => memberTombstone(groupId, memberId)),
    ...[...group.resolvedPatterns()].map(([pattern]) => patternTombstone(groupId, pattern)),
    oldMetadataTombstone(groupId),
    {
      type: 'consumerGroupMetadata',
      key: createConsumerGroupMetadataKey({ groupId }),
      value: null,
    },
  ]
}

function progressTombstone(groupId: string, memberId: string): GroupRecord {
  const key = createConsumerGroupCurrentMemberAssignmentKey({ groupId, memberId })
  return { type: 'consumerGroupCurrentMember', key, value: null }
}

function targetTombstone(groupId: string, memberId: string): GroupRecord {
  const key = createConsumerGroupTargetAssignmentMemberKey({ groupId, memberId })
  return { type: 'consumerGroupTargetMember', key, value: null }
}

function memberTombstone(groupId: string, memberId: string): GroupRecord {
  const key = createConsumerGroupMemberMetadataKey({ groupId, memberId })
  return { type: 'consumerGroupMember', key, value: null }
}

export function withMetadata(
  member: ConsumerMember,
  value: ConsumerGroupMemberMetadataValue,
): ConsumerMember {
  return {
    ...member,
    instanceId: value.instanceId,
    rackId: value.rackId,
    clientId: value.clientId,
    clientHost: value.clientHost,
    subscribedTopics: topicList(value.subscribedTopicNames, member.subscribedTopics),
    subscribedPattern: value.subscribedTopicRegex,
    rebalanceTimeoutMs: value.rebalanceTimeoutMs,
    serverAssignor: value.serverAssignor,
    classic: value.classicMemberMetadata,
  }
}

export function withProgress(
  member: ConsumerMember,
  value: ConsumerGroupCurrentMemberAssignmentValue,
): ConsumerMember {
  const { memberEpoch, previousMemberEpoch } = value
  return {
    ...member,
    memberEpoch,
    previousMemberEpoch,
    state: stateOfCode(value.state),
    assigned: fromStored(value.assignedPartitions, memberEpoch),
    pendingRevocation: fromStored(value.partitionsPendingRevocation, memberEpoch),
  }
}

/** A member whose progress is gone is about to go itself. */
export function withoutProgress(member: ConsumerMember): ConsumerMember {
  return {
    ...member,
    memberEpoch: -1,
    previousMemberEpoch: -1,
    assigned: NOTHING_OWNED,
    pendingRevocation: NOTHING_OWNED,
  }
}

function stateOfCode(code: number): ConsumerMemberState {
  for (const [state, number] of Object.entries(STATE_CODES)) {
    if (number === code) return state as ConsumerMemberState
  }
  return 'unknown'
}
