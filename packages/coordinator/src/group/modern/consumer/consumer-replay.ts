/**
 * Replay of the records of consumer groups. Total: whatever order compaction left, nothing throws; what
 * ends something that is not there ends nothing.
 */
import type { GroupRecord } from '../../records.ts'
import { toAssignment } from '../assignment.ts'
import { ConsumerGroup } from './consumer-group.ts'
import { newMember } from './consumer-member.ts'
import { withMetadata, withoutProgress, withProgress } from './consumer-records.ts'

export type ConsumerGroupRecord = Extract<GroupRecord, { type: `consumerGroup${string}` }>

/** The groups as replay needs them. */
export interface ConsumerGroups {
  consumer(groupId: string): ConsumerGroup | null
  consumerOrCreate(groupId: string): ConsumerGroup
  delete(groupId: string): void
}

export function replayConsumerGroup(groups: ConsumerGroups, record: ConsumerGroupRecord): void {
  const { groupId } = record.key
  if (record.value === null) {
    const group = groups.consumer(groupId)
    if (group !== null) replayTombstone(groups, group, record)
    return
  }
  const group = groups.consumerOrCreate(groupId)
  switch (record.type) {
    case 'consumerGroupMetadata': {
      const { epoch, metadataHash } = record.value
      return group.applyEpoch({ groupEpoch: epoch, metadataHash })
    }
    case 'consumerGroupPartitionMetadata':
      return group.applyOldMetadataRecord(true)
    case 'consumerGroupMember': {
      const member = memberOf(group, record.key.memberId)
      return group.applyMember(withMetadata(member, record.value))
    }
    case 'consumerGroupCurrentMember': {
      const member = memberOf(group, record.key.memberId)
      return group.applyMember(withProgress(member, record.value))
    }
    case 'consumerGroupTargetMember':
      return group.applyTarget(record.key.memberId, toAssignment(record.value.topicPartitions))
    case 'consumerGroupTargetMetadata': {
      const { assignmentEpoch, assignmentTimestamp } = record.value
      return group.applyTargetEpoch({ assignmentEpoch, assignedAtMs: assignmentTimestamp })
    }
    case 'consumerGroupRegularExpression': {
      const { topics, version, timestamp } = record.value
      const resolved = { topics: [...topics].sort(), version, resolvedAtMs: timestamp }
      return group.applyPattern(record.key.regularExpression, resolved)
    }
  }
}

function replayTombstone(
  groups: ConsumerGroups,
  group: ConsumerGroup,
  record: ConsumerGroupRecord,
): void {
  switch (record.type) {
    case 'consumerGroupMetadata':
      return groups.delete(group.groupId)
    case 'consumerGroupPartitionMetadata':
      return group.applyOldMetadataRecord(false)
    case 'consumerGroupMember':
      return group.applyRemoval(record.key.memberId)
    case 'consumerGroupCurrentMember': {
      const member = group.member(record.key.memberId)
      if (member !== undefined) group.applyMember(withoutProgress(member))
      return
    }
    case 'consumerGroupTargetMember':
      return group.applyTarget(record.key.memberId, null)
    case 'consumerGroupTargetMetadata':
      return group.applyTargetEpoch(null)
    case 'consumerGroupRegularExpression':
      return group.applyPattern(record.key.regularExpression, null)
  }
}

function memberOf(group: ConsumerGroup, memberId: string) {
  return group.member(memberId) ?? newMember(memberId)
}
