/**
 * The group coordinator of a broker: the requests of clients, each run on the shard that serves its group.
 * Whatever happens is a response with an error code; promises do not reject.
 */
import { ApiError, coordinatorPartition, type World } from '@barnabas/base'
import {
  createDeleteGroupsResponse,
  createDeleteGroupsResponseDeletableGroupResult,
  createDescribeGroupsResponse,
  createDescribeGroupsResponseDescribedGroup,
  createHeartbeatResponse,
  createLeaveGroupRequestMemberIdentity,
  createLeaveGroupResponse,
  createListGroupsResponse,
  createOffsetDeleteResponse,
  createOffsetFetchRequestGroup,
  createOffsetFetchRequestTopics,
  createOffsetFetchResponse,
  createOffsetFetchResponseGroup,
  createSyncGroupResponse,
  ErrorCode,
  type DeleteGroupsRequest,
  type DeleteGroupsResponse,
  type DescribeGroupsRequest,
  type DescribeGroupsResponse,
  type DescribeGroupsResponseDescribedGroup,
  type HeartbeatRequest,
  type HeartbeatResponse,
  type JoinGroupRequest,
  type JoinGroupResponse,
  type LeaveGroupRequest,
  type LeaveGroupResponse,
  type ListGroupsRequest,
  type ListGroupsResponse,
  type OffsetCommitRequest,
  type OffsetCommitResponse,
  type OffsetDeleteRequest,
  type OffsetDeleteResponse,
  type OffsetFetchRequest,
  type OffsetFetchRequestGroup,
  type OffsetFetchResponse,
  type OffsetFetchResponseGroup,
  type SyncGroupRequest,
  type SyncGroupResponse,
  type TxnOffsetCommitRequest,
  type TxnOffsetCommitResponse,
} from '@barnabas/protocol'
import { CoordinatorRuntime } from '../runtime/coordinator-runtime.ts'
import type { MetadataView } from '../runtime/metadata-view.ts'
import type { PartitionWriter } from '../runtime/partition-writer.ts'
import type { WriteOperation } from '../runtime/shard.ts'
import { joinFailure } from './classic/classic-rebalance.ts'
import {
  failedCommit,
  failedLeave,
  failedTransactionalCommit,
  singleGroupFetch,
} from './error-responses.ts'
import { defaultGroupCoordinatorConfig, type GroupCoordinatorConfig } from './group-config.ts'
import type { GroupKinds, RequestInfo } from './group-kinds.ts'
import { GroupShard } from './group-shard.ts'
import { resolvePatterns } from './modern/consumer/resolve-patterns.ts'
import {
  withCommitAccess,
  withDeleteAccess,
  withFetchAccess,
  withTransactionalCommitAccess,
  type TopicAccess,
} from './offsets/topic-access.ts'
import { groupRecordCodec } from './records.ts'

export interface GroupCoordinatorOptions {
  readonly world: Pick<World, 'clock' | 'timers' | 'entropy' | 'log'>
  readonly writer: PartitionWriter
  readonly metadata: MetadataView
  /** Of `__consumer_offsets`. */
  readonly partitionCount: number
  readonly config?: Partial<GroupCoordinatorConfig>
  readonly onBug?: 'throw' | 'reload'
}

const NULLABLE_PROTOCOL_NAME_VERSION = 7
const MANY_MEMBERS_VERSION = 3
const MANY_GROUPS_VERSION = 8
const TOPIC_IDS_VERSION = 10

export class GroupCoordinator {
  /** Where the broker reports elections, committed offsets, ends of transactions and metadata. */
  readonly runtime: CoordinatorRuntime<GroupShard, GroupKinds>
  readonly config: GroupCoordinatorConfig
  private readonly partitionCount: number

  constructor(options: GroupCoordinatorOptions) {
    const { world, writer, metadata, partitionCount, onBug = 'reload' } = options
    const config = { ...defaultGroupCoordinatorConfig, ...options.config }
    this.config = config
    this.partitionCount = partitionCount
    this.runtime = new CoordinatorRuntime<GroupShard, GroupKinds>({
      name: 'group-coordinator',
      world,
      writer,
      codec: groupRecordCodec,
      metadata,
      createShard: (_partition, timeline) => new GroupShard(timeline, config),
      runTask: (_partition, _leaderEpoch, task) => resolvePatterns(task),
      onBug,
    })
  }

  /** The partition of `__consumer_offsets` whose leader coordinates the group. */
  partitionFor(groupId: string): number {
    return coordinatorPartition(groupId, this.partitionCount)
  }

