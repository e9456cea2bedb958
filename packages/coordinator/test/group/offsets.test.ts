import {
  createOffsetCommitKey,
  createOffsetDeleteRequest,
  createOffsetDeleteRequestPartition,
  createOffsetDeleteRequestTopic,
  ErrorCode,
  ZERO_UUID,
} from '@barnabas/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EMPTY_METADATA } from '../../src/index.ts'
import { groupRecordCodec } from '../../src/group/records.ts'
import { errorOf } from '../support/errors.ts'
import { GROUP, GroupContext } from '../support/group-context.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const producer = { producerId: 7, producerEpoch: 2 }

let t: GroupContext
beforeEach(() => {
  t = new GroupContext()
})
afterEach(() => t.checkLaws())

/** Keeps the members alive while time passes. */
function live(ids: readonly string[], durationMs: number): void {
  for (let passed = 0; passed < durationMs; passed += MINUTE) {
    t.advance(MINUTE)
    for (const memberId of ids) t.heartbeat(memberId, t.group().generationId)
  }
}

describe('OffsetCommit', () => {
  test('OFF-01 NV-20 without members anybody may commit, and makes a simple group by that', () => {
    expect(t.commit({ 'a-0': 10, 'a-1': 11 })).toEqual([0, 0])
    expect(t.group()).toMatchObject({ state: 'Empty', protocolType: null })
    expect(t.commit({ 'a-0': 12 })).toEqual([0])
    expect(t.fetch(['a-0', 'a-1'])).toEqual({ 'a-0': 12, 'a-1': 11 })
    const [memberId] = t.stableGroup(1)
    t.leave({ memberId: memberId! })
    expect(t.commit({ 'a-0': 13 })).toEqual([0])
  })

  test('OFF-02 a generation of a group that is not there', () => {
    const commit = (apiVersion: number) => () =>
      t.commit({ 'a-0': 1 }, { apiVersion, generationIdOrMemberEpoch: 1, memberId: 'm' })
    expect(errorOf(commit(9))).toBe(ErrorCode.GROUP_ID_NOT_FOUND)
    expect(errorOf(commit(8))).toBe(ErrorCode.ILLEGAL_GENERATION)
    expect(t.shard.groups.size).toBe(0)
  })

  test('OFF-03 OFF-04 while a group has members only they commit, in their generation', () => {
    const [memberId] = t.stableGroup(2)
    const commit = (fields: object) => () => t.commit({ 'a-0': 1 }, fields)
    expect(errorOf(commit({}))).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    const stranger = { memberId: 'x', generationIdOrMemberEpoch: 1 }
    expect(errorOf(commit(stranger))).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    const wrong = { memberId: memberId!, generationIdOrMemberEpoch: 2 }
    expect(errorOf(commit(wrong))).toBe(ErrorCode.ILLEGAL_GENERATION)
    const right = { memberId: memberId!, generationIdOrMemberEpoch: 1 }
    expect(t.commit({ 'a-0': 1 }, right)).toEqual([0])
  })

  test('OFF-04 NV-20 a commit during a rebalance stands, one before the new assignment does not', () => {
    const [leader, follower] = t.stableGroup(2)
    t.join({ memberId: leader! })
    const member = { memberId: follower!, generationIdOrMemberEpoch: 1 }
    expect(t.commit({ 'a-0': 1 }, member)).toEqual([0])
    t.join({ memberId: follower! })
    expect(t.group().state).toBe('CompletingRebalance')
    const next = { memberId: follower!, generationIdOrMemberEpoch: 2 }
    expect(errorOf(() => t.commit({ 'a-0': 2 }, next))).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
    expect(
      t.commitInTransaction(producer, { 'a-0': 2 }, { memberId: follower!, generationId: 2 }),
    ).toEqual([0])
  })

  test('OFF-05 metadata that is too long is refused for its partition', () => {
    const long = 'x'.repeat(4097)
    expect(t.commit({ 'a-0': 1 }, { metadata: long })).toEqual([
      ErrorCode.OFFSET_METADATA_TOO_LARGE,
    ])
    expect(t.commit({ 'a-0': 1 }, { metadata: long.slice(1) })).toEqual([0])
    expect(t.commit({ 'a-1': 1 }, { metadata: null })).toEqual([0])
  })

  test('OFF-07 the leader epoch is stored and returned', () => {
    t.commit({ 'a-0': 1 })
    t.reload()
    expect(t.shard.offsets.committed.get(GROUP, 'a', 0)).toMatchObject({
      leaderEpoch: 5,
      metadata: 'note',
    })
  })

  test('OFF-08 an old client may say how long its offsets live', () => {
    t.commit({ 'a-0': 1 }, { apiVersion: 2, retentionTimeMs: 5 * MINUTE })
    const stored = groupRecordCodec.encode(t.records[0]!)
    expect(Buffer.from(stored.value!).readInt16BE(0)).toBe(1)
    t.commit({ 'a-1': 1 })
    t.advance(20 * MINUTE)
    expect(t.fetch(null)).toEqual({ 'a-1': 1 })
  })

  test('GRP-23 a commit keeps its member alive while the group is stable or rebalances', () => {
    const [leader, follower] = t.stableGroup(2)
    t.advance(9_000)
    t.heartbeat(leader!, 1)
    t.commit({ 'a-0': 1 }, { memberId: follower!, generationIdOrMemberEpoch: 1 })
    t.advance(9_000)
    expect(t.heartbeat(follower!, 1)).toBe(0)
    t.join({ memberId: leader! })
    t.advance(9_000)
    t.commit({ 'a-0': 1 }, { memberId: follower!, generationIdOrMemberEpoch: 1 })
    t.advance(9_000)
    expect(t.heartbeat(follower!, 1)).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
  })

  test('OFF-19 offsets are stored under key 1, version 4, and read in their oldest form too', () => {
    t.commit({ 'a-0': 258 })
    const { key, value } = groupRecordCodec.encode(t.records[0]!)
    const keyHex = `0001${text(GROUP)}${text('a')}00000000`
    expect(Buffer.from(key).toString('hex')).toBe(keyHex)
    expect(Buffer.from(value!).readInt16BE(0)).toBe(4)
    const old = Buffer.from(`0000${'0000000000000102'}${text('old')}${'0000000000000001'}`, 'hex')
    const record = groupRecordCodec.decode(Buffer.from(`0000${keyHex.slice(4)}`, 'hex'), old)!
    const meta = { offset: 9, producerId: -1, producerEpoch: -1, timestampMs: 0 }
    const { shard } = new GroupContext()
    shard.replay(record, meta)
    expect(shard.offsets.committed.get(GROUP, 'a', 0)).toEqual({
      committedOffset: 258,
      leaderEpoch: -1,
      metadata: 'old',
      commitTimestampMs: 1,
      expireTimestampMs: -1,
      topicId: ZERO_UUID,
      recordOffset: 9,
    })
  })
})

