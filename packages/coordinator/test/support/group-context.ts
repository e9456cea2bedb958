/** A shard of groups under test: requests with their defaults, and members that walk through a rebalance. */
import { assert } from '@barnabas/base'
import {
  createHeartbeatRequest,
  createJoinGroupRequest,
  createJoinGroupRequestProtocol,
  createLeaveGroupRequest,
  createLeaveGroupRequestMemberIdentity,
  createOffsetCommitRequest,
  createOffsetCommitRequestPartition,
  createOffsetCommitRequestTopic,
  createOffsetFetchRequestGroup,
  createOffsetFetchRequestTopics,
  createSyncGroupRequest,
  createSyncGroupRequestAssignment,
  createTxnOffsetCommitRequest,
  createTxnOffsetCommitRequestPartition,
  createTxnOffsetCommitRequestTopic,
  HeartbeatResponse,
  JoinGroupResponse,
  SyncGroupResponse,
  Writer,
  type JoinGroupRequest,
  type LeaveGroupResponse,
  type MessageType,
  type OffsetCommitRequest,
  type OffsetCommitResponse,
  type OffsetFetchResponseGroup,
  type SyncGroupRequest,
  type TxnOffsetCommitRequest,
  type TxnOffsetCommitResponse,
} from '@barnabas/protocol'
import { EMPTY_METADATA, type MetadataView, type ProducerStamp } from '../../src/index.ts'
import {
  defaultGroupCoordinatorConfig,
  type GroupCoordinatorConfig,
} from '../../src/group/group-config.ts'
import type { GroupKinds, RequestInfo } from '../../src/group/group-kinds.ts'
import { GroupShard } from '../../src/group/group-shard.ts'
import { groupRecordCodec, type GroupRecord } from '../../src/group/records.ts'
import type { OffsetTable } from '../../src/group/offsets/offset-table.ts'
import { EXPIRY_TIMER } from '../../src/group/timer-keys.ts'
import { digestConsumerGroup } from './digest-modern.ts'
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
  /** Changes take effect when the shard is loaded again. */
  readonly config: {
    -readonly [Name in keyof GroupCoordinatorConfig]: GroupCoordinatorConfig[Name]
  }

  constructor(options: GroupContextOptions = {}) {
    const config = { ...defaultGroupCoordinatorConfig, ...options.config }
    super({
      createShard: (timeline) => new GroupShard(timeline, { ...config }),
      codec: groupRecordCodec,
      digest: digestShard,
      metadata: options.metadata ?? EMPTY_METADATA,
    })
    this.config = config
  }

  /** Timers of groups; that of the expiry runs always. */
  groupTimers(): string[] {
    return this.armed().filter((key) => key !== EXPIRY_TIMER)
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

  /** Commits `offset` for the partitions given as `topic-partition`; the error of each. */
  commit(
    partitions: Record<string, number>,
    fields: Partial<Omit<OffsetCommitRequest, 'topics'>> & CommitOptions = {},
  ): number[] {
    const { apiVersion = 9, metadata = 'note', ...rest } = fields
    const topics = toTopics(partitions).map(({ name, partitions: offsets }) =>
      createOffsetCommitRequestTopic({
        name,
        partitions: offsets.map(([partitionIndex, committedOffset]) =>
          createOffsetCommitRequestPartition({
            partitionIndex,
            committedOffset,
            committedLeaderEpoch: 5,
            committedMetadata: metadata,
          }),
        ),
      }),
    )
    const request = createOffsetCommitRequest({ groupId: GROUP, ...rest, topics })
    const info: RequestInfo = { apiVersion, clientId: 'client', clientHost: '/127.0.0.1' }
    const response: OffsetCommitResponse = this.call((shard, context) =>
      shard.commitOffsets(request, info, context),
    )
    return response.topics.flatMap((topic) => topic.partitions.map(({ errorCode }) => errorCode))
  }

  commitInTransaction(
    producer: ProducerStamp,
    partitions: Record<string, number>,
    fields: Partial<Omit<TxnOffsetCommitRequest, 'topics'>> = {},
  ): number[] {
    const topics = toTopics(partitions).map(({ name, partitions: offsets }) =>
      createTxnOffsetCommitRequestTopic({
        name,
        partitions: offsets.map(([partitionIndex, committedOffset]) =>
          createTxnOffsetCommitRequestPartition({ partitionIndex, committedOffset }),
        ),
      }),
    )
    const request = createTxnOffsetCommitRequest({ groupId: GROUP, ...fields, topics })
    const info: RequestInfo = { apiVersion: 5, clientId: 'client', clientHost: '/127.0.0.1' }
    const response: TxnOffsetCommitResponse = this.call(
      (shard, context) => shard.commitTransactionalOffsets(request, info, context),
      producer,
    )
    return response.topics.flatMap((topic) => topic.partitions.map(({ errorCode }) => errorCode))
  }

  /** Offsets by `topic-partition`; -1 where there is none, an error as `E88`. Null asks for all. */
  fetch(
    partitions: readonly string[] | null,
    { requireStable = false, groupId = GROUP } = {},
  ): Record<string, number | string> {
    const asked = partitions && toTopics(Object.fromEntries(partitions.map((name) => [name, 0])))
    const request = createOffsetFetchRequestGroup({
      groupId,
      topics:
        asked &&
        asked.map(({ name, partitions: indexes }) =>
          createOffsetFetchRequestTopics({ name, partitionIndexes: indexes.map(([n]) => n) }),
        ),
    })
    const response: OffsetFetchResponseGroup = requireStable
      ? this.call((shard, context) => shard.fetchStableOffsets(request, context))
      : this.shard.fetchOffsets(request, false, Number.MAX_SAFE_INTEGER)
    const found: Record<string, number | string> = {}
    for (const { name, partitions: answers } of response.topics) {
      for (const { partitionIndex, committedOffset, errorCode } of answers) {
        found[`${name}-${partitionIndex}`] = errorCode === 0 ? committedOffset : `E${errorCode}`
      }
    }
    return found
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

function digestShard(shard: GroupShard): unknown {
  const state: Record<string, unknown> = {}
  for (const group of shard.groups.values()) {
    const name = `group ${group.groupId}`
    if (group.type === 'consumer') state[name] = digestConsumerGroup(group)
    else if (group.stored !== null) state[name] = group.stored
  }
  const add = (prefix: string, table: OffsetTable) =>
    table.forEach((groupId, topic, partition, value) => {
      state[`${prefix} ${groupId} ${topic}-${partition}`] = { ...value, recordOffset: 0 }
    })
  add('offset', shard.offsets.committed)
  shard.offsets.forEachPending((producerId, table) => add(`pending ${producerId}`, table))
  return state
}

interface CommitOptions {
  apiVersion?: number
  metadata?: string | null
}

function toTopics(partitions: Record<string, number>) {
  const topics = new Map<string, [number, number][]>()
  for (const [name, offset] of Object.entries(partitions)) {
    const dash = name.lastIndexOf('-')
    const topic = name.slice(0, dash)
    topics.set(topic, [...(topics.get(topic) ?? []), [Number(name.slice(dash + 1)), offset]])
  }
  return [...topics].map(([name, offsets]) => ({ name, partitions: offsets }))
}
