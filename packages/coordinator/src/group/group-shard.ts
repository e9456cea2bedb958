/**
 * All groups whose coordinator is one partition of `__consumer_offsets`. Requests come in as operations of
 * the runtime; what they do is in the modules of the protocol the group speaks.
 */
import { ApiError, type Timeline } from '@barnabas/base'
import {
  createGroupMetadataKey,
  createGroupMetadataValue,
  ErrorCode,
  type HeartbeatRequest,
  type HeartbeatResponse,
  type JoinGroupRequest,
  type JoinGroupResponse,
  type LeaveGroupRequest,
  type LeaveGroupResponse,
  type SyncGroupRequest,
  type SyncGroupResponse,
} from '@barnabas/protocol'
import type { MetadataChange, MetadataView } from '../runtime/metadata-view.ts'
import { OutcomeBuilder, type Outcome, type Parked } from '../runtime/outcome.ts'
import type {
  CoordinatorShard,
  OperationContext,
  RecordMeta,
  TransactionOutcome,
} from '../runtime/shard.ts'
import { joinGroup } from './classic/classic-join.ts'
import {
  keepAlive,
  onInitialDelayPassed,
  onJoinTimedOut,
  onSessionExpired,
  onSyncTimedOut,
  prepareRebalance,
} from './classic/classic-rebalance.ts'
import { heartbeat, leaveGroup, onSyncNotStored, syncGroup } from './classic/classic-sync.ts'
import type { GroupCoordinatorConfig } from './group-config.ts'
import type { GroupEvent, GroupKinds, RequestInfo, Turn } from './group-kinds.ts'
import { GroupRegistry } from './group-registry.ts'
import type { GroupRecord } from './records.ts'

export class GroupShard implements CoordinatorShard<GroupKinds> {
  readonly groups: GroupRegistry
  private readonly config: GroupCoordinatorConfig

  constructor(timeline: Timeline, config: GroupCoordinatorConfig) {
    this.config = config
    this.groups = new GroupRegistry(timeline)
  }

  // ---- classic groups

  joinGroup(
    request: JoinGroupRequest,
    info: RequestInfo,
    context: OperationContext,
  ): Outcome<GroupKinds, JoinGroupResponse | Parked> {
    const turn = this.turn(context)
    const { groupId, memberId } = request
    const known = this.groups.get(groupId) !== undefined
    // Only who brings no member id can be the first of a group.
    if (!known && memberId !== '') throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID)
    const group = this.groups.classicOrCreate(groupId, turn.nowMs)
    const response = joinGroup(turn, group, request, info)
    if (!known) this.storeNewGroup(turn, groupId, response)
    return turn.out.respond(response)
  }

  syncGroup(
    request: SyncGroupRequest,
    context: OperationContext,
  ): Outcome<GroupKinds, SyncGroupResponse | Parked> {
    const turn = this.turn(context)
    const group = this.groups.classicOfMember(request.groupId)
    return turn.out.respond(syncGroup(turn, group, request))
  }

  heartbeat(
    request: HeartbeatRequest,
    context: OperationContext,
  ): Outcome<GroupKinds, HeartbeatResponse> {
    const turn = this.turn(context)
    const group = this.groups.classicOfMember(request.groupId)
    return turn.out.respond(heartbeat(turn, group, request))
  }

  leaveGroup(
    request: LeaveGroupRequest,
    context: OperationContext,
  ): Outcome<GroupKinds, LeaveGroupResponse> {
    const turn = this.turn(context)
    const group = this.groups.classicOfMember(request.groupId)
    return turn.out.respond(leaveGroup(turn, group, request))
  }

  // ---- what comes by itself

  onLoaded(_view: MetadataView, context: OperationContext): Outcome<GroupKinds, void> {
    const turn = this.turn(context)
    for (const group of this.groups.values()) {
      group.restore()
      for (const member of group.members()) keepAlive(turn, group, member)
      // The limit may have been lowered meanwhile.
      if (group.size > this.config.maxSize) prepareRebalance(turn, group)
    }
    return turn.out.respond(undefined)
  }

  onMetadata(
    _view: MetadataView,
    _change: MetadataChange,
    context: OperationContext,
  ): Outcome<GroupKinds, void> {
    return this.turn(context).out.respond(undefined)
  }

  onEvent(event: GroupEvent, context: OperationContext): Outcome<GroupKinds, void> {
    const turn = this.turn(context)
    const group = this.groups.classic(event.groupId)
    if (group !== null) {
      switch (event.kind) {
        case 'sessionExpired':
          onSessionExpired(turn, group, event.memberId)
          break
        case 'initialDelayPassed':
          onInitialDelayPassed(turn, group, event.delayMs, event.remainingMs)
          break
        case 'joinTimedOut':
          onJoinTimedOut(turn, group)
          break
        case 'syncTimedOut':
          onSyncTimedOut(turn, group, event.generationId)
          break
        case 'syncNotStored':
          onSyncNotStored(turn, group, event.generationId, event.errorCode)
          break
      }
    }
    return turn.out.respond(undefined)
  }

  onUnloaded(): void {}

  // ---- replay

  replay(record: GroupRecord, meta: RecordMeta): void {
    if (record.type === 'groupMetadata') {
      const { group: groupId } = record.key
      if (record.value === null) this.groups.delete(groupId)
      else this.groups.classicOrCreate(groupId, meta.timestampMs).applyStored(record.value)
    }
  }

  replayTransactionMarker(_id: number, _epoch: number, _outcome: TransactionOutcome): void {}

  private turn({ nowMs, entropy, requestId }: OperationContext): Turn {
    return { nowMs, entropy, requestId, config: this.config, out: new OutcomeBuilder() }
  }

  /** A group is durable from its first join on; one that refused it is none. */
  private storeNewGroup(turn: Turn, groupId: string, response: JoinGroupResponse | Parked): void {
    if (typeof response === 'object') {
      const { errorCode } = response
      if (errorCode !== ErrorCode.NONE && errorCode !== ErrorCode.MEMBER_ID_REQUIRED) {
        this.groups.delete(groupId)
        return
      }
    }
    if (turn.out.records.length > 0) return
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