  joinGroup(request: JoinGroupRequest, info: RequestInfo): Promise<JoinGroupResponse> {
    const { groupId, memberId, sessionTimeoutMs } = request
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = this.config
    const failed = (errorCode: number) => joinFailure(memberId, errorCode)
    if (sessionTimeoutMs < minSessionTimeoutMs || sessionTimeoutMs > maxSessionTimeoutMs) {
      return Promise.resolve(
        forVersion(
          failed(groupId === '' ? ErrorCode.INVALID_GROUP_ID : ErrorCode.INVALID_SESSION_TIMEOUT),
          info,
        ),
      )
    }
    return this.ofMember(
      groupId,
      'join group',
      (shard, context) => shard.joinGroup(request, info, context),
      failed,
      true,
    ).then((response) => forVersion(response, info))
  }

  syncGroup(request: SyncGroupRequest): Promise<SyncGroupResponse> {
    return this.ofMember(
      request.groupId,
      'sync group',
      (shard, context) => shard.syncGroup(request, context),
      (errorCode) => createSyncGroupResponse({ errorCode }),
      true,
    )
  }

  heartbeat(request: HeartbeatRequest): Promise<HeartbeatResponse> {
    return this.ofMember(
      request.groupId,
      'heartbeat',
      (shard, context) => shard.heartbeat(request, context),
      // Until the group is loaded nobody can know better than the member.
      (errorCode) =>
        createHeartbeatResponse({
          errorCode: errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ? 0 : errorCode,
        }),
    )
  }

  async leaveGroup(request: LeaveGroupRequest, info: RequestInfo): Promise<LeaveGroupResponse> {
    const single = info.apiVersion < MANY_MEMBERS_VERSION
    const { memberId } = request
    const asked = single
      ? { ...request, members: [createLeaveGroupRequestMemberIdentity({ memberId })] }
      : request
    const response = await this.ofMember(
      request.groupId,
      'leave group',
      (shard, context) => shard.leaveGroup(asked, context),
      (errorCode) =>
        errorCode === ErrorCode.UNKNOWN_MEMBER_ID
          ? failedLeave(asked, errorCode)
          : createLeaveGroupResponse({ errorCode }),
    )
    if (!single || response.errorCode !== 0) return response
    return createLeaveGroupResponse({ errorCode: response.members[0]?.errorCode ?? 0 })
  }

  commitOffsets(request: OffsetCommitRequest, info: RequestInfo): Promise<OffsetCommitResponse> {
    return withCommitAccess(this.access(info), request, (allowed) =>
      this.write(
        request.groupId,
        'commit offsets',
        (shard, context) => shard.commitOffsets(allowed, info, context),
        (errorCode) => failedCommit(allowed, errorCode),
        { timeoutMs: this.config.offsetsCommitTimeoutMs },
      ),
    )
  }

  /** `verificationGuard` goes to the log, which checks that the transaction is under way. */
  commitTransactionalOffsets(
    request: TxnOffsetCommitRequest,
    info: RequestInfo,
    verificationGuard?: unknown,
  ): Promise<TxnOffsetCommitResponse> {
    const { producerId, producerEpoch } = request
    const producer = { producerId, producerEpoch, verificationGuard }
    return withTransactionalCommitAccess(this.access(info), request, (allowed) =>
      this.write(
        request.groupId,
        'commit offsets in a transaction',
        (shard, context) => shard.commitTransactionalOffsets(allowed, info, context),
        (errorCode) => failedTransactionalCommit(allowed, errorCode),
        { timeoutMs: this.config.offsetsCommitTimeoutMs, producer },
      ),
    )
  }

  async fetchOffsets(request: OffsetFetchRequest, info: RequestInfo): Promise<OffsetFetchResponse> {
    const { requireStable } = request
    const fetch = (group: OffsetFetchRequestGroup) =>
      withFetchAccess(this.access(info), group, info.apiVersion >= TOPIC_IDS_VERSION, (allowed) =>
        this.fetchGroup(allowed, requireStable),
      )
    if (info.apiVersion >= MANY_GROUPS_VERSION) {
      return createOffsetFetchResponse({ groups: await Promise.all(request.groups.map(fetch)) })
    }
    const topics = request.topics?.map((topic) => createOffsetFetchRequestTopics(topic)) ?? null
    const group = createOffsetFetchRequestGroup({ groupId: request.groupId, topics })
    return singleGroupFetch(request, info.apiVersion, await fetch(group))
  }

