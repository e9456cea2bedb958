import { createTestWorld } from '@barnabas/base/testing'
import { GroupCoordinator } from '@barnabas/coordinator'
import {
  createLeaveGroupRequestMemberIdentity,
  createJoinGroupRequestProtocol,
  createOffsetCommitRequestPartition,
  createOffsetCommitRequestTopic,
  createOffsetDeleteRequestPartition,
  createOffsetDeleteRequestTopic,
  createOffsetFetchRequestGroup,
  createOffsetFetchRequestTopic,
  createSyncGroupRequestAssignment,
  DeleteGroupsRequest,
  DeleteGroupsResponse,
  DescribeGroupsRequest,
  DescribeGroupsResponse,
  ErrorCode,
  FindCoordinatorRequest,
  FindCoordinatorResponse,
  HeartbeatRequest,
  HeartbeatResponse,
  JoinGroupRequest,
  JoinGroupResponse,
  LeaveGroupRequest,
  LeaveGroupResponse,
  ListGroupsRequest,
  ListGroupsResponse,
  type MessageType,
  OffsetCommitRequest,
  OffsetCommitResponse,
  OffsetDeleteRequest,
  OffsetDeleteResponse,
  OffsetFetchRequest,
  OffsetFetchResponse,
  SyncGroupRequest,
  SyncGroupResponse,
} from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { CoordinatorLog } from '../../src/coordinators/coordinator-log.ts'
import { coordinatorMetadata } from '../../src/coordinators/coordinator-metadata.ts'
import { offsetCommit } from '../../src/handlers/08-offset-commit.ts'
import { offsetFetch } from '../../src/handlers/09-offset-fetch.ts'
import { findCoordinator } from '../../src/handlers/10-find-coordinator.ts'
import { joinGroup } from '../../src/handlers/11-join-group.ts'
import { heartbeat } from '../../src/handlers/12-heartbeat.ts'
import { leaveGroup } from '../../src/handlers/13-leave-group.ts'
import { syncGroup } from '../../src/handlers/14-sync-group.ts'
import { describeGroups } from '../../src/handlers/15-describe-groups.ts'
import { listGroups } from '../../src/handlers/16-list-groups.ts'
import { deleteGroups } from '../../src/handlers/42-delete-groups.ts'
import { offsetDelete } from '../../src/handlers/47-offset-delete.ts'
import { allowAll, type Authorizer } from '../../src/security/authorizer.ts'
import { denying, TestCluster } from '../support/test-cluster.ts'
import { TestExchange } from '../support/test-exchange.ts'
import { TestPartitions } from '../support/test-partitions.ts'

const OFFSETS = '__consumer_offsets'

async function setUp(authorizer: Authorizer = allowAll) {
  const world = createTestWorld()
  const cluster = new TestCluster().addBroker(1).addTopic(OFFSETS).addTopic('a', {}, {})
  const partitions = new TestPartitions(world, cluster)
  const [partition] = partitions.open(OFFSETS, { cleanup: { delete: false, compact: true } })
  const groups = new GroupCoordinator({
    world,
    writer: new CoordinatorLog({ topic: OFFSETS, find: () => partition! }),
    metadata: coordinatorMetadata(cluster.image()),
    partitionCount: 1,
    config: { initialRebalanceDelayMs: 0 },
    onBug: 'throw',
  })
  partitions.onProgress = (changed) => {
    groups.runtime.onHighWatermark(changed.index, changed.log.highWatermark)
  }
  groups.runtime.onElected(0, 0)
  await world.settle()
  const services = { authorizer, groups: () => groups }
  const created: string[] = []
  const exchange = new TestExchange([
    offsetCommit(services),
    offsetFetch(services),
    findCoordinator({ cluster, authorizer, createTopic: (name) => void created.push(name) }),
    joinGroup(services),
    heartbeat(services),
    leaveGroup(services),
    syncGroup(services),
    describeGroups(services),
    listGroups(services),
    deleteGroups(services),
    offsetDelete(services),
  ])
  const send = async <Q, A>(
    request: MessageType<Q>,
    response: MessageType<A>,
    version: number,
    fields: Partial<Q>,
  ) => {
    const answer = exchange.send(request, response, version, fields)
    await world.advance(1)
    return answer
  }
  return { world, cluster, created, exchange, send }
}

