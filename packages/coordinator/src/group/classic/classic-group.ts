/**
 * A group whose members assign partitions among themselves; the coordinator only brings them together.
 *
 *              first join              all joined, or time is up          leader synced
 *   Empty ---------------> PreparingRebalance -------------> CompletingRebalance ------> Stable
 *     ^                      |           ^                        |                        |
 *     +--- nobody joined ----+           +--- somebody new, changed, left or lost ---------+
 *
 * What the log says of the group is `stored`; only replay changes it. All else lives in memory and is lost
 * with the shard: a group that is loaded begins as Stable, or Empty, with the members stored last.
 */
import { assert, TimelineMap, TimelineSet, TimelineValue, type Timeline } from '@barnabas/base'
import {
  createGroupMetadataValue,
  createGroupMetadataValueMemberMetadata,
  EMPTY_BYTES,
  type GroupMetadataValue,
} from '@barnabas/protocol'
import { protocolMetadata, type ClassicMember, type MemberProtocol } from './classic-member.ts'
import { subscribedTopicsOf } from './consumer-subscription.ts'

export type ClassicGroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

interface Facts {
  readonly state: ClassicGroupState
  readonly previousState: ClassicGroupState
  readonly stateSinceMs: number
  readonly generationId: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leaderId: string | null
  /** Somebody joined since the initial delay began (again). */
  readonly newMemberAdded: boolean
}

export class ClassicGroup {
  readonly type = 'classic'
  readonly groupId: string
  private readonly storedValue: TimelineValue<GroupMetadataValue | null>
  private readonly facts: TimelineValue<Facts>
  private readonly membersById: TimelineMap<string, ClassicMember>
  private readonly staticMembers: TimelineMap<string, string>
  /** Member ids that were given out and have not been used yet. */
  private readonly pendingMembers: TimelineSet<string>
  /** Members of this generation that have not asked for their assignment yet. */
  private readonly pendingSyncs: TimelineSet<string>
  /** How many members support each protocol. */
  private readonly protocolSupport: TimelineMap<string, number>
  private readonly awaitingJoin: TimelineValue<number>
  private readonly arrivals: TimelineValue<number>

  constructor(timeline: Timeline, groupId: string, nowMs: number) {
    this.groupId = groupId
    this.storedValue = new TimelineValue<GroupMetadataValue | null>(timeline, null)
    this.facts = new TimelineValue<Facts>(timeline, {
      state: 'Empty',
      previousState: 'Empty',
      stateSinceMs: nowMs,
      generationId: 0,
      protocolType: null,
      protocolName: null,
      leaderId: null,
      newMemberAdded: false,
    })
    this.membersById = new TimelineMap(timeline)
    this.staticMembers = new TimelineMap(timeline)
    this.pendingMembers = new TimelineSet(timeline)
    this.pendingSyncs = new TimelineSet(timeline)
    this.protocolSupport = new TimelineMap(timeline)
    this.awaitingJoin = new TimelineValue(timeline, 0)
    this.arrivals = new TimelineValue(timeline, 0)
  }

  // ---- what is stored

  get stored(): GroupMetadataValue | null {
    return this.storedValue.get()
  }

  storedAt(offset: number): GroupMetadataValue | null {
    return this.storedValue.getAt(offset)
  }

  /** Only for replay. */
  applyStored(value: GroupMetadataValue): void {
    this.storedValue.set(value)
  }

  /** The group as a fresh coordinator finds it. */
  restore(): void {
    const stored = this.storedValue.get()
    if (stored === null) return
    const { members, currentStateTimestamp, protocolType, protocol, leader, generation } = stored
    const state = members.length === 0 ? 'Empty' : 'Stable'
    this.facts.set({
      state,
      previousState: state,
      stateSinceMs: currentStateTimestamp,
      generationId: generation,
      protocolType: protocolType === '' ? null : protocolType,
      protocolName: protocol,
      leaderId: leader,
      newMemberAdded: false,
    })
    for (const member of members) {
      const { rebalanceTimeout, sessionTimeout } = member
      this.put({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        rebalanceTimeoutMs: rebalanceTimeout === -1 ? sessionTimeout : rebalanceTimeout,
        sessionTimeoutMs: sessionTimeout,
        protocols: [{ name: protocol ?? '', metadata: member.subscription }],
        assignment: member.assignment,
        isNew: false,
        joinRequestId: null,
        syncRequestId: null,
        arrival: this.nextArrival(),
      })
    }
  }

