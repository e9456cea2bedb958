import { createTestWorld, type TestWorld } from '@barnabas/base/testing'
import {
  createDeleteGroupsRequest,
  createDescribeGroupsRequest,
  createHeartbeatRequest,
  createJoinGroupRequest,
  createJoinGroupRequestProtocol,
  createLeaveGroupRequest,
  createLeaveGroupRequestMemberIdentity,
  createListGroupsRequest,
  createOffsetCommitRequest,
  createOffsetCommitRequestPartition,
  createOffsetCommitRequestTopic,
  createOffsetDeleteRequest,
  createOffsetDeleteRequestPartition,
  createOffsetDeleteRequestTopic,
  createOffsetFetchRequest,
  createOffsetFetchRequestGroup,
  createOffsetFetchRequestTopic,
  createOffsetFetchRequestTopics,
  createSyncGroupRequest,
  createSyncGroupRequestAssignment,
  createTxnOffsetCommitRequest,
  createTxnOffsetCommitRequestPartition,
  createTxnOffsetCommitRequestTopic,
  ErrorCode,
  type JoinGroupResponse,
} from '@barnabas/protocol'
import { beforeEach, describe, expect, test } from 'vitest'
import { EMPTY_METADATA, GroupCoordinator, type MetadataView } from '../../src/index.ts'
import { subscription } from '../support/group-context.ts'
import { MemoryLog } from '../support/memory-log.ts'

const PARTITIONS = 4
const ORDERS = { name: 'orders', id: 'b3JkZXJzb3JkZXJzb3JkZQ', partitionCount: 2, racks: () => [] }
const SECRET = { name: 'secret', id: 'c2VjcmV0c2VjcmV0c2VjcQ', partitionCount: 2, racks: () => [] }

const METADATA: MetadataView = {
  ...EMPTY_METADATA,
  topic: (name) => [ORDERS, SECRET].find((topic) => topic.name === name),
  topicById: (id) => [ORDERS, SECRET].find((topic) => topic.id === id),
}

let world: TestWorld
let log: MemoryLog
let groups: GroupCoordinator

beforeEach(async () => {
  world = createTestWorld()
  log = new MemoryLog()
  groups = new GroupCoordinator({
    world,
    writer: log,
    metadata: METADATA,
    partitionCount: PARTITIONS,
    onBug: 'throw',
  })
  log.onHighWatermark = (partition, offset) => groups.runtime.onHighWatermark(partition, offset)
  for (let partition = 0; partition < PARTITIONS; partition++)
    groups.runtime.onElected(partition, 1)
  await world.settle()
})

const info = (apiVersion: number) => ({ apiVersion, clientId: 'client', clientHost: '/127.0.0.1' })

function joinRequest(groupId: string, memberId = '', protocolType = 'consumer') {
  const metadata = subscription(['orders'])
  return createJoinGroupRequest({
    groupId,
    memberId,
    protocolType,
    sessionTimeoutMs: 30_000,
    rebalanceTimeoutMs: 60_000,
    protocols: [createJoinGroupRequestProtocol({ name: 'range', metadata })],
  })
}

/** A stable group of one. */
async function stableGroup(groupId: string, protocolType = 'consumer'): Promise<JoinGroupResponse> {
  const { memberId } = await world.complete(
    groups.joinGroup(joinRequest(groupId, '', protocolType), info(9)),
  )
  const joined = await world.complete(
    groups.joinGroup(joinRequest(groupId, memberId, protocolType), info(9)),
  )
  const { generationId } = joined
  const assignment = Buffer.from('partitions')
  const assignments = [createSyncGroupRequestAssignment({ memberId, assignment })]
  await groups.syncGroup(createSyncGroupRequest({ groupId, memberId, generationId, assignments }))
  return joined
}

function deleteTopic(name: string, partitionIndex: number) {
  const partitions = [createOffsetDeleteRequestPartition({ partitionIndex })]
  return createOffsetDeleteRequestTopic({ name, partitions })
}