describe('OffsetFetch', () => {
  test('OFF-09 NV-21 what was never committed has offset -1 and no error', () => {
    expect(t.fetch(['a-0'], { groupId: 'nobody' })).toEqual({ 'a-0': -1 })
    expect(t.fetch(null, { groupId: 'nobody' })).toEqual({})
    t.commit({ 'a-0': 1 })
    expect(t.fetch(['a-1', 'b-0'])).toEqual({ 'a-1': -1, 'b-0': -1 })
  })

  test('OFF-10 null asks for all topics', () => {
    t.commit({ 'a-0': 1, 'a-3': 2, 'b-1': 3 })
    expect(t.fetch(null)).toEqual({ 'a-0': 1, 'a-3': 2, 'b-1': 3 })
    expect(t.fetch([])).toEqual({})
  })

  test('OFF-11 an offset that an open transaction would change is unstable for who asks', () => {
    t.commit({ 'a-0': 1, 'a-1': 2 })
    t.commitInTransaction(producer, { 'a-0': 5 })
    const unstable = `E${ErrorCode.UNSTABLE_OFFSET_COMMIT}`
    expect(t.fetch(['a-0', 'a-1'])).toEqual({ 'a-0': 1, 'a-1': 2 })
    expect(t.fetch(['a-0', 'a-1'], { requireStable: true })).toEqual({ 'a-0': unstable, 'a-1': 2 })
    expect(t.fetch(null, { requireStable: true })).toEqual({ 'a-0': unstable, 'a-1': 2 })
    t.endTransaction(producer, 'commit')
    expect(t.fetch(['a-0'], { requireStable: true })).toEqual({ 'a-0': 5 })
  })
})