  /** What is to be stored of the group as it is. */
  toStored(): GroupMetadataValue {
    const { protocolType, protocolName, leaderId, generationId, stateSinceMs } = this.facts.get()
    return createGroupMetadataValue({
      protocolType: protocolType ?? '',
      generation: generationId,
      protocol: protocolName,
      leader: leaderId,
      currentStateTimestamp: stateSinceMs,
      members: this.members().map((member) =>
        createGroupMetadataValueMemberMetadata({
          memberId: member.memberId,
          groupInstanceId: member.groupInstanceId,
          clientId: member.clientId,
          clientHost: member.clientHost,
          rebalanceTimeout: member.rebalanceTimeoutMs,
          sessionTimeout: member.sessionTimeoutMs,
          subscription:
            protocolName === null ? EMPTY_BYTES : protocolMetadata(member, protocolName),
          assignment: member.assignment,
        }),
      ),
    })
  }

  // ---- facts

  get state(): ClassicGroupState {
    return this.facts.get().state
  }

  get stateSinceMs(): number {
    return this.facts.get().stateSinceMs
  }

  get generationId(): number {
    return this.facts.get().generationId
  }

  get protocolType(): string | null {
    return this.facts.get().protocolType
  }

  get protocolName(): string | null {
    return this.facts.get().protocolName
  }

  get leaderId(): string | null {
    return this.facts.get().leaderId
  }

  get newMemberAdded(): boolean {
    return this.facts.get().newMemberAdded
  }

  set newMemberAdded(newMemberAdded: boolean) {
    this.facts.set({ ...this.facts.get(), newMemberAdded })
  }

  /** A rebalance of a group that had no members waits for more of them. */
  get isInitialRebalance(): boolean {
    const { state, previousState } = this.facts.get()
    return state === 'PreparingRebalance' && previousState === 'Empty'
  }

  isLeader(memberId: string): boolean {
    return this.facts.get().leaderId === memberId
  }

  transitionTo(state: ClassicGroupState, nowMs: number): void {
    const facts = this.facts.get()
    this.facts.set({ ...facts, state, previousState: facts.state, stateSinceMs: nowMs })
  }

  /** The members at hand become a generation; without any the group is Empty. */
  beginGeneration(nowMs: number): void {
    const facts = this.facts.get()
    const empty = this.membersById.size === 0
    this.facts.set({
      ...facts,
      generationId: facts.generationId + 1,
      protocolName: empty ? null : this.selectProtocol(),
    })
    this.pendingSyncs.clear()
    this.transitionTo(empty ? 'Empty' : 'CompletingRebalance', nowMs)
  }

  // ---- members

  get size(): number {
    return this.membersById.size
  }

  member(memberId: string): ClassicMember | undefined {
    return this.membersById.get(memberId)
  }

  /** In the order of their arrival. */
  members(): ClassicMember[] {
    return [...this.membersById.values()].sort((one, other) => one.arrival - other.arrival)
  }

  staticMemberId(groupInstanceId: string): string | undefined {
    return this.staticMembers.get(groupInstanceId)
  }

  nextArrival(): number {
    const arrival = this.arrivals.get()
    this.arrivals.set(arrival + 1)
    return arrival
  }

  /** The first member decides the protocol type, and leads until somebody else has to. */
  add(member: ClassicMember, protocolType: string): void {
    const facts = this.facts.get()
    const leaderId = facts.leaderId ?? member.memberId
    const type = this.membersById.size === 0 ? protocolType : facts.protocolType
    if (leaderId !== facts.leaderId || type !== facts.protocolType) {
      this.facts.set({ ...facts, leaderId, protocolType: type })
    }
    this.pendingMembers.delete(member.memberId)
    this.put(member)
  }

  update(member: ClassicMember, changes: Partial<ClassicMember>): ClassicMember {
    const updated = { ...member, ...changes }
    this.put(updated)
    return updated
  }

  remove(memberId: string): void {
    this.pendingMembers.delete(memberId)
    this.pendingSyncs.delete(memberId)
    const member = this.membersById.get(memberId)
    if (member === undefined) return
    this.count(member, -1)
    this.membersById.delete(memberId)
    const { groupInstanceId } = member
    if (groupInstanceId !== null && this.staticMembers.get(groupInstanceId) === memberId) {
      this.staticMembers.delete(groupInstanceId)
    }
    if (this.isLeader(memberId)) this.lead(this.members()[0]?.memberId ?? null)
  }

  /** The same static member under another id; it leads if it led before. */
  replaceStatic(member: ClassicMember, newMemberId: string): ClassicMember {
    const { memberId, groupInstanceId } = member
    assert(groupInstanceId !== null, `${memberId} is no static member`)
    const led = this.isLeader(memberId)
    if (led) this.lead(newMemberId)
    this.remove(memberId)
    const replacement = {
      ...member,
      memberId: newMemberId,
      joinRequestId: null,
      syncRequestId: null,
    }
    this.put(replacement)
    return replacement
  }

