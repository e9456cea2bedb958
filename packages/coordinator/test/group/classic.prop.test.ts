import { ApiError } from '@barnabas/base'
import { ErrorCode, type JoinGroupResponse } from '@barnabas/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sessionTimer } from '../../src/group/timer-keys.ts'
import { GROUP, GroupContext, type Answer } from '../support/group-context.ts'

type Step =
  | { kind: 'join'; who: number; changed: boolean }
  | { kind: 'sync' | 'heartbeat' | 'leave' | 'forget' | 'commit'; who: number }
  | { kind: 'wait'; durationMs: number }
  | { kind: 'fail' | 'move' }

const CLIENTS = 5
/** Clients from here on are static members. */
const FIRST_STATIC = 3

const who = fc.nat(CLIENTS - 1)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('join' as const), who, changed: fc.boolean() }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('sync' as const), who }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('heartbeat' as const, 'leave' as const, 'commit' as const),
      who,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), who }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      durationMs: fc.constantFrom(0, 1_000, 4_000, 15_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('fail' as const, 'move' as const) }) },
)

/** A client as far as the coordinator can tell it from others. */
interface Client {
  memberId: string
  generationId: number
  waiting: Answer<JoinGroupResponse> | null
}

class Walk {
  readonly t = new GroupContext({ config: { offsetsRetentionMs: 600_000 } })
  readonly clients: Client[] = Array.from({ length: CLIENTS }, () => {
    return { memberId: '', generationId: -1, waiting: null }
  })
  private settled = 0

  take(next: Step): void {
    try {
      this.act(next)
    } catch (error) {
      expect(error).toBeInstanceOf(ApiError)
    }
    this.learn()
    this.check()
  }

  private act(next: Step): void {
    const { t } = this
    switch (next.kind) {
      case 'wait':
        return t.advance(next.durationMs)
      case 'fail':
        return t.failNextAppend(ErrorCode.NOT_ENOUGH_REPLICAS)
      case 'move':
        for (const client of this.clients) client.waiting = null
        return t.reload()
      default:
        return this.actAs(this.clients[next.who]!, next)
    }
  }

  private actAs(client: Client, next: Exclude<Step, { kind: 'wait' | 'fail' | 'move' }>): void {
    const { t } = this
    const { memberId, generationId } = client
    const groupInstanceId = next.who >= FIRST_STATIC ? `instance-${next.who}` : null
    switch (next.kind) {
      case 'join': {
        const protocols = next.changed ? { sticky: 'b', range: 'b' } : { range: 'a', sticky: 'a' }
        client.waiting = t.join({ memberId, groupInstanceId, protocols })
        return
      }
      case 'sync': {
        const members = t.shard.groups.classic(GROUP)?.members() ?? []
        const assignments = Object.fromEntries(members.map((member) => [member.memberId, 'x']))
        t.sync({ memberId, generationId, groupInstanceId }, assignments)
        return
      }
      case 'heartbeat':
        t.heartbeat(memberId, generationId, groupInstanceId)
        return
      case 'leave':
        t.leave({ memberId, groupInstanceId })
        return
      case 'commit':
        t.commit(
          { 'a-0': 1 },
          { memberId, groupInstanceId, generationIdOrMemberEpoch: generationId },
        )
        return
      case 'forget':
        client.memberId = ''
    }
  }

  /** Clients take in the answers that have come. */
  private learn(): void {
    for (const client of this.clients) {
      const response = client.waiting?.response
      if (response === null || response === undefined) continue
      client.waiting = null
      this.settled++
      if (response.errorCode === ErrorCode.UNKNOWN_MEMBER_ID) client.memberId = ''
      else client.memberId = response.memberId
      if (response.errorCode === ErrorCode.NONE) client.generationId = response.generationId
    }
  }

  private check(): void {
    const { t } = this
    const group = t.shard.groups.classic(GROUP)
    const members = group?.members() ?? []
    const parked = members.flatMap(({ joinRequestId, syncRequestId }) =>
      [joinRequestId, syncRequestId].filter((id) => id !== null),
    )
    expect(new Set(parked), 'who is parked is a member that waits').toEqual(t.parked)
    expect(group?.awaitingJoinCount ?? 0).toBe(
      members.filter(({ joinRequestId }) => joinRequestId !== null).length,
    )
    if (group === null) return
    for (const { memberId, joinRequestId, syncRequestId } of members) {
      if (joinRequestId !== null || syncRequestId !== null) continue
      expect(t.timeLeft(sessionTimer(GROUP, memberId)), 'a session is watched').toBeDefined()
    }
    if (group.state === 'Empty') expect(members).toEqual([])
    if (group.state === 'Stable' || group.state === 'CompletingRebalance') {
      expect(members.map(({ memberId }) => memberId)).toContain(group.leaderId)
    }
    // A rebalance that can end has ended, and one that cannot yet has a timer.
    if (group.state === 'PreparingRebalance') {
      expect(group.hasAllMembersJoined() && !group.isInitialRebalance).toBe(false)
      expect(t.timeLeft(`join:${GROUP}`)).toBeDefined()
    }
    if (group.state === 'Stable') this.checkStored()
  }

  private checkStored(): void {
    const group = this.t.group()
    expect(group.stored!.generation).toBe(group.generationId)
    expect(group.stored!.members.map(({ memberId }) => memberId).sort()).toEqual(
      group
        .members()
        .map(({ memberId }) => memberId)
        .sort(),
    )
  }
}

test('GRP-09 GRP-11 GRP-19 whatever clients do, nobody waits for ever and what is stable is stored', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
      const walk = new Walk()
      for (const next of steps) walk.take(next)
      walk.t.checkLaws()
      // Without anybody saying anything more, the group comes to rest.
      walk.t.advance(400_000)
      expect(walk.t.parked.size).toBe(0)
      expect(walk.t.groupTimers()).toEqual([])
      walk.t.checkLaws()
    }),
    { seed: 345, numRuns: 200 },
  )
})