type Send = Awaited<ReturnType<typeof setUp>>['send']

const joining = (memberId: string): Partial<JoinGroupRequest> => ({
  groupId: 'g',
  memberId,
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 60_000,
  protocolType: 'consumer',
  protocols: [createJoinGroupRequestProtocol({ name: 'range', metadata: Buffer.from('topics') })],
})

/** The first and only member of the group, with its assignment. */
async function member(send: Send): Promise<string> {
  const named = await send(JoinGroupRequest, JoinGroupResponse, 9, joining(''))
  expect(named.errorCode).toBe(ErrorCode.MEMBER_ID_REQUIRED)
  const { memberId } = named
  const joined = await send(JoinGroupRequest, JoinGroupResponse, 9, joining(memberId))
  expect(joined).toMatchObject({ errorCode: 0, generationId: 1, leader: memberId })
  expect(Buffer.from(joined.members[0]!.metadata).toString()).toBe('topics')
  const assignment = Buffer.from('partitions')
  const synced = await send(SyncGroupRequest, SyncGroupResponse, 5, {
    groupId: 'g',
    generationId: 1,
    memberId,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [createSyncGroupRequestAssignment({ memberId, assignment })],
  })
  expect(synced.errorCode).toBe(0)
  expect(Buffer.from(synced.assignment).toString()).toBe('partitions')
  return memberId
}

const committing = (fields: Partial<OffsetCommitRequest> = {}): Partial<OffsetCommitRequest> => ({
  groupId: 'g',
  generationIdOrMemberEpoch: -1,
  topics: [
    createOffsetCommitRequestTopic({
      name: 'a',
      partitions: [
        createOffsetCommitRequestPartition({ committedOffset: 7, committedMetadata: 'note' }),
      ],
    }),
  ],
  ...fields,
})

test('a classic group from join to leave', async () => {
  const { send } = await setUp()
  const memberId = await member(send)
  const beating = { groupId: 'g', generationId: 1, memberId }
  expect((await send(HeartbeatRequest, HeartbeatResponse, 4, beating)).errorCode).toBe(0)
  const committed = await send(
    OffsetCommitRequest,
    OffsetCommitResponse,
    8,
    committing({ memberId, generationIdOrMemberEpoch: 1 }),
  )
  expect(committed.topics[0]!.partitions[0]!.errorCode).toBe(0)
  const described = await send(DescribeGroupsRequest, DescribeGroupsResponse, 6, {
    groups: ['g', 'missing'],
    includeAuthorizedOperations: true,
  })
  expect(described.groups).toMatchObject([
    {
      groupState: 'Stable',
      protocolData: 'range',
      members: [{ memberId, clientId: 'test-client', clientHost: '/127.0.0.1' }],
    },
    { errorCode: ErrorCode.GROUP_ID_NOT_FOUND, authorizedOperations: -2147483648 },
  ])
  // read, delete, describe, describe configs, alter configs
  expect(described.groups[0]!.authorizedOperations).toBe(0b1101_0100_1000)
  const listed = await send(ListGroupsRequest, ListGroupsResponse, 5, {})
  expect(listed.groups).toMatchObject([{ groupId: 'g', groupState: 'Stable' }])
  const left = await send(LeaveGroupRequest, LeaveGroupResponse, 5, {
    groupId: 'g',
    members: [createLeaveGroupRequestMemberIdentity({ memberId })],
  })
  expect(left).toMatchObject({ errorCode: 0, members: [{ memberId, errorCode: 0 }] })
  const deleted = await send(DeleteGroupsRequest, DeleteGroupsResponse, 2, { groupsNames: ['g'] })
  expect(deleted.results).toMatchObject([{ groupId: 'g', errorCode: 0 }])
})