  // ---- joining

  get awaitingJoinCount(): number {
    return this.awaitingJoin.get()
  }

  hasAllMembersJoined(): boolean {
    return this.membersById.size === this.awaitingJoin.get() && this.pendingMembers.size === 0
  }

  get hasPendingMembers(): boolean {
    return this.pendingMembers.size > 0
  }

  isPending(memberId: string): boolean {
    return this.pendingMembers.has(memberId)
  }

  addPending(memberId: string): void {
    this.pendingMembers.add(memberId)
  }

  /** A leader that did not rejoin is replaced by the first who did. False when nobody did. */
  electJoinedLeader(): boolean {
    const { leaderId } = this.facts.get()
    if (leaderId === null) return false
    const leader = this.membersById.get(leaderId)
    if (leader !== undefined && leader.joinRequestId !== null) return true
    const joined = this.members().find(({ joinRequestId }) => joinRequestId !== null)
    if (joined === undefined) return false
    this.lead(joined.memberId)
    return true
  }

  /** The longest that any member needs to rejoin. */
  rebalanceTimeoutMs(): number {
    let longestMs = 0
    for (const { rebalanceTimeoutMs } of this.membersById.values()) {
      longestMs = Math.max(longestMs, rebalanceTimeoutMs)
    }
    return longestMs
  }

  // ---- protocols

  /** Whether a member with these protocols has one in common with all members. */
  supportsProtocols(protocolType: string, protocols: readonly MemberProtocol[]): boolean {
    if (protocolType === '' || protocols.length === 0) return false
    if (this.state === 'Empty') return true
    if (this.facts.get().protocolType !== protocolType) return false
    return protocols.some(({ name }) => this.isSupportedByAll(name))
  }

  /** Each member votes for its favourite among the protocols all support; ties go to the earlier voter's. */
  selectProtocol(): string {
    const votes = new Map<string, number>()
    let winner: string | null = null
    for (const member of this.members()) {
      const favourite = member.protocols.find(({ name }) => this.isSupportedByAll(name))
      assert(favourite !== undefined, `${member.memberId} supports no protocol of its group`)
      votes.set(favourite.name, (votes.get(favourite.name) ?? 0) + 1)
    }
    for (const [name, count] of votes) {
      if (winner === null || count > votes.get(winner)!) winner = name
    }
    assert(winner !== null, 'nobody votes in an empty group')
    return winner
  }

  // ---- syncing

  addPendingSync(memberId: string): void {
    this.pendingSyncs.add(memberId)
  }

  removePendingSync(memberId: string): void {
    this.pendingSyncs.delete(memberId)
  }

  pendingSyncMembers(): string[] {
    return [...this.pendingSyncs]
  }

  // ---- subscriptions

  /** Topics the members read, by what they told each other; null when the broker cannot know. */
  subscribedTopics(): ReadonlySet<string> | null {
    const { protocolType, protocolName } = this.facts.get()
    if (protocolType !== 'consumer') return null
    if (this.membersById.size === 0) return new Set()
    if (protocolName === null) return null
    const metadata = this.members().map((member) => protocolMetadata(member, protocolName))
    return subscribedTopicsOf(metadata)
  }

  private isSupportedByAll(name: string): boolean {
    return (this.protocolSupport.get(name) ?? 0) === this.membersById.size
  }

  private lead(leaderId: string | null): void {
    this.facts.set({ ...this.facts.get(), leaderId })
  }

  private put(member: ClassicMember): void {
    const previous = this.membersById.get(member.memberId)
    if (previous !== undefined) this.count(previous, -1)
    this.count(member, 1)
    this.membersById.set(member.memberId, member)
    const { groupInstanceId, memberId } = member
    if (groupInstanceId !== null && this.staticMembers.get(groupInstanceId) !== memberId) {
      this.staticMembers.set(groupInstanceId, memberId)
    }
  }

  /** Adds a member to what is counted over all, or takes it away. */
  private count(member: ClassicMember, by: 1 | -1): void {
    if (member.joinRequestId !== null) this.awaitingJoin.set(this.awaitingJoin.get() + by)
    for (const name of new Set(member.protocols.map((protocol) => protocol.name))) {
      const supporters = (this.protocolSupport.get(name) ?? 0) + by
      if (supporters === 0) this.protocolSupport.delete(name)
      else this.protocolSupport.set(name, supporters)
    }
  }
}