function commitRequest(groupId: string, committedOffset = 5) {
  const partition = createOffsetCommitRequestPartition({ committedOffset, committedMetadata: '' })
  const topics = [createOffsetCommitRequestTopic({ name: 'orders', partitions: [partition] })]
  return createOffsetCommitRequest({ groupId, topics })
}

async function commitError(groupId: string): Promise<number> {
  const { topics } = await world.complete(groups.commitOffsets(commitRequest(groupId), info(9)))
  return topics[0]!.partitions[0]!.errorCode
}

test('FCO-02 NV-22 a group is served by the partition that the hash of its id names', () => {
  const of50 = new GroupCoordinator({
    world,
    writer: log,
    metadata: EMPTY_METADATA,
    partitionCount: 50,
  })
  const partitions = ['', 'a', 'ключ', '日本語', 'grüße', 'polygenelubricants'].map((groupId) =>
    of50.partitionFor(groupId),
  )
  expect(partitions).toEqual([0, 47, 32, 43, 23, 0])
})

describe('requests of members', () => {
  test('a consumer joins, syncs, lives and leaves', async () => {
    const { memberId, generationId } = await stableGroup('g')
    const member = { groupId: 'g', memberId, generationId }
    expect((await groups.heartbeat(createHeartbeatRequest(member))).errorCode).toBe(0)
    const again = await groups.syncGroup(createSyncGroupRequest(member))
    expect(Buffer.from(again.assignment).toString()).toBe('partitions')
    const leave = createLeaveGroupRequest({ groupId: 'g', memberId })
    expect((await groups.leaveGroup(leave, info(2))).errorCode).toBe(0)
    expect((await groups.heartbeat(createHeartbeatRequest(member))).errorCode).toBe(
      ErrorCode.UNKNOWN_MEMBER_ID,
    )
  })

  test('GRP-01 a coordinator that has moved or is loading says so; heartbeats are believed meanwhile', async () => {
    const partition = groups.partitionFor('g')
    const answers = async () => [
      (await groups.joinGroup(joinRequest('g'), info(9))).errorCode,
      (await groups.syncGroup(createSyncGroupRequest({ groupId: 'g' }))).errorCode,
      (await groups.heartbeat(createHeartbeatRequest({ groupId: 'g' }))).errorCode,
      (await groups.leaveGroup(createLeaveGroupRequest({ groupId: 'g' }), info(5))).errorCode,
      await commitError('g'),
    ]
    groups.runtime.onResigned(partition, 2)
    expect(await answers()).toEqual(Array.from({ length: 5 }, () => ErrorCode.NOT_COORDINATOR))
    let load: () => void = () => {}
    log.store(partition, { records: [], timestampMs: 0, producer: null, marker: null })
    log.beforeLoad = () =>
      new Promise<void>((resolve) => {
        load = resolve
      })
    groups.runtime.onElected(partition, 3)
    const loading = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    expect(await answers()).toEqual([loading, loading, 0, loading, loading])
    load()
  })

  test('GRP-02 a group of members must have a name', async () => {
    const invalid = ErrorCode.INVALID_GROUP_ID
    expect((await groups.joinGroup(joinRequest(''), info(9))).errorCode).toBe(invalid)
    expect((await groups.syncGroup(createSyncGroupRequest())).errorCode).toBe(invalid)
    expect((await groups.heartbeat(createHeartbeatRequest())).errorCode).toBe(invalid)
    expect((await groups.leaveGroup(createLeaveGroupRequest(), info(5))).errorCode).toBe(invalid)
    expect(await commitError('')).toBe(0)
    const { results } = await groups.deleteGroups(createDeleteGroupsRequest({ groupsNames: [''] }))
    expect(results[0]!.errorCode).toBe(0)
  })

  test('GRP-03 session timeouts have bounds', async () => {
    const request = joinRequest('g')
    for (const sessionTimeoutMs of [5_999, 1_800_001]) {
      const response = await groups.joinGroup({ ...request, sessionTimeoutMs }, info(9))
      expect(response.errorCode).toBe(ErrorCode.INVALID_SESSION_TIMEOUT)
    }
    const response = await groups.joinGroup({ ...request, sessionTimeoutMs: 6_000 }, info(9))
    expect(response.errorCode).toBe(ErrorCode.MEMBER_ID_REQUIRED)
  })

  test('a failure names no protocol, in words the version knows', async () => {
    const failed = (apiVersion: number) =>
      groups.joinGroup(joinRequest('g', 'unknown'), info(apiVersion))
    expect(await failed(6)).toMatchObject({ errorCode: 25, protocolName: '', generationId: -1 })
    expect(await failed(7)).toMatchObject({ errorCode: 25, protocolName: null })
  })

  test('GRP-22 leaving a group that is not there: each member is unknown', async () => {
    const identity = createLeaveGroupRequestMemberIdentity({ memberId: 'm' })
    const many = createLeaveGroupRequest({ groupId: 'g', members: [identity] })
    const response = await groups.leaveGroup(many, info(3))
    expect(response.errorCode).toBe(0)
    expect(response.members[0]!.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    const one = createLeaveGroupRequest({ groupId: 'g', memberId: 'm' })
    expect((await groups.leaveGroup(one, info(2))).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  test('GRP-19 followers are answered when the assignment is committed, not before', async () => {
    const first = await world.complete(groups.joinGroup(joinRequest('g'), info(9)))
    const joined = groups.joinGroup(joinRequest('g', first.memberId), info(9))
    const { memberId, generationId } = await world.complete(joined)
    log.holdWatermark = true
    let answered = false
    const synced = groups.syncGroup(
      createSyncGroupRequest({ groupId: 'g', memberId, generationId }),
    )
    void synced.then(() => {
      answered = true
    })
    await world.advance(1_000)
    expect(answered).toBe(false)
    log.commit(groups.partitionFor('g'))
    expect((await synced).errorCode).toBe(0)
  })
})

describe('offsets', () => {
  test('OFF-18 a commit is answered when it is committed, or refused when that takes too long', async () => {
    expect(await commitError('g')).toBe(0)
    log.holdWatermark = true
    expect(await commitError('g')).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    log.failures = [ErrorCode.NOT_LEADER_OR_FOLLOWER]
    expect(await commitError('g')).toBe(ErrorCode.NOT_COORDINATOR)
  })

  test('OFF-10 old versions ask for one group, new ones for many', async () => {
    await commitError('g')
    const topics = [createOffsetFetchRequestTopic({ name: 'orders', partitionIndexes: [0, 1] })]
    const one = createOffsetFetchRequest({ groupId: 'g', topics })
    const single = await groups.fetchOffsets(one, info(7))
    const offsets = single.topics[0]!.partitions.map(({ committedOffset }) => committedOffset)
    expect(offsets).toEqual([5, -1])
    const all = await groups.fetchOffsets(
      createOffsetFetchRequest({ groupId: 'g', topics: null }),
      info(7),
    )
    expect(all.topics[0]!.partitions.length).toBe(1)
    const asked = createOffsetFetchRequestGroup({
      groupId: 'g',
      topics: [createOffsetFetchRequestTopics({ name: 'orders', partitionIndexes: [0] })],
    })
    const unknown = createOffsetFetchRequestGroup({ groupId: 'nobody', topics: null })
    const many = await groups.fetchOffsets(
      createOffsetFetchRequest({ groups: [asked, unknown], requireStable: true }),
      info(9),
    )
    expect(many.groups.map((group) => [group.errorCode, group.topics.length])).toEqual([
      [0, 1],
      [0, 0],
    ])
  })

  test('an error of the group stands where the version has room for it', async () => {
    groups.runtime.onResigned(groups.partitionFor('g'), null)
    const topics = [createOffsetFetchRequestTopic({ name: 'orders', partitionIndexes: [0] })]
    const request = createOffsetFetchRequest({ groupId: 'g', topics })
    const old = await groups.fetchOffsets(request, info(1))
    expect(old.topics[0]!.partitions[0]).toMatchObject({
      committedOffset: -1,
      errorCode: ErrorCode.NOT_COORDINATOR,
    })
    expect((await groups.fetchOffsets(request, info(2))).errorCode).toBe(ErrorCode.NOT_COORDINATOR)
    const group = createOffsetFetchRequestGroup({ groupId: 'g', topics: null })
    for (const requireStable of [true, false]) {
      const many = createOffsetFetchRequest({ groups: [group], requireStable })
      const answer = await groups.fetchOffsets(many, info(9))
      expect(answer.groups[0]!.errorCode).toBe(ErrorCode.NOT_COORDINATOR)
    }
    const deletion = createOffsetDeleteRequest({ groupId: 'g', topics: [deleteTopic('orders', 0)] })
    expect((await groups.deleteOffsets(deletion, info(0))).errorCode).toBe(
      ErrorCode.NOT_COORDINATOR,
    )
  })

  test('OFF-16 offsets of a transaction are written in it, and count from its marker on', async () => {
    const partition = createTxnOffsetCommitRequestPartition({ committedOffset: 8 })
    const request = createTxnOffsetCommitRequest({
      groupId: 'g',
      producerId: 7,
      producerEpoch: 1,
      topics: [createTxnOffsetCommitRequestTopic({ name: 'orders', partitions: [partition] })],
    })
    const response = await groups.commitTransactionalOffsets(request, info(5), 'guard')
    expect(response.topics[0]!.partitions[0]!.errorCode).toBe(0)
    const served = groups.partitionFor('g')
    const producer = { producerId: 7, producerEpoch: 1 }
    expect(log.stored(served)[0]!.producer).toEqual({ ...producer, verificationGuard: 'guard' })
    await groups.runtime.completeTransaction(served, producer, 0, 'commit', 1_000)
    const all = await groups.fetchOffsets(
      createOffsetFetchRequest({ groupId: 'g', topics: null }),
      info(7),
    )
    expect(all.topics[0]!.partitions[0]!.committedOffset).toBe(8)
    groups.runtime.onResigned(served, null)
    const refused = await groups.commitTransactionalOffsets(request, info(5))
    expect(refused.topics[0]!.partitions[0]!.errorCode).toBe(ErrorCode.NOT_COORDINATOR)
  })
})

describe('topics', () => {
  const isTopicAllowed = (topic: string) => topic !== 'secret'
  const unknownId = 'dW5rbm93bnVua25vd251bg'

  function commitTopic(topic: { name?: string; topicId?: string }, ...indexes: number[]) {
    return createOffsetCommitRequestTopic({
      ...topic,
      partitions: indexes.map((partitionIndex) =>
        createOffsetCommitRequestPartition({ partitionIndex, committedOffset: 7 }),
      ),
    })
  }

  test('OFF-06 topics and partitions that are not there, or not for the client, are refused one by one', async () => {
    const topics = [
      commitTopic({ name: 'secret' }, 0),
      commitTopic({ name: 'orders' }, 1, 2, 0, -1),
      commitTopic({ name: 'nothing' }, 0),
    ]
    const request = createOffsetCommitRequest({ groupId: 'g', topics })
    const response = await groups.commitOffsets(request, { ...info(9), isTopicAllowed })
    expect(
      response.topics.map(({ name, partitions }) => [
        name,
        ...partitions.map(({ partitionIndex, errorCode }) => `${partitionIndex}: ${errorCode}`),
      ]),
    ).toEqual([
      ['secret', `0: ${ErrorCode.TOPIC_AUTHORIZATION_FAILED}`],
      ['orders', '1: 0', '2: 3', '0: 0', '-1: 3'],
      ['nothing', '0: 3'],
    ])
    const stored = log.stored(groups.partitionFor('g')).flatMap(({ records }) => records)
    expect(stored.length).toBe(2)
  })

  test('OFF-06 by id, which is stored; unknown ids have an error of their own', async () => {
    const topics = [
      commitTopic({ topicId: unknownId }, 0),
      commitTopic({ topicId: ORDERS.id }, 1),
      commitTopic({ topicId: SECRET.id }, 0),
    ]
    const request = createOffsetCommitRequest({ groupId: 'g', topics })
    const response = await groups.commitOffsets(request, { ...info(10), isTopicAllowed })
    expect(
      response.topics.map(({ topicId, partitions }) => [topicId, partitions[0]!.errorCode]),
    ).toEqual([
      [unknownId, ErrorCode.UNKNOWN_TOPIC_ID],
      [ORDERS.id, 0],
      [SECRET.id, ErrorCode.TOPIC_AUTHORIZATION_FAILED],
    ])
    const { value } = log.stored(groups.partitionFor('g'))[0]!.records[0]!
    expect(Buffer.from(value!).includes(Buffer.from(ORDERS.id, 'base64url'))).toBe(true)
    const ask = (ids: string[] | null) =>
      createOffsetFetchRequestGroup({
        groupId: 'g',
        topics:
          ids &&
          ids.map((topicId) => createOffsetFetchRequestTopics({ topicId, partitionIndexes: [1] })),
      })
    const fetch = createOffsetFetchRequest({
      groups: [ask([SECRET.id, ORDERS.id, unknownId]), ask(null)],
    })
    const fetched = await groups.fetchOffsets(fetch, { ...info(10), isTopicAllowed })
    expect(
      fetched.groups.map(({ topics: found }) =>
        found.map(({ topicId, partitions }) => [
          topicId,
          partitions[0]!.committedOffset,
          partitions[0]!.errorCode,
        ]),
      ),
    ).toEqual([
      [
        [SECRET.id, -1, ErrorCode.TOPIC_AUTHORIZATION_FAILED],
        [ORDERS.id, 7, 0],
        [unknownId, -1, ErrorCode.UNKNOWN_TOPIC_ID],
      ],
      [[ORDERS.id, 7, 0]],
    ])
  })

  test('OFF-10 who asks for all topics does not hear of those it may not see', async () => {
    const topics = [commitTopic({ name: 'secret' }, 0), commitTopic({ name: 'orders' }, 0)]
    await groups.commitOffsets(createOffsetCommitRequest({ groupId: 'g', topics }), info(9))
    const all = createOffsetFetchRequest({ groupId: 'g', topics: null })
    const fetched = await groups.fetchOffsets(all, { ...info(7), isTopicAllowed })
    expect(fetched.topics.map(({ name }) => name)).toEqual(['orders'])
    const asked = ['secret', 'gone'].map((name) =>
      createOffsetFetchRequestTopic({ name, partitionIndexes: [0] }),
    )
    const explicit = createOffsetFetchRequest({ groupId: 'g', topics: asked })
    const refused = await groups.fetchOffsets(explicit, { ...info(7), isTopicAllowed })
    expect(refused.topics.map(({ partitions }) => partitions[0]!.errorCode)).toEqual([
      ErrorCode.TOPIC_AUTHORIZATION_FAILED,
      0,
    ])
  })

  test('OFF-13 deletion refuses them one by one, unless the group is not there', async () => {
    await commitError('g')
    const topics = [deleteTopic('secret', 0), deleteTopic('orders', 0), deleteTopic('orders', 9)]
    const allowed = { ...info(0), isTopicAllowed }
    const request = createOffsetDeleteRequest({ groupId: 'g', topics })
    const response = await groups.deleteOffsets(request, allowed)
    expect(response.topics.map(({ partitions }) => partitions[0]!.errorCode)).toEqual([
      ErrorCode.TOPIC_AUTHORIZATION_FAILED,
      0,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ])
    const nobody = createOffsetDeleteRequest({ groupId: 'nobody', topics })
    const refused = await groups.deleteOffsets(nobody, allowed)
    expect(refused).toMatchObject({ errorCode: ErrorCode.GROUP_ID_NOT_FOUND, topics: [] })
  })
})

describe('administration', () => {
  const describeGroup = async (groupId: string, apiVersion = 6) => {
    const request = createDescribeGroupsRequest({ groups: [groupId] })
    return (await groups.describeGroups(request, info(apiVersion))).groups[0]!
  }
  const list = async (filter: { statesFilter?: string[]; typesFilter?: string[] } = {}) => {
    const { groups: listed } = await groups.listGroups(createListGroupsRequest(filter))
    return listed.map(({ groupId, groupState }) => `${groupId} ${groupState}`).sort()
  }

  test('GRP-25 NV-21 what members said and got is shown while the group is stable', async () => {
    const { memberId } = await stableGroup('g')
    const stable = await describeGroup('g')
    expect(stable).toMatchObject({
      errorCode: 0,
      groupState: 'Stable',
      protocolType: 'consumer',
      protocolData: 'range',
    })
    expect(stable.members[0]).toMatchObject({
      memberId,
      clientId: 'client',
      clientHost: '/127.0.0.1',
    })
    expect(Buffer.from(stable.members[0]!.memberAssignment).toString()).toBe('partitions')
    expect(stable.members[0]!.memberMetadata.length).toBeGreaterThan(0)
    void groups.joinGroup(joinRequest('g', ''), info(3))
    await world.settle()
    const preparing = await describeGroup('g')
    expect(preparing).toMatchObject({ groupState: 'PreparingRebalance', protocolData: '' })
    expect(preparing.members.length).toBe(2)
    expect(preparing.members[0]!.memberMetadata.length).toBe(0)
  })

  test('GRP-25 an unknown group is dead, or since version 6 not found', async () => {
    expect(await describeGroup('nobody', 5)).toMatchObject({ errorCode: 0, groupState: 'Dead' })
    expect(await describeGroup('nobody', 6)).toMatchObject({
      errorCode: ErrorCode.GROUP_ID_NOT_FOUND,
      groupState: 'Dead',
      errorMessage: 'Group nobody not found.',
    })
    groups.runtime.onResigned(groups.partitionFor('g'), null)
    expect((await describeGroup('g')).errorCode).toBe(ErrorCode.NOT_COORDINATOR)
  })

  test('GRP-26 groups of all shards are listed by state and type', async () => {
    await stableGroup('a')
    await commitError('b')
    await commitError('c')
    expect(await list()).toEqual(['a Stable', 'b Empty', 'c Empty'])
    expect(await list({ statesFilter: ['stable', 'nonsense'] })).toEqual(['a Stable'])
    expect(await list({ statesFilter: ['nonsense'] })).toEqual([])
    expect(await list({ typesFilter: ['Classic'] })).toEqual(['a Stable', 'b Empty', 'c Empty'])
    expect(await list({ typesFilter: ['share'] })).toEqual([])
    groups.runtime.onElected(0, 2)
    const loading = await groups.listGroups(createListGroupsRequest())
    expect(loading.errorCode).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
  })

  test('GRP-27 only a group without members can be deleted, with its offsets', async () => {
    const { memberId } = await stableGroup('a')
    await commitError('b')
    const groupsNames = ['a', 'b', 'nobody']
    const deleteAll = async () => {
      const { results } = await groups.deleteGroups(createDeleteGroupsRequest({ groupsNames }))
      return results.map(({ errorCode }) => errorCode)
    }
    const missing = ErrorCode.GROUP_ID_NOT_FOUND
    expect(await deleteAll()).toEqual([ErrorCode.NON_EMPTY_GROUP, 0, missing])
    expect(await list()).toEqual(['a Stable'])
    await groups.leaveGroup(createLeaveGroupRequest({ groupId: 'a', memberId }), info(2))
    expect(await deleteAll()).toEqual([0, missing, missing])
    for (let partition = 0; partition < PARTITIONS; partition++)
      groups.runtime.onElected(partition, 2)
    await world.settle()
    expect(await list()).toEqual([])
  })
})
