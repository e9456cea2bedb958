/** The records of `__consumer_offsets`. */
import {
  ConsumerGroupCurrentMemberAssignmentKey,
  ConsumerGroupCurrentMemberAssignmentValue,
  ConsumerGroupMemberMetadataKey,
  ConsumerGroupMemberMetadataValue,
  ConsumerGroupMetadataKey,
  ConsumerGroupMetadataValue,
  ConsumerGroupPartitionMetadataKey,
  ConsumerGroupPartitionMetadataValue,
  ConsumerGroupRegularExpressionKey,
  ConsumerGroupRegularExpressionValue,
  ConsumerGroupTargetAssignmentMemberKey,
  ConsumerGroupTargetAssignmentMemberValue,
  ConsumerGroupTargetAssignmentMetadataKey,
  ConsumerGroupTargetAssignmentMetadataValue,
  GroupMetadataKey,
  GroupMetadataValue,
  LegacyOffsetCommitKey,
  LegacyOffsetCommitValue,
  OffsetCommitKey,
  OffsetCommitValue,
} from '@barnabas/protocol'
import {
  createRecordCodec,
  type RecordKind,
  type RecordKinds,
  type RecordOf,
} from '../runtime/record-kinds.ts'

/** Only version 1 has room for an expiry that a client asked for. */
const OFFSET_WITH_EXPIRY_VERSION = 1
const OFFSET_VERSION = 4
const GROUP_METADATA_VERSION = 3

export const groupRecordKinds = {
  /** Written by brokers before 0.9; only read. */
  legacyOffsetCommit: {
    key: LegacyOffsetCommitKey,
    value: LegacyOffsetCommitValue,
    valueVersion: () => 0,
  } satisfies RecordKind<LegacyOffsetCommitKey, LegacyOffsetCommitValue>,
  offsetCommit: {
    key: OffsetCommitKey,
    value: OffsetCommitValue,
    valueVersion: ({ expireTimestamp }: OffsetCommitValue) =>
      expireTimestamp === -1 ? OFFSET_VERSION : OFFSET_WITH_EXPIRY_VERSION,
  } satisfies RecordKind<OffsetCommitKey, OffsetCommitValue>,
  groupMetadata: {
    key: GroupMetadataKey,
    value: GroupMetadataValue,
    valueVersion: () => GROUP_METADATA_VERSION,
    holdsBytes: true,
  } satisfies RecordKind<GroupMetadataKey, GroupMetadataValue>,
  consumerGroupMetadata: {
    key: ConsumerGroupMetadataKey,
    value: ConsumerGroupMetadataValue,
    valueVersion: () => 0,
  } satisfies RecordKind<ConsumerGroupMetadataKey, ConsumerGroupMetadataValue>,
  /** Since 4.1 a hash in `consumerGroupMetadata` takes its place; only tombstones are written. */
  consumerGroupPartitionMetadata: {
    key: ConsumerGroupPartitionMetadataKey,
    value: ConsumerGroupPartitionMetadataValue,
    valueVersion: () => 0,
  } satisfies RecordKind<ConsumerGroupPartitionMetadataKey, ConsumerGroupPartitionMetadataValue>,
  consumerGroupMember: {
    key: ConsumerGroupMemberMetadataKey,
    value: ConsumerGroupMemberMetadataValue,
    valueVersion: () => 0,
    holdsBytes: true,
  } satisfies RecordKind<ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue>,
  consumerGroupTargetMetadata: {
    key: ConsumerGroupTargetAssignmentMetadataKey,
    value: ConsumerGroupTargetAssignmentMetadataValue,
    valueVersion: () => 0,
  } satisfies RecordKind<
    ConsumerGroupTargetAssignmentMetadataKey,
    ConsumerGroupTargetAssignmentMetadataValue
  >,
  consumerGroupTargetMember: {
    key: ConsumerGroupTargetAssignmentMemberKey,
    value: ConsumerGroupTargetAssignmentMemberValue,
    valueVersion: () => 0,
  } satisfies RecordKind<
    ConsumerGroupTargetAssignmentMemberKey,
    ConsumerGroupTargetAssignmentMemberValue
  >,
  consumerGroupCurrentMember: {
    key: ConsumerGroupCurrentMemberAssignmentKey,
    value: ConsumerGroupCurrentMemberAssignmentValue,
    valueVersion: () => 0,
  } satisfies RecordKind<
    ConsumerGroupCurrentMemberAssignmentKey,
    ConsumerGroupCurrentMemberAssignmentValue
  >,
  consumerGroupRegularExpression: {
    key: ConsumerGroupRegularExpressionKey,
    value: ConsumerGroupRegularExpressionValue,
    valueVersion: () => 0,
  } satisfies RecordKind<ConsumerGroupRegularExpressionKey, ConsumerGroupRegularExpressionValue>,
} satisfies RecordKinds

export type GroupRecord = RecordOf<typeof groupRecordKinds>

export const groupRecordCodec = createRecordCodec(groupRecordKinds)