describe('offsets in transactions', () => {
  test('OFF-16 they count when the transaction is committed, unless there is a newer commit', () => {
    t.commitInTransaction(producer, { 'a-0': 5, 'a-1': 6 })
    expect(t.fetch(null)).toEqual({})
    t.commit({ 'a-1': 9 })
    t.endTransaction(producer, 'commit')
    expect(t.fetch(null)).toEqual({ 'a-0': 5, 'a-1': 9 })
    t.commitInTransaction(producer, { 'a-0': 50 })
    t.endTransaction(producer, 'abort')
    t.endTransaction({ producerId: 99, producerEpoch: 0 }, 'commit')
    expect(t.fetch(['a-0'])).toEqual({ 'a-0': 5 })
    t.reload()
    expect(t.fetch(null)).toEqual({ 'a-0': 5, 'a-1': 9 })
  })

  test('OFF-16 transactions of several producers do not disturb each other', () => {
    const other = { producerId: 8, producerEpoch: 0 }
    t.commitInTransaction(producer, { 'a-0': 5 })
    t.commitInTransaction(other, { 'a-0': 6, 'b-0': 7 })
    t.endTransaction(other, 'abort')
    expect(t.fetch(['a-0'], { requireStable: true })).toEqual({
      'a-0': `E${ErrorCode.UNSTABLE_OFFSET_COMMIT}`,
    })
    t.endTransaction(producer, 'commit')
    expect(t.fetch(null, { requireStable: true })).toEqual({ 'a-0': 5 })
  })

  test('OFF-17 TXN-31 a zombie of an older generation cannot commit', () => {
    const [memberId] = t.stableGroup(1)
    const commit = (fields: object) => () => t.commitInTransaction(producer, { 'a-0': 1 }, fields)
    const old = { memberId: memberId!, generationId: 0 }
    expect(errorOf(commit(old))).toBe(ErrorCode.ILLEGAL_GENERATION)
    expect(errorOf(commit({ memberId: 'x', generationId: 1 }))).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    expect(commit({ memberId: memberId!, generationId: 1 })()).toEqual([0])
    expect(commit({})()).toEqual([0])
    const nowhere = { groupId: 'nobody', generationId: 1, memberId: 'm' }
    expect(errorOf(commit(nowhere))).toBe(ErrorCode.ILLEGAL_GENERATION)
  })
})

