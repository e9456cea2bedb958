import { ErrorCode } from '@barnabas/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { errorOf } from '../support/errors.ts'
import { GroupContext, now, storedGroup, type Answer } from '../support/group-context.ts'

let t: GroupContext
beforeEach(() => {
  t = new GroupContext()
})
afterEach(() => t.checkLaws())

/** Members of a generation that await their assignments; the first leads. */
function joined(count: number): string[] {
  const members = Array.from({ length: count }, () => t.joinTwice())
  t.advance(6_000)
  return members.map(({ memberId }) => memberId)
}

const text = (answer: Answer<{ assignment: Uint8Array }>) =>
  Buffer.from(now(answer).assignment).toString()

describe('SyncGroup', () => {
  test('GRP-18 who is not of the generation is refused', () => {
    expect(errorOf(() => t.sync({ memberId: 'x' }))).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    const [leader, follower] = joined(2)
    const memberId = leader!
    expect(errorOf(() => t.sync({ memberId: 'x', generationId: 1 }))).toBe(
      ErrorCode.UNKNOWN_MEMBER_ID,
    )
    expect(errorOf(() => t.sync({ memberId, generationId: 2 }))).toBe(ErrorCode.ILLEGAL_GENERATION)
    for (const wrong of [{ protocolType: 'connect' }, { protocolName: 'sticky' }]) {
      const code = errorOf(() => t.sync({ memberId, generationId: 1, ...wrong }))
      expect(code).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    }
    const right = { protocolType: 'consumer', protocolName: 'range' }
    expect(t.sync({ memberId: follower!, generationId: 1, ...right }).response).toBe(null)
    t.join({ memberId, protocols: { range: 'changed' } })
    const code = errorOf(() => t.sync({ memberId, generationId: 1 }))
    expect(code).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
  })

  test('GRP-18 a rebalance answers those who wait for assignments', () => {
    const [leader, follower] = joined(2)
    const waiting = t.sync({ memberId: follower!, generationId: 1 })
    t.join({ memberId: leader!, protocols: { range: 'changed' } })
    expect(now(waiting).errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
  })

  test('GRP-19 NV-18 the assignment is stored, then everybody is answered; who was forgotten gets nothing', () => {
    const [leader, follower, forgotten] = joined(3)
    const waiting = t.sync({ memberId: follower!, generationId: 1 })
    const nothing = t.sync({ memberId: forgotten!, generationId: 1 })
    expect(t.records).toEqual([])
    const assignments = { [leader!]: 'mine', [follower!]: 'yours' }
    const leaders = t.sync({ memberId: leader!, generationId: 1 }, assignments)
    expect([leaders, waiting, nothing].map(text)).toEqual(['mine', 'yours', ''])
    expect(now(waiting)).toMatchObject({ protocolType: 'consumer', protocolName: 'range' })
    const stored = storedGroup(t.records[0])!
    expect(stored).toMatchObject({ generation: 1, protocol: 'range', leader: leader! })
    expect(stored.members.map(({ assignment }) => Buffer.from(assignment).toString())).toEqual([
      'mine',
      'yours',
      '',
    ])
    expect(t.group().state).toBe('Stable')
    expect(text(t.sync({ memberId: follower!, generationId: 1 }))).toBe('yours')
  })

  test('GRP-19 an assignment that cannot be stored is told to nobody, and the group rebalances', () => {
    const [leader, follower] = joined(2)
    const waiting = t.sync({ memberId: follower!, generationId: 1 })
    t.failNextAppend(ErrorCode.NOT_ENOUGH_REPLICAS)
    const refused = errorOf(() =>
      t.sync({ memberId: leader!, generationId: 1 }, { [follower!]: 'x' }),
    )
    expect(refused).toBe(ErrorCode.NOT_ENOUGH_REPLICAS)
    expect(now(waiting)).toMatchObject({ errorCode: ErrorCode.NOT_ENOUGH_REPLICAS })
    expect(now(waiting).assignment.length).toBe(0)
    expect(t.group().state).toBe('PreparingRebalance')
    expect(t.group().stored!.generation).toBe(0)
  })

  test('GRP-19 what is stored is what a new coordinator begins with', () => {
    const ids = t.stableGroup(2)
    t.reload()
    expect(t.group()).toMatchObject({ state: 'Stable', generationId: 1, leaderId: ids[0] })
    expect(text(t.sync({ memberId: ids[1]!, generationId: 1 }))).toBe(`for ${ids[1]}`)
    expect(t.heartbeat(ids[0]!, 1)).toBe(0)
    const again = ids.map((memberId) => t.join({ memberId }))
    expect(now(again[0]!)).toMatchObject({ generationId: 2, leader: ids[0] })
  })

  test('GRP-20 members that never ask for their assignment are out after the rebalance timeout', () => {
    const ids = joined(3)
    const [leader, second, absent] = ids
    t.syncAll([leader!, second!], 1, leader!)
    for (let n = 0; n < 12; n++) {
      t.advance(4_900)
      for (const memberId of ids) expect(t.heartbeat(memberId, 1)).toBe(0)
    }
    t.advance(1_200)
    expect(t.group().state).toBe('PreparingRebalance')
    expect(t.group().member(absent!)).toBe(undefined)
    expect(t.group().size).toBe(2)
  })

  test('GRP-20 when all have asked nothing is armed any more', () => {
    const ids = t.stableGroup(2)
    expect(t.groupTimers().filter((key) => key.startsWith('sync'))).toEqual([])
    for (let n = 0; n < 12; n++) {
      t.advance(6_000)
      for (const memberId of ids) expect(t.heartbeat(memberId, 1)).toBe(0)
    }
  })

  test('a second SyncGroup of a member that waits answers the first', () => {
    const [leader, follower] = joined(2)
    const first = t.sync({ memberId: follower!, generationId: 1 })
    const second = t.sync({ memberId: follower!, generationId: 1 })
    expect(now(first).errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
    t.sync({ memberId: leader!, generationId: 1 }, { [follower!]: 'x' })
    expect(text(second)).toBe('x')
  })
})

describe('Heartbeat', () => {
  test('GRP-21 a heartbeat says whether to rejoin, and keeps the member alive', () => {
    expect(errorOf(() => t.heartbeat('x', 1))).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    const [leader, follower] = joined(2)
    expect(t.heartbeat(leader!, 1)).toBe(0)
    expect(errorOf(() => t.heartbeat(leader!, 0))).toBe(ErrorCode.ILLEGAL_GENERATION)
    t.syncAll([leader!, follower!], 1, leader!)
    expect(t.heartbeat(leader!, 1)).toBe(0)
    t.join({ memberId: leader! })
    t.advance(9_999)
    expect(t.heartbeat(follower!, 1)).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
    t.advance(9_999)
    expect(t.heartbeat(follower!, 1)).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
    t.advance(10_000)
    expect(errorOf(() => t.heartbeat(follower!, 1))).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  test('GRP-21 a member that is not heard of is out, and the group rebalances', () => {
    const [leader, follower] = t.stableGroup(2)
    t.advance(9_999)
    t.heartbeat(leader!, 1)
    t.advance(1)
    expect(t.group().state).toBe('PreparingRebalance')
    expect(t.group().member(follower!)).toBe(undefined)
    const answer = t.join({ memberId: leader! })
    expect(now(answer)).toMatchObject({ generationId: 2 })
    expect(now(answer).members.length).toBe(1)
  })

  test('GRP-24 a group whose last member is lost is stored as empty', () => {
    t.stableGroup(1)
    t.advance(10_000)
    expect(t.group().state).toBe('Empty')
    expect(storedGroup(t.records[0])).toMatchObject({
      generation: 2,
      protocolType: 'consumer',
      protocol: null,
      leader: null,
      members: [],
      currentStateTimestamp: t.nowMs,
    })
    t.reload()
    expect(t.group()).toMatchObject({ state: 'Empty', generationId: 2 })
    const { answer } = t.joinTwice()
    t.advance(3_000)
    expect(now(answer).generationId).toBe(3)
  })
})

describe('LeaveGroup', () => {
  test('GRP-22 each member has its own result; an instance id alone will do', () => {
    expect(errorOf(() => t.leave({ memberId: 'x' }))).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    const fixed = t.join({ groupInstanceId: 'one' })
    const [dynamic, other] = joined(2)
    const { memberId } = now(t.join())
    const left = t.leave(
      { groupInstanceId: 'one' },
      { memberId: dynamic! },
      { memberId: 'x' },
      { groupInstanceId: 'two' },
      { memberId },
    )
    expect(left.members.map(({ errorCode }) => errorCode)).toEqual([
      0,
      0,
      ErrorCode.UNKNOWN_MEMBER_ID,
      ErrorCode.UNKNOWN_MEMBER_ID,
      0,
    ])
    expect(left.members[0]).toMatchObject({ memberId: '', groupInstanceId: 'one' })
    expect(now(fixed).errorCode).toBe(0)
    expect(
      t
        .group()
        .members()
        .map((member) => member.memberId),
    ).toEqual([other])
    expect(t.group().state).toBe('PreparingRebalance')
  })

  test('GRP-24 a group that everybody left is empty at once', () => {
    const ids = t.stableGroup(2)
    t.leave({ memberId: ids[0]! })
    expect(t.group().state).toBe('PreparingRebalance')
    t.leave({ memberId: ids[1]! })
    expect(t.group()).toMatchObject({ state: 'Empty', generationId: 2 })
    expect(storedGroup(t.records[0])!.members).toEqual([])
    expect(t.groupTimers()).toEqual([])
  })

  test('GRP-22 requests a leaving member has parked are answered', () => {
    const [leader] = t.stableGroup(2)
    const parked = t.join({ memberId: leader! })
    t.leave({ memberId: leader! })
    expect(now(parked).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })
})
