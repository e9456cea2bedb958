/**
 * All groups whose coordinator is one partition of `__consumer_offsets`. Requests come in as operations of
 * the runtime; what they do is in the modules of the protocol the group speaks.
 */
import { ApiError, type Timeline } from '@barnabas/base'
import {
  createGroupMetadataKey,
  createGroupMetadataValue,
  createOffsetCommitValue,
  ErrorCode,
  type ConsumerGroupDescribeResponseDescribedGroup,
  type ConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatResponse,
  type DescribeGroupsResponseDescribedGroup,
  type HeartbeatRequest,
  type HeartbeatResponse,
  type JoinGroupRequest,
  type JoinGroupResponse,
  type LeaveGroupRequest,
  type LeaveGroupResponse,
  type LegacyOffsetCommitValue,
  type ListGroupsRequest,
  type ListGroupsResponseListedGroup,
  type OffsetCommitKey,
  type OffsetCommitRequest,
  type OffsetCommitResponse,
  type OffsetCommitValue,
  type OffsetDeleteRequest,
  type OffsetDeleteResponse,
  type OffsetFetchRequestGroup,
  type OffsetFetchResponseGroup,
  type SyncGroupRequest,
  type SyncGroupResponse,
  type TxnOffsetCommitRequest,
  type TxnOffsetCommitResponse,
} from '@barnabas/protocol'
import { EMPTY_METADATA, type MetadataChange, type MetadataView } from '../runtime/metadata-view.ts'
import { OutcomeBuilder, type Outcome, type Parked } from '../runtime/outcome.ts'
import type {
  CoordinatorShard,
  OperationContext,
  RecordMeta,
  TransactionOutcome,
} from '../runtime/shard.ts'
import { onClassicEvent } from './classic/classic-events.ts'
import { ClassicGroup } from './classic/classic-group.ts'
import { joinGroup } from './classic/classic-join.ts'
import { keepAlive, prepareRebalance } from './classic/classic-rebalance.ts'
import { heartbeat, leaveGroup, syncGroup } from './classic/classic-sync.ts'
import { deleteGroup, describeGroup, listGroups, writeGroupTombstones } from './describe-groups.ts'
import type { GroupCoordinatorConfig } from './group-config.ts'
import type { GroupEvent, GroupKinds, RequestInfo, Turn } from './group-kinds.ts'
import { GroupRegistry } from './group-registry.ts'
import {
  heartbeatToConsumerGroup,
  joinConsumerGroup,
  leaveConsumerGroupAsClassic,
  syncConsumerGroup,
} from './modern/consumer/classic-members.ts'
import { onConsumerGroupEvent, onConsumerGroupLoaded } from './modern/consumer/consumer-events.ts'
import { consumerGroupHeartbeat } from './modern/consumer/consumer-heartbeat.ts'
import { replayConsumerGroup } from './modern/consumer/consumer-replay.ts'
import { describeConsumerGroup } from './modern/consumer/describe-consumer-group.ts'
import { onPatternsLookedUp } from './modern/consumer/patterns.ts'
import { onTopicsChanged } from './modern/metadata-changes.ts'
import { SoftState, type ModernTurn } from './modern/modern-turn.ts'
import { commitOffsets, commitTransactionalOffsets } from './offsets/commit-offsets.ts'
import { deleteOffsets, deleteTopicOffsets, expireOffsets } from './offsets/delete-offsets.ts'
import { fetchOffsets, NEWEST } from './offsets/fetch-offsets.ts'
import { fromRecord } from './offsets/offset-and-metadata.ts'
import { OffsetStore } from './offsets/offset-store.ts'
import type { GroupRecord } from './records.ts'
import { EXPIRY_TIMER } from './timer-keys.ts'

export class GroupShard implements CoordinatorShard<GroupKinds> {
  readonly groups: GroupRegistry
  readonly offsets: OffsetStore
  private readonly config: GroupCoordinatorConfig
  private readonly soft: SoftState
  /** Replaced as a whole by each change. */
  private metadata: MetadataView = EMPTY_METADATA