describe('the end of offsets', () => {
  const deletePartitions = (groupId: string, ...topics: string[]) => {
    const request = createOffsetDeleteRequest({
      groupId,
      topics: topics.map((name) =>
        createOffsetDeleteRequestTopic({
          name,
          partitions: [createOffsetDeleteRequestPartition({ partitionIndex: 0 })],
        }),
      ),
    })
    const response = t.call((shard, context) => shard.deleteOffsets(request, context))
    return response.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
  }

  test('OFF-13 an administrator deletes offsets of topics that nobody reads', () => {
    expect(errorOf(() => deletePartitions('nobody', 'a'))).toBe(ErrorCode.GROUP_ID_NOT_FOUND)
    t.commit({ 'orders-0': 1, 'a-0': 2 })
    t.commitInTransaction(producer, { 'a-0': 3 })
    t.stableGroup(1)
    expect(deletePartitions(GROUP, 'orders', 'a', 'b')).toEqual([
      ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC,
      0,
      0,
    ])
    expect(t.records).toEqual([
      {
        type: 'offsetCommit',
        key: createOffsetCommitKey({ group: GROUP, topic: 'a', partition: 0 }),
        value: null,
      },
    ])
    t.endTransaction(producer, 'commit')
    expect(t.fetch(null)).toEqual({ 'orders-0': 1 })
  })

  test('OFF-13 of groups whose protocol is not known only while they are empty', () => {
    t.commit({ 'a-0': 1 })
    const [memberId] = t.stableGroup(1, { protocolType: 'connect' })
    expect(errorOf(() => deletePartitions(GROUP, 'a'))).toBe(ErrorCode.NON_EMPTY_GROUP)
    t.leave({ memberId: memberId! })
    expect(deletePartitions(GROUP, 'a')).toEqual([0])
  })

  test('OFF-14 offsets of nobody expire seven days after their commit, and the group with the last', () => {
    t.commit({ 'a-0': 1 })
    t.advance(DAY)
    t.commit({ 'b-0': 2 })
    t.advance(6 * DAY)
    expect(t.fetch(null)).toEqual({ 'b-0': 2 })
    t.advance(DAY)
    expect(t.fetch(null)).toEqual({})
    expect(t.shard.groups.size).toBe(0)
  })

  test('OFF-14 those of a group expire seven days after it became empty', () => {
    const [memberId] = t.stableGroup(1, { sessionTimeoutMs: 30 * MINUTE })
    t.commit({ 'orders-0': 1 }, { memberId: memberId!, generationIdOrMemberEpoch: 1 })
    live([memberId!], 60 * MINUTE)
    t.leave({ memberId: memberId! })
    t.advance(7 * DAY - 1)
    expect(t.fetch(null)).toEqual({ 'orders-0': 1 })
    t.advance(10 * MINUTE)
    expect(t.fetch(null)).toEqual({})
    expect(t.shard.groups.size).toBe(0)
  })

  test('OFF-14 those of a stable group only for topics it does not read any more', () => {
    t.config.offsetsRetentionMs = 60 * MINUTE
    t.reload()
    t.commit({ 'orders-0': 1, 'old-0': 2 })
    const ids = t.stableGroup(1, { sessionTimeoutMs: 30 * MINUTE })
    live(ids, 55 * MINUTE)
    expect(t.fetch(null)).toEqual({ 'orders-0': 1, 'old-0': 2 })
    live(ids, 20 * MINUTE)
    expect(t.fetch(null)).toEqual({ 'orders-0': 1 })
  })

  test('OFF-14 a group of another protocol keeps its offsets while it has members', () => {
    t.config.offsetsRetentionMs = 60 * MINUTE
    t.reload()
    t.commit({ 'a-0': 1 })
    const ids = t.stableGroup(1, { protocolType: 'connect', sessionTimeoutMs: 30 * MINUTE })
    live(ids, 90 * MINUTE)
    expect(t.fetch(null)).toEqual({ 'a-0': 1 })
  })

  test('OFF-14 never while an open transaction would set them', () => {
    t.commit({ 'a-0': 1 })
    t.commitInTransaction(producer, { 'a-0': 5 })
    t.advance(8 * DAY)
    expect(t.fetch(null)).toEqual({ 'a-0': 1 })
    expect(t.shard.groups.size).toBe(1)
    t.endTransaction(producer, 'abort')
    t.advance(10 * MINUTE)
    expect(t.fetch(null)).toEqual({})
  })

  test('OFF-15 offsets of a deleted topic go with it', () => {
    t.commit({ 'a-0': 1, 'a-1': 2, 'b-0': 3 })
    t.commit({ 'a-0': 4 }, { groupId: 'other' })
    t.commitInTransaction(producer, { 'a-2': 5 })
    const deletedTopics = [{ id: ZERO_UUID, name: 'a' }]
    const change = {
      changedTopics: new Set(['a']),
      deletedTopics,
      changedGroups: new Set<string>(),
    }
    t.changeMetadata(EMPTY_METADATA, change)
    expect(t.records.length).toBe(4)
    t.endTransaction(producer, 'commit')
    expect(t.fetch(null)).toEqual({ 'b-0': 3 })
    expect(t.fetch(null, { groupId: 'other' })).toEqual({})
  })
})

function text(value: string): string {
  const length = Buffer.alloc(2)
  length.writeInt16BE(value.length)
  return Buffer.concat([length, Buffer.from(value)]).toString('hex')
}
