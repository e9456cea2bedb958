/** A shard of groups under test: requests with their defaults, and members that walk through a rebalance. */
import { assert } from '@barnabas/base'
import {
  createHeartbeatRequest,
  createJoinGroupRequest,
  createJoinGroupRequestProtocol,
  createLeaveGroupRequest,
  createLeaveGroupRequestMemberIdentity,
  createSyncGroupRequest,
  createSyncGroupRequestAssignment,
  HeartbeatResponse,
  JoinGroupResponse,
  SyncGroupResponse,
  Writer,
  type JoinGroupRequest,
  type LeaveGroupResponse,
  type MessageType,
  type SyncGroupRequest,
} from '@barnabas/protocol'
import { EMPTY_METADATA, type MetadataView } from '../../src/index.ts'
import {
  defaultGroupCoordinatorConfig,
  type GroupCoordinatorConfig,
} from '../../src/group/group-config.ts'
import type { GroupKinds, RequestInfo } from '../../src/group/group-kinds.ts'
import { GroupShard } from '../../src/group/group-shard.ts'
import { groupRecordCodec, type GroupRecord } from '../../src/group/records.ts'
import { ShardContext } from './shard-context.ts'

export const GROUP = 'my-group'

export interface GroupContextOptions {
  config?: Partial<GroupCoordinatorConfig>
  metadata?: MetadataView
}

/** Either the response, or a way to look whether it has come by now. */
export interface Answer<T> {
  readonly response: T | null
}

export interface JoinOptions extends Partial<Omit<JoinGroupRequest, 'protocols'>> {
  apiVersion?: number
  clientId?: string
  /** Names of protocols in the order of preference; the metadata is the topic subscribed to. */
  protocols?: Record<string, string>
}

export class GroupContext extends ShardContext<GroupShard, GroupKinds> {
  constructor({ config, metadata }: GroupContextOptions = {}) {
    super({
      createShard: (timeline) =>
        new GroupShard(timeline, { ...defaultGroupCoordinatorConfig, ...config }),
      codec: groupRecordCodec,
      digest: digestGroups,
      metadata: metadata ?? EMPTY_METADATA,
    })
  }

  join(options: JoinOptions = {}): Answer<JoinGroupResponse> {
    const {
      apiVersion = 9,
      clientId = 'client',
      protocols = { range: 'orders' },
      ...fields
    } = options
    const request = createJoinGroupRequest({
      groupId: GROUP,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 60_000,
      protocolType: 'consumer',
      ...fields,
      protocols: Object.entries(protocols).map(([name, topic]) =>
        createJoinGroupRequestProtocol({ name, metadata: subscription([topic]) }),
      ),
    })
    const info: RequestInfo = { apiVersion, clientId, clientHost: '/127.0.0.1' }
    return this.answer(
      JoinGroupResponse,
      this.run((shard, context) => shard.joinGroup(request, info, context)),
    )
  }

  /** A dynamic member's way in: it is given an id and comes back with it. */
  joinTwice(options: JoinOptions = {}): { memberId: string; answer: Answer<JoinGroupResponse> } {
    const { memberId } = now(this.join(options))
    return { memberId, answer: this.join({ ...options, memberId }) }
  }

  sync(
    fields: Partial<Omit<SyncGroupRequest, 'assignments'>>,
    assignments: Record<string, string> = {},
  ): Answer<SyncGroupResponse> {
    const request = createSyncGroupRequest({
      groupId: GROUP,
      ...fields,
      assignments: Object.entries(assignments).map(([memberId, text]) =>
        createSyncGroupRequestAssignment({ memberId, assignment: Buffer.from(text) }),
      ),
    })
    return this.answer(
      SyncGroupResponse,
      this.run((shard, context) => shard.syncGroup(request, context)),
    )
  }

  heartbeat(memberId: string, generationId: number, groupInstanceId: string | null = null): number {
    const request = createHeartbeatRequest({
      groupId: GROUP,
      memberId,
      generationId,
      groupInstanceId,
    })
    const response: HeartbeatResponse = this.call((shard, context) =>
      shard.heartbeat(request, context),
    )
    return response.errorCode
  }

  leave(...members: { memberId?: string; groupInstanceId?: string | null }[]): LeaveGroupResponse {
    const identities = members.map((member) => createLeaveGroupRequestMemberIdentity(member))
    const request = createLeaveGroupRequest({ groupId: GROUP, members: identities })
    return this.call((shard, context) => shard.leaveGroup(request, context))
  }

  /** A group of dynamic members, Stable; the first of them leads. */
  stableGroup(count: number, options: JoinOptions = {}): string[] {
    const members = Array.from({ length: count }, () => this.joinTwice(options))
    this.advance(6_000)
    const ids = members.map(({ memberId }) => memberId)
    const { generationId, leader } = now(members[0]!.answer)
    this.syncAll(ids, generationId, leader)
    return ids
  }

  /** All members sync; each is assigned `for <member id>`. */
  syncAll(memberIds: readonly string[], generationId: number, leader: string): void {
    const assignments = Object.fromEntries(memberIds.map((id) => [id, `for ${id}`]))
    for (const memberId of memberIds) {
      this.sync({ memberId, generationId }, memberId === leader ? assignments : {})
    }
  }

  group(groupId: string = GROUP) {
    const group = this.shard.groups.classic(groupId)
    assert(group !== null, `there is no group ${groupId}`)
    return group
  }

  answer<T>(_type: MessageType<T>, result: { response: unknown } | { parked: number }): Answer<T> {
    if ('response' in result) return { response: result.response as T }
    const { released } = this
    return {
      get response() {
        return (released.get(result.parked) as T | undefined) ?? null
      },
    }
  }
}

/** The response, which must have come. */
export function now<T>({ response }: Answer<T>): T {
  assert(response !== null, 'the request still waits')
  return response
}

/** A consumer's subscription as it stands in JoinGroup. */
export function subscription(topics: readonly string[]): Buffer {
  const writer = new Writer()
  writer.int16(1)
  writer.arrayLength(topics.length)
  for (const topic of topics) writer.string(topic)
  writer.nullableBytes(null)
  writer.arrayLength(0)
  return writer.finishBuffer()
}

export function storedGroup(record: GroupRecord | undefined) {
  assert(record?.type === 'groupMetadata', 'no record of a classic group')
  return record.value
}

function digestGroups(shard: GroupShard): unknown {
  const groups: [string, unknown][] = []
  for (const group of shard.groups.values()) {
    if (group.stored !== null) groups.push([group.groupId, group.stored])
  }
  return groups.sort(([one], [other]) => (one < other ? -1 : 1))
}