  constructor(timeline: Timeline, config: GroupCoordinatorConfig) {
    this.config = config
    this.groups = new GroupRegistry(timeline)
    this.offsets = new OffsetStore(timeline)
    this.soft = new SoftState(timeline)
  }

  // ---- classic groups

  joinGroup(
    request: JoinGroupRequest,
    info: RequestInfo,
    context: OperationContext,
  ): Outcome<GroupKinds, JoinGroupResponse | Parked> {
    const turn = this.turn(context)
    const { groupId, memberId } = request
    const present = this.groups.get(groupId)
    if (present?.type === 'consumer' && present.size > 0) {
      return turn.out.respond(joinConsumerGroup(turn, present, request, info))
    }
    const known = present?.type === 'classic'
    // Only who brings no member id can be the first of a group.
    if (!known && memberId !== '') throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID)
    const group = known ? present : this.newClassicGroup(turn, groupId)
    const response = joinGroup(turn, group, request, info)
    if (!known) this.storeNewGroup(turn, groupId, response)
    return turn.out.respond(response)
  }

  syncGroup(
    request: SyncGroupRequest,
    context: OperationContext,
  ): Outcome<GroupKinds, SyncGroupResponse | Parked> {
    const turn = this.turn(context)
    const consumer = this.groups.consumer(request.groupId)
    if (consumer !== null) return turn.out.respond(syncConsumerGroup(turn, consumer, request))
    const group = this.groups.classicOfMember(request.groupId)
    return turn.out.respond(syncGroup(turn, group, request))
  }

  heartbeat(
    request: HeartbeatRequest,
    context: OperationContext,
  ): Outcome<GroupKinds, HeartbeatResponse> {
    const turn = this.turn(context)
    const consumer = this.groups.consumer(request.groupId)
    if (consumer !== null) {
      return turn.out.respond(heartbeatToConsumerGroup(turn, consumer, request))
    }
    const group = this.groups.classicOfMember(request.groupId)
    return turn.out.respond(heartbeat(turn, group, request))
  }

  leaveGroup(
    request: LeaveGroupRequest,
    context: OperationContext,
  ): Outcome<GroupKinds, LeaveGroupResponse> {
    const turn = this.turn(context)
    const consumer = this.groups.consumer(request.groupId)
    if (consumer !== null) {
      return turn.out.respond(leaveConsumerGroupAsClassic(turn, consumer, request))
    }
    const group = this.groups.classicOfMember(request.groupId)
    return turn.out.respond(leaveGroup(turn, group, request))
  }

  // ---- consumer groups

  consumerGroupHeartbeat(
    request: ConsumerGroupHeartbeatRequest,
    info: RequestInfo,
    context: OperationContext,
  ): Outcome<GroupKinds, ConsumerGroupHeartbeatResponse> {
    const turn = this.turn(context)
    return turn.out.respond(consumerGroupHeartbeat(turn, request, info))
  }

  describeConsumerGroup(
    groupId: string,
    committedOffset: number,
  ): ConsumerGroupDescribeResponseDescribedGroup {
    const group = this.groups.getAt(groupId, committedOffset)
    if (group?.type !== 'consumer') {
      throw new ApiError(ErrorCode.GROUP_ID_NOT_FOUND, `There is no consumer group ${groupId}.`)
    }
    const defaultAssignor = this.config.consumerAssignors[0]!
    return describeConsumerGroup(group, this.metadata, defaultAssignor, committedOffset)
  }

  // ---- offsets

  commitOffsets(
    request: OffsetCommitRequest,
    info: RequestInfo,
    context: OperationContext,
  ): Outcome<GroupKinds, OffsetCommitResponse> {
    const turn = this.turn(context)
    return turn.out.respond(commitOffsets(turn, this.groups, request, info))
  }

  commitTransactionalOffsets(
    request: TxnOffsetCommitRequest,
    info: RequestInfo,
    context: OperationContext,
  ): Outcome<GroupKinds, TxnOffsetCommitResponse> {
    const turn = this.turn(context)
    const { groups, metadata } = this
    return turn.out.respond(commitTransactionalOffsets(turn, groups, metadata, request, info))
  }

  deleteOffsets(
    request: OffsetDeleteRequest,
    context: OperationContext,
  ): Outcome<GroupKinds, OffsetDeleteResponse> {
    const turn = this.turn(context)
    return turn.out.respond(deleteOffsets(turn, this.groups, this.offsets, request))
  }

  /** What is committed; `requireStable` refuses what an open transaction would change. */
  fetchOffsets(
    request: OffsetFetchRequestGroup,
    requireStable: boolean,
    committedOffset: number,
  ): OffsetFetchResponseGroup {
    return fetchOffsets(this.groups, this.offsets, request, requireStable, committedOffset)
  }

  /** The same on what is not committed yet: the response then waits for that. */
  fetchStableOffsets(
    request: OffsetFetchRequestGroup,
    context: OperationContext,
  ): Outcome<GroupKinds, OffsetFetchResponseGroup> {
    return this.turn(context).out.respond(this.fetchOffsets(request, true, NEWEST))
  }

  // ---- administration

  describeGroup(
    groupId: string,
    apiVersion: number,
    committedOffset: number,
  ): DescribeGroupsResponseDescribedGroup {
    return describeGroup(this.groups, groupId, apiVersion, committedOffset)
  }

  listGroups(
    filter: Pick<ListGroupsRequest, 'statesFilter' | 'typesFilter'>,
    committedOffset: number,
  ): ListGroupsResponseListedGroup[] {
    return listGroups(this.groups, filter, committedOffset)
  }

  deleteGroup(groupId: string, context: OperationContext): Outcome<GroupKinds, void> {
    const turn = this.turn(context)
    deleteGroup(turn, this.groups, this.offsets, groupId)
    return turn.out.respond(undefined)
  }

  // ---- what comes by itself

  onLoaded(view: MetadataView, context: OperationContext): Outcome<GroupKinds, void> {
    this.metadata = view
    const turn = this.turn(context)
    for (const group of this.groups.values()) {
      if (group.type === 'classic') this.restoreClassic(turn, group)
      else onConsumerGroupLoaded(turn, group)
    }
    this.armExpiry(turn)
    return turn.out.respond(undefined)
  }

  onMetadata(
    view: MetadataView,
    change: MetadataChange,
    context: OperationContext,
  ): Outcome<GroupKinds, void> {
    const before = this.metadata
    this.metadata = view
    const turn = this.turn(context)
    turn.out.atomic = false
    onTopicsChanged(turn, before, change)
    const deleted = new Set(change.deletedTopics.map(({ name }) => name))
    if (deleted.size > 0) deleteTopicOffsets(turn, this.offsets, deleted)
    return turn.out.respond(undefined)
  }

  onEvent(event: GroupEvent, context: OperationContext): Outcome<GroupKinds, void> {
    const turn = this.turn(context)
    if (event.kind === 'expiryDue') this.expire(turn)
    else {
      if (event.kind === 'patternsResolved') onPatternsLookedUp(turn, event)
      const group = this.groups.get(event.groupId)
      if (group?.type === 'classic') onClassicEvent(turn, group, event)
      else if (group?.type === 'consumer') onConsumerGroupEvent(turn, group, event)
    }
    return turn.out.respond(undefined)
  }

  onUnloaded(): void {}

  // ---- replay

  replay(record: GroupRecord, meta: RecordMeta): void {
    switch (record.type) {
      case 'groupMetadata': {
        const { group: groupId } = record.key
        if (record.value === null) this.groups.delete(groupId)
        else this.groups.classicOrCreate(groupId, meta.timestampMs).applyStored(record.value)
        break
      }
      case 'offsetCommit':
        this.replayOffset(record.key, record.value, meta)
        break
      case 'legacyOffsetCommit':
        this.replayOffset(record.key, fromLegacy(record.value), meta)
        break
      default:
        replayConsumerGroup(this.groups, record)
    }
  }

  replayTransactionMarker(producerId: number, _epoch: number, outcome: TransactionOutcome): void {
    this.offsets.applyMarker(producerId, outcome)
  }

  private replayOffset(
    { group, topic, partition }: OffsetCommitKey,
    value: OffsetCommitValue | null,
    { offset, producerId, timestampMs }: RecordMeta,
  ): void {
    if (value === null) return this.offsets.applyTombstone(group, topic, partition)
    this.groups.ensure(group, timestampMs)
    const committed = fromRecord(value, offset)
    if (producerId === -1) this.offsets.applyCommit(group, topic, partition, committed)
    else this.offsets.applyPending(producerId, group, topic, partition, committed)
  }

  /** Drops offsets whose time is over, and groups without members that have none left. */
  private expire(turn: Turn): void {
    turn.out.atomic = false
    for (const group of this.groups.values()) {
      if (!expireOffsets(turn, this.offsets, group)) continue
      if (group.state !== 'Empty') continue
      if (group.type === 'classic' && group.hasPendingMembers) continue
      writeGroupTombstones(turn, group)
    }
    this.armExpiry(turn)
  }

  private armExpiry(turn: Turn): void {
    const { offsetsRetentionCheckIntervalMs } = this.config
    turn.out.arm(EXPIRY_TIMER, offsetsRetentionCheckIntervalMs, { kind: 'expiryDue' })
  }

  private turn({ nowMs, entropy, requestId }: OperationContext): ModernTurn {
    const { config, groups, metadata, soft } = this
    const out = new OutcomeBuilder<GroupKinds>()
    return { nowMs, entropy, requestId, config, out, groups, metadata, soft }
  }

  private restoreClassic(turn: Turn, group: ClassicGroup): void {
    group.restore()
    for (const member of group.members()) keepAlive(turn, group, member)
    // The limit may have been lowered meanwhile.
    if (group.size > this.config.maxSize) prepareRebalance(turn, group)
  }

  /** In the place of an empty group that spoke another protocol, if there is one. */
  private newClassicGroup(turn: Turn, groupId: string): ClassicGroup {
    const { groups } = this
    const present = groups.get(groupId)
    if (present === undefined) return groups.classicOrCreate(groupId, turn.nowMs)
    writeGroupTombstones(turn, present)
    const group = new ClassicGroup(groups.timeline, groupId, turn.nowMs)
    groups.prepare(group)
    return group
  }

  /** A group is durable from its first join on; one that refused it is none. */
  private storeNewGroup(turn: Turn, groupId: string, response: JoinGroupResponse | Parked): void {
    if (typeof response === 'object') {
      const { errorCode } = response
      // Nothing of what was done for it remains.
      if (errorCode !== ErrorCode.NONE && errorCode !== ErrorCode.MEMBER_ID_REQUIRED) {
        throw new ApiError(errorCode)
      }
    }
    if (turn.out.records.some(({ type }) => type === 'groupMetadata')) return
    const key = createGroupMetadataKey({ group: groupId })
    const value = createGroupMetadataValue({
      protocolType: '',
      protocol: null,
      leader: null,
      currentStateTimestamp: turn.nowMs,
    })
    turn.out.append({ type: 'groupMetadata', key, value })
  }
}

function fromLegacy(value: LegacyOffsetCommitValue | null): OffsetCommitValue | null {
  if (value === null) return null
  const { offset, metadata, commitTimestamp } = value
  return createOffsetCommitValue({ offset, metadata, commitTimestamp })
}
