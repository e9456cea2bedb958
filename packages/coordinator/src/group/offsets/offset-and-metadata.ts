/** One committed offset. Immutable. */
import {
  createOffsetCommitKey,
  createOffsetCommitValue,
  type OffsetCommitValue,
  type Uuid,
} from '@barnabas/protocol'
import type { GroupRecord } from '../records.ts'

export interface OffsetAndMetadata {
  readonly committedOffset: number
  /** -1 when the client gave none. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestampMs: number
  /** -1: the broker's retention decides. */
  readonly expireTimestampMs: number
  readonly topicId: Uuid
  /** Where the record stands; decides between a transaction's commit and a plain one. */
  readonly recordOffset: number
}

export function fromRecord(value: OffsetCommitValue, recordOffset: number): OffsetAndMetadata {
  return {
    committedOffset: value.offset,
    leaderEpoch: value.leaderEpoch,
    metadata: value.metadata,
    commitTimestampMs: value.commitTimestamp,
    expireTimestampMs: value.expireTimestamp,
    topicId: value.topicId,
    recordOffset,
  }
}

export function offsetRecord(
  group: string,
  topic: string,
  partition: number,
  value: Omit<OffsetAndMetadata, 'recordOffset'>,
): GroupRecord {
  return {
    type: 'offsetCommit',
    key: createOffsetCommitKey({ group, topic, partition }),
    value: createOffsetCommitValue({
      offset: value.committedOffset,
      leaderEpoch: value.leaderEpoch,
      metadata: value.metadata,
      commitTimestamp: value.commitTimestampMs,
      expireTimestamp: value.expireTimestampMs,
      topicId: value.topicId,
    }),
  }
}

export function offsetTombstone(group: string, topic: string, partition: number): GroupRecord {
  return {
    type: 'offsetCommit',
    key: createOffsetCommitKey({ group, topic, partition }),
    value: null,
  }
}