test('OFF-09 offsets that were committed, and none where nothing was, in all versions', async () => {
  const { send } = await setUp()
  await send(OffsetCommitRequest, OffsetCommitResponse, 8, committing())
  for (const version of [1, 2, 5, 7]) {
    const { topics } = await send(OffsetFetchRequest, OffsetFetchResponse, version, {
      groupId: 'g',
      topics: [createOffsetFetchRequestTopic({ name: 'a', partitionIndexes: [0, 1] })],
    })
    expect(topics[0]!.partitions).toMatchObject([
      { committedOffset: 7, metadata: 'note', errorCode: 0 },
      { committedOffset: -1, metadata: '', errorCode: 0 },
    ])
  }
  for (const version of [8, 9]) {
    const { groups } = await send(OffsetFetchRequest, OffsetFetchResponse, version, {
      groups: [
        createOffsetFetchRequestGroup({ groupId: 'g', topics: null }),
        createOffsetFetchRequestGroup({ groupId: 'unknown', topics: null }),
      ],
    })
    expect(groups).toMatchObject([
      { groupId: 'g', errorCode: 0, topics: [{ name: 'a' }] },
      { groupId: 'unknown', errorCode: 0, topics: [] },
    ])
  }
})

test('OffsetDelete takes away what was committed', async () => {
  const { send } = await setUp()
  await send(OffsetCommitRequest, OffsetCommitResponse, 8, committing())
  const deleted = await send(OffsetDeleteRequest, OffsetDeleteResponse, 0, {
    groupId: 'g',
    topics: [
      createOffsetDeleteRequestTopic({
        name: 'a',
        partitions: [createOffsetDeleteRequestPartition({ partitionIndex: 0 })],
      }),
    ],
  })
  expect(deleted.topics[0]!.partitions).toMatchObject([{ partitionIndex: 0, errorCode: 0 }])
})

test('AZ-05 AZ-07 AZ-09 AZ-10 AZ-12 without the right to the group', async () => {
  const { send } = await setUp(denying('3 3 g', '6 3 g', '8 3 g'))
  const refused = ErrorCode.GROUP_AUTHORIZATION_FAILED
  for (const version of [0, 5, 9]) {
    const join = await send(JoinGroupRequest, JoinGroupResponse, version, joining('m'))
    expect(join).toMatchObject({ errorCode: refused, memberId: 'm' })
  }
  const of = { groupId: 'g' }
  expect((await send(SyncGroupRequest, SyncGroupResponse, 5, of)).errorCode).toBe(refused)
  expect((await send(HeartbeatRequest, HeartbeatResponse, 4, of)).errorCode).toBe(refused)
  expect((await send(LeaveGroupRequest, LeaveGroupResponse, 5, of)).errorCode).toBe(refused)
  expect((await send(OffsetDeleteRequest, OffsetDeleteResponse, 0, of)).errorCode).toBe(refused)
  const commit = await send(OffsetCommitRequest, OffsetCommitResponse, 9, committing())
  expect(commit.topics[0]!.partitions[0]!.errorCode).toBe(refused)
  const groups = ['g', 'other']
  const described = await send(DescribeGroupsRequest, DescribeGroupsResponse, 5, { groups })
  expect(described.groups.map(({ errorCode }) => errorCode)).toEqual([refused, 0])
  const deleted = await send(DeleteGroupsRequest, DeleteGroupsResponse, 2, { groupsNames: groups })
  expect(deleted.results.map(({ groupId, errorCode }) => [groupId, errorCode])).toEqual([
    ['other', ErrorCode.GROUP_ID_NOT_FOUND],
    ['g', refused],
  ])
})

test('AZ-06 OffsetFetch without the right to the group, or to a topic', async () => {
  const { send } = await setUp(denying('8 3 secret', '8 2 a'))
  for (const version of [1, 2, 7]) {
    const response = await send(OffsetFetchRequest, OffsetFetchResponse, version, {
      groupId: 'secret',
      topics: [createOffsetFetchRequestTopic({ name: 'a', partitionIndexes: [0] })],
    })
    const code = version === 1 ? response.topics[0]!.partitions[0]!.errorCode : response.errorCode
    expect(code).toBe(ErrorCode.GROUP_AUTHORIZATION_FAILED)
  }
  await send(OffsetCommitRequest, OffsetCommitResponse, 8, committing())
  const { groups } = await send(OffsetFetchRequest, OffsetFetchResponse, 8, {
    groups: ['g', 'secret'].map((groupId) =>
      createOffsetFetchRequestGroup({ groupId, topics: null }),
    ),
  })
  expect(groups).toMatchObject([
    { groupId: 'g', errorCode: 0, topics: [] },
    { groupId: 'secret', errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED },
  ])
})