  deleteOffsets(request: OffsetDeleteRequest, info: RequestInfo): Promise<OffsetDeleteResponse> {
    return withDeleteAccess(this.access(info), request, (allowed) =>
      this.write(
        request.groupId,
        'delete offsets',
        (shard, context) => shard.deleteOffsets(allowed, context),
        (errorCode) => createOffsetDeleteResponse({ errorCode }),
      ),
    )
  }

  async describeGroups(
    request: DescribeGroupsRequest,
    info: RequestInfo,
  ): Promise<DescribeGroupsResponse> {
    const groups = request.groups.map((groupId) => this.describeGroup(groupId, info.apiVersion))
    return createDescribeGroupsResponse({ groups: await Promise.all(groups) })
  }

  /** The groups this broker coordinates. */
  async listGroups(request: ListGroupsRequest): Promise<ListGroupsResponse> {
    try {
      const groups = await this.runtime.readAll((shard, offset) =>
        shard.listGroups(request, offset),
      )
      return createListGroupsResponse({ groups: groups.flat() })
    } catch (error) {
      return createListGroupsResponse({ errorCode: errorCodeOf(error) })
    }
  }

  async deleteGroups(request: DeleteGroupsRequest): Promise<DeleteGroupsResponse> {
    const results = request.groupsNames.map((groupId) =>
      this.write(
        groupId,
        'delete group',
        (shard, context) => shard.deleteGroup(groupId, context),
        (errorCode) => errorCode,
      ).then((errorCode) =>
        createDeleteGroupsResponseDeletableGroupResult({ groupId, errorCode: errorCode ?? 0 }),
      ),
    )
    return createDeleteGroupsResponse({ results: await Promise.all(results) })
  }

  private access({ isTopicAllowed }: RequestInfo): TopicAccess {
    return {
      metadata: this.runtime.currentMetadata,
      isAllowed: (topic) => isTopicAllowed?.(topic) ?? true,
    }
  }

  private fetchGroup(
    group: OffsetFetchRequestGroup,
    requireStable: boolean,
  ): Promise<OffsetFetchResponseGroup> {
    const { groupId } = group
    const failed = (errorCode: number) => createOffsetFetchResponseGroup({ groupId, errorCode })
    // Whether an offset is stable is decided on all commits there are; the response waits for them.
    if (requireStable) {
      return this.write(
        groupId,
        'fetch stable offsets',
        (shard, context) => shard.fetchStableOffsets(group, context),
        failed,
      )
    }
    return this.runtime
      .read(this.partitionFor(groupId), (shard, offset) => shard.fetchOffsets(group, false, offset))
      .catch((error: unknown) => failed(errorCodeOf(error)))
  }

  private describeGroup(
    groupId: string,
    apiVersion: number,
  ): Promise<DescribeGroupsResponseDescribedGroup> {
    return this.runtime
      .read(this.partitionFor(groupId), (shard, offset) =>
        shard.describeGroup(groupId, apiVersion, offset),
      )
      .catch((error: unknown) =>
        createDescribeGroupsResponseDescribedGroup({ groupId, errorCode: errorCodeOf(error) }),
      )
  }

  /** A request that only members make; their groups have names. */
  private ofMember<T>(
    groupId: string,
    name: string,
    operation: WriteOperation<GroupShard, GroupKinds, T>,
    onError: (errorCode: number) => T,
    mayPark = false,
  ): Promise<T> {
    if (groupId === '') return Promise.resolve(onError(ErrorCode.INVALID_GROUP_ID))
    return this.write(groupId, name, operation, onError, { mayPark })
  }

  private write<T, F>(
    groupId: string,
    name: string,
    operation: WriteOperation<GroupShard, GroupKinds, T>,
    onError: (errorCode: number) => F,
    options: Parameters<CoordinatorRuntime<GroupShard, GroupKinds>['write']>[3] = {},
  ): Promise<T | F> {
    return this.runtime
      .write(this.partitionFor(groupId), name, operation, options)
      .catch((error: unknown) => onError(errorCodeOf(error)))
  }
}

/** Older clients do not know that there may be no protocol. */
function forVersion(response: JoinGroupResponse, { apiVersion }: RequestInfo): JoinGroupResponse {
  if (apiVersion < NULLABLE_PROTOCOL_NAME_VERSION) response.protocolName ??= ''
  return response
}

function errorCodeOf(error: unknown): number {
  if (error instanceof ApiError) return error.errorCode
  throw error
}