test('AZ-11 ListGroups leaves out what may not be described', async () => {
  const committed = async (send: Send) => {
    await send(OffsetCommitRequest, OffsetCommitResponse, 8, committing())
    await send(OffsetCommitRequest, OffsetCommitResponse, 8, committing({ groupId: 'secret' }))
    const { errorCode, groups } = await send(ListGroupsRequest, ListGroupsResponse, 4, {})
    expect(errorCode).toBe(0)
    return groups.map(({ groupId }) => groupId).sort()
  }
  const byGroup = await setUp(denying('8 4 kafka-cluster', '8 3 secret'))
  expect(await committed(byGroup.send)).toEqual(['g'])
  const byCluster = await setUp(denying('8 3 secret'))
  expect(await committed(byCluster.send)).toEqual(['g', 'secret'])
})

test('SyncGroup names the protocol from version 5 on', async () => {
  const { send } = await setUp()
  const { errorCode } = await send(SyncGroupRequest, SyncGroupResponse, 5, { groupId: 'g' })
  expect(errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
})

const SHARE_KEY = `g:with:colons:${'A'.repeat(21)}Q:3`

test('FCO-01 groups, transactions and share partitions, with the right to each', async () => {
  const { send, cluster } = await setUp(denying('8 3 secret', '8 5 secret'))
  cluster.addTopic('__transaction_state', {}, {}).addTopic('__share_group_state')
  const find = async (version: number, keyType: number, ...coordinatorKeys: string[]) => {
    const asked = { keyType, coordinatorKeys }
    const { coordinators } = await send(
      FindCoordinatorRequest,
      FindCoordinatorResponse,
      version,
      asked,
    )
    return coordinators.map(({ errorCode, nodeId }) => [errorCode, nodeId])
  }
  expect(await find(4, 0, 'g', 'secret')).toEqual([
    [0, 1],
    [ErrorCode.GROUP_AUTHORIZATION_FAILED, -1],
  ])
  expect(await find(4, 1, 'tx', 'secret')).toEqual([
    [0, 1],
    [ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, -1],
  ])
  expect(await find(6, 2, SHARE_KEY, 'g:x:3', 'x')).toEqual([
    [0, 1],
    [ErrorCode.INVALID_REQUEST, -1],
    [ErrorCode.INVALID_REQUEST, -1],
  ])
  expect(await find(5, 2, SHARE_KEY)).toEqual([[ErrorCode.INVALID_REQUEST, -1]])
  expect(await find(6, 9, 'g')).toEqual([[ErrorCode.INVALID_REQUEST, -1]])
})

test('FCO-02 the leader of the partition that the hash of the key points to', async () => {
  const { send, cluster } = await setUp()
  cluster.addBroker(2).addTopic('__transaction_state', { replicas: [1] }, { replicas: [2] })
  const node = async (key: string) => {
    const asked = { key, keyType: 1 }
    const { nodeId, host } = await send(FindCoordinatorRequest, FindCoordinatorResponse, 1, asked)
    return [nodeId, host]
  }
  // The hash of one letter is its code: 97, 98.
  expect(await node('a')).toEqual([2, 'broker-2'])
  expect(await node('b')).toEqual([1, 'broker-1'])
})

test('FCO-03 a missing topic is made; it or its leader not being there is told', async () => {
  const { send, cluster, created } = await setUp()
  const asked = { key: 'tx', keyType: 1 }
  const none = { errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE, nodeId: -1, host: '', port: -1 }
  for (const version of [1, 3]) {
    const found = await send(FindCoordinatorRequest, FindCoordinatorResponse, version, asked)
    expect(found).toMatchObject(none)
  }
  expect(created).toEqual(['__transaction_state', '__transaction_state'])
  cluster.addTopic('__transaction_state', { leader: -1 })
  const found = await send(FindCoordinatorRequest, FindCoordinatorResponse, 3, asked)
  expect(found).toMatchObject(none)
  expect(created).toHaveLength(2)
})
