import { ErrorCode } from '@barnabas/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { errorOf } from '../support/errors.ts'
import { GroupContext, now, storedGroup } from '../support/group-context.ts'

let t: GroupContext
beforeEach(() => {
  t = new GroupContext()
})
afterEach(() => t.checkLaws())

describe('joining', () => {
  test('GRP-04 a member id of an unknown group is unknown, and makes no group', () => {
    expect(errorOf(() => t.join({ memberId: 'nobody' }))).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    expect(t.shard.groups.size).toBe(0)
  })

  test('GRP-05 NV-17 a new member is told its id first, and must use it within the session timeout', () => {
    const first = now(t.join({ clientId: 'app' }))
    expect(first.errorCode).toBe(ErrorCode.MEMBER_ID_REQUIRED)
    expect(first.memberId).toMatch(
      /^app-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    )
    expect(t.group().size).toBe(0)
    expect(storedGroup(t.records[0])).toMatchObject({
      generation: 0,
      protocolType: '',
      members: [],
    })
    t.advance(10_000)
    const { memberId } = first
    expect(errorOf(() => t.join({ memberId }))).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    const second = t.joinTwice()
    t.advance(3_000)
    expect(now(second.answer)).toMatchObject({ errorCode: 0, memberId: second.memberId })
  })

  test('GRP-05 before version 4, and with an instance id, a member joins at once', () => {
    const old = t.join({ apiVersion: 3 })
    const fixed = t.join({ groupInstanceId: 'one' })
    t.advance(6_000)
    expect(now(old).errorCode).toBe(0)
    expect(now(fixed).memberId).toMatch(/^one-[0-9a-f-]{36}$/)
  })

  test('GRP-06 another protocol type, no common protocol or none at all is inconsistent', () => {
    const refused = ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    expect(errorOf(() => t.join({ protocols: {} }))).toBe(refused)
    expect(errorOf(() => t.join({ protocolType: '' }))).toBe(refused)
    expect(t.shard.groups.size).toBe(0)
    t.joinTwice({ protocols: { range: 'a', sticky: 'a' } })
    expect(errorOf(() => t.join({ protocolType: 'connect' }))).toBe(refused)
    expect(errorOf(() => t.join({ protocols: { roundrobin: 'a' } }))).toBe(refused)
    t.joinTwice({ protocols: { sticky: 'a' } })
    expect(errorOf(() => t.join({ protocols: { range: 'a' } }))).toBe(refused)
  })

  test('GRP-07 a full group takes nobody more; during a rebalance only those who rejoined count', () => {
    t = new GroupContext({ config: { maxSize: 2 } })
    const ids = t.stableGroup(2)
    expect(errorOf(() => t.join({ apiVersion: 3 }))).toBe(ErrorCode.GROUP_MAX_SIZE_REACHED)
    t.join({ memberId: ids[0]! })
    const third = t.joinTwice()
    expect(third.answer.response).toBe(null)
    expect(errorOf(() => t.join({ memberId: ids[1]! }))).toBe(ErrorCode.GROUP_MAX_SIZE_REACHED)
    expect(t.group().member(ids[1]!)).toBe(undefined)
    expect(now(third.answer).errorCode).toBe(0)
  })

  test('GRP-08 the first rebalance waits, longer while members come, at most the rebalance timeout', () => {
    const first = t.joinTwice({ rebalanceTimeoutMs: 7_000 })
    t.advance(2_999)
    const second = t.joinTwice({ rebalanceTimeoutMs: 7_000 })
    t.advance(1)
    expect(first.answer.response).toBe(null)
    t.advance(2_999)
    t.joinTwice({ rebalanceTimeoutMs: 7_000 })
    t.advance(1)
    expect(first.answer.response).toBe(null)
    t.advance(1_000)
    expect(now(first.answer).members.length).toBe(3)
    expect(now(second.answer).generationId).toBe(1)
  })

  test('GRP-09 members that do not rejoin in time are out, static ones stay', () => {
    const leader = t.joinTwice()
    const late = t.joinTwice()
    const fixed = t.join({ groupInstanceId: 'one', sessionTimeoutMs: 100_000 })
    t.advance(6_000)
    const { generationId } = now(leader.answer)
    t.syncAll([leader.memberId, late.memberId, now(fixed).memberId], generationId, leader.memberId)
    const again = t.join({ memberId: leader.memberId })
    for (let n = 0; n < 7; n++) {
      t.advance(8_500)
      const answer = t.heartbeat(late.memberId, generationId)
      expect(answer).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
    }
    expect(again.response).toBe(null)
    t.advance(500)
    expect(now(again).members.map(({ memberId }) => memberId)).toEqual([
      leader.memberId,
      now(fixed).memberId,
    ])
    expect(errorOf(() => t.heartbeat(late.memberId, generationId))).toBe(
      ErrorCode.UNKNOWN_MEMBER_ID,
    )
  })

  test('GRP-10 with only static members left and none rejoined, the rebalance goes on', () => {
    const options = { groupInstanceId: 'one', sessionTimeoutMs: 200_000 }
    const { memberId } = now((t.join(options), t.advance(6_000), t.join(options)))
    t.advance(6_000)
    expect(t.group().state).toBe('CompletingRebalance')
    const generationId = t.group().generationId
    t.sync({ memberId, generationId }, { [memberId]: 'x' })
    t.joinTwice()
    t.advance(1)
    t.leave({ memberId: t.group().members()[1]!.memberId })
    expect(t.group().state).toBe('PreparingRebalance')
    t.advance(150_000)
    expect(t.group()).toMatchObject({ state: 'PreparingRebalance', size: 1, generationId })
    const back = t.join({ ...options, memberId })
    expect(now(back).generationId).toBe(generationId + 1)
  })

  test('GRP-11 the generation grows by one, the protocol is voted for, the leader leads on', () => {
    const first = t.joinTwice({ protocols: { range: 'a', sticky: 'a' } })
    const second = t.joinTwice({ protocols: { sticky: 'a', range: 'a' } })
    const third = t.joinTwice({ protocols: { sticky: 'a', range: 'a', cooperative: 'a' } })
    t.advance(6_000)
    expect(now(first.answer)).toMatchObject({
      generationId: 1,
      protocolName: 'sticky',
      leader: first.memberId,
    })
    t.syncAll(
      [first, second, third].map(({ memberId }) => memberId),
      1,
      first.memberId,
    )
    const protocols = { range: 'a', sticky: 'a' }
    const rejoined = [first, second, third].map(({ memberId }) => t.join({ memberId, protocols }))
    expect(now(rejoined[0]!)).toMatchObject({
      generationId: 2,
      protocolName: 'range',
      leader: first.memberId,
    })
  })

  test('GRP-11 a leader that is gone is replaced by the first that rejoined', () => {
    const [first, second, third] = t.stableGroup(3)
    t.join({ memberId: third!, protocols: { range: 'other' } })
    const answer = t.join({ memberId: second! })
    t.leave({ memberId: first! })
    expect(now(answer)).toMatchObject({ generationId: 2, leader: second! })
  })

  test('GRP-12 only the leader is told who the members are', () => {
    const first = t.joinTwice({ protocols: { range: 'a' } })
    const second = t.joinTwice({ protocols: { range: 'b' } })
    t.advance(6_000)
    expect(now(first.answer).members.map(({ memberId }) => memberId)).toEqual([
      first.memberId,
      second.memberId,
    ])
    expect(Buffer.from(now(first.answer).members[1]!.metadata).includes('b')).toBe(true)
    expect(now(second.answer)).toMatchObject({ members: [], protocolType: 'consumer' })
  })

  test('GRP-13 NV-19 a follower that rejoins a stable group unchanged is told the generation at once', () => {
    const [leader, follower] = t.stableGroup(2)
    expect(now(t.join({ memberId: follower! }))).toMatchObject({
      generationId: 1,
      leader: leader!,
      members: [],
    })
    expect(t.group().state).toBe('Stable')
  })

  test('GRP-14 a leader that rejoins, or changed metadata, starts a rebalance', () => {
    const [leader, follower] = t.stableGroup(2)
    expect(t.join({ memberId: leader! }).response).toBe(null)
    expect(t.group().state).toBe('PreparingRebalance')
    expect(now(t.join({ memberId: follower! })).generationId).toBe(2)
    t.syncAll([leader!, follower!], 2, leader!)
    expect(t.join({ memberId: follower!, protocols: { range: 'more' } }).response).toBe(null)
    expect(t.group().state).toBe('PreparingRebalance')
  })

  test('GRP-15 while assignments are awaited the generation is told again, unless the metadata changed', () => {
    const first = t.joinTwice()
    const second = t.joinTwice()
    t.advance(6_000)
    const again = now(t.join({ memberId: first.memberId }))
    expect(again).toEqual(now(first.answer))
    expect(again.members.length).toBe(2)
    expect(now(t.join({ memberId: second.memberId })).members).toEqual([])
    expect(t.join({ memberId: second.memberId, protocols: { range: 'b' } }).response).toBe(null)
    expect(t.group().state).toBe('PreparingRebalance')
  })

  test('GRP-16 nobody is a member of an empty group', () => {
    const [memberId] = t.stableGroup(1)
    t.leave({ memberId: memberId! })
    expect(t.group().state).toBe('Empty')
    expect(errorOf(() => t.join({ memberId: memberId! }))).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  test('GRP-17 a new member that waits for five minutes is given up', () => {
    const [leader] = t.stableGroup(1, { rebalanceTimeoutMs: 3_600_000 })
    const { answer } = t.joinTwice({ rebalanceTimeoutMs: 3_600_000 })
    for (let n = 0; n < 60; n++) {
      t.advance(5_000)
      if (n < 59) expect(answer.response).toBe(null)
      t.heartbeat(leader!, 1)
    }
    expect(now(answer).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    expect(t.group().size).toBe(1)
  })

  test('a second JoinGroup of a member that waits answers the first', () => {
    const [leader] = t.stableGroup(2)
    const first = t.join({ memberId: leader! })
    const second = t.join({ memberId: leader! })
    expect(now(first).errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
    expect(second.response).toBe(null)
  })

  test('a pending member holds up the rebalance until it joins or its time is over', () => {
    const [leader] = t.stableGroup(1)
    const { memberId } = now(t.join())
    const answer = t.join({ memberId: leader! })
    expect(answer.response).toBe(null)
    t.advance(10_000)
    expect(now(answer).members.length).toBe(1)
    expect(errorOf(() => t.join({ memberId }))).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  test('a group that is durable from its first join on is not there when that was not stored', () => {
    t.failNextAppend(ErrorCode.NOT_ENOUGH_REPLICAS)
    expect(errorOf(() => t.join())).toBe(ErrorCode.NOT_ENOUGH_REPLICAS)
    expect(t.shard.groups.size).toBe(0)
    expect(t.groupTimers()).toEqual([])
  })

  test('the bytes of a request may be reused after it', () => {
    const [memberId] = t.stableGroup(1)
    const kept = t.group().member(memberId!)!.protocols[0]!.metadata
    expect(kept.buffer.byteLength).toBe(kept.length)
  })
})

describe('static members', () => {
  const fixed = { groupInstanceId: 'one', sessionTimeoutMs: 60_000 }

  /** A stable group of a dynamic leader and a static follower, or the other way round. */
  function group(staticLeads: boolean) {
    const dynamic = () => t.joinTwice().memberId
    const first = staticLeads ? t.join(fixed) : dynamic()
    const second = staticLeads ? dynamic() : t.join(fixed)
    t.advance(6_000)
    const answer = typeof first === 'string' ? second : first
    assertAnswer(answer)
    const { memberId, leader, generationId } = now(answer)
    const other = typeof first === 'string' ? first : (second as string)
    t.syncAll([memberId, other], generationId, leader)
    return { memberId, other, generationId }
  }

  function assertAnswer(value: unknown): asserts value is ReturnType<GroupContext['join']> {
    expect(typeof value).toBe('object')
  }

  test('STM-01 a static follower that restarts gets a new id without a rebalance', () => {
    const { memberId, generationId, other } = group(false)
    const back = now(t.join(fixed))
    expect(back).toMatchObject({ generationId, leader: other, members: [], skipAssignment: false })
    expect(back.memberId).not.toBe(memberId)
    expect(t.group().state).toBe('Stable')
    const stored = storedGroup(t.records[0])!
    expect(stored.members.map((member) => member.memberId)).toContain(back.memberId)
    const assignment = now(
      t.sync({ memberId: back.memberId, generationId, groupInstanceId: 'one' }),
    )
    expect(Buffer.from(assignment.assignment).toString()).toBe(`for ${memberId}`)
  })

  test('STM-01 a static leader that restarts is told to skip the assignment', () => {
    const { memberId, generationId } = group(true)
    const back = now(t.join(fixed))
    expect(back).toMatchObject({ generationId, leader: back.memberId, skipAssignment: true })
    expect(back.members.length).toBe(2)
    const old = now(t.join({ ...fixed, apiVersion: 8 }))
    expect(old).toMatchObject({ leader: back.memberId, members: [], skipAssignment: false })
    expect(old.memberId).not.toBe(memberId)
  })

  test('STM-01 when the chosen protocol would change, the group is rebalanced', () => {
    t = new GroupContext()
    const both = { range: 'a', sticky: 'a' }
    const first = t.join({ ...fixed, protocols: { ...both } })
    t.advance(6_000)
    const { memberId } = now(first)
    t.syncAll([memberId], 1, memberId)
    const back = now(t.join({ ...fixed, protocols: { sticky: 'a', range: 'a' } }))
    expect(back).toMatchObject({ generationId: 2, protocolName: 'sticky' })
  })

  test('STM-02 the process that holds the old id is fenced', () => {
    const { memberId, generationId } = group(false)
    t.join(fixed)
    const old = { ...fixed, memberId }
    const fenced = ErrorCode.FENCED_INSTANCE_ID
    expect(errorOf(() => t.join(old))).toBe(fenced)
    expect(errorOf(() => t.sync({ memberId, generationId, groupInstanceId: 'one' }))).toBe(fenced)
    expect(errorOf(() => t.heartbeat(memberId, generationId, 'one'))).toBe(fenced)
    expect(t.leave(old).members[0]!.errorCode).toBe(fenced)
    expect(errorOf(() => t.heartbeat(memberId, generationId))).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  test('STM-02 requests the old process has parked are answered with the fence', () => {
    const { memberId, generationId } = group(true)
    const parked = t.join({ ...fixed, memberId })
    t.join(fixed)
    expect(now(parked).errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID)
    expect(t.group().generationId).toBe(generationId)
  })

  test('STM-03 an unknown instance id with a member id is unknown', () => {
    group(false)
    const unknown = { groupInstanceId: 'two', memberId: 'two-1' }
    expect(errorOf(() => t.join(unknown))).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  test('STM-04 a static member that restarts while assignments are awaited starts a new rebalance', () => {
    const first = t.join(fixed)
    t.advance(6_000)
    const back = t.join(fixed)
    expect(now(back)).toMatchObject({ errorCode: 0, generationId: 2 })
    expect(now(back).memberId).not.toBe(now(first).memberId)
  })

  test('STM-05 a static member is out when its session ends, or when an administrator says so', () => {
    const { memberId, other, generationId } = group(false)
    for (let n = 0; n < 9; n++) {
      t.advance(6_000)
      t.heartbeat(other, generationId)
    }
    expect(t.group().member(memberId)).toBeDefined()
    t.advance(6_000)
    expect(t.group().member(memberId)).toBe(undefined)
    const again = t.join(fixed)
    t.join({ memberId: other })
    expect(t.leave({ groupInstanceId: 'one' }).members[0]!.errorCode).toBe(0)
    expect(t.group().member(now(again).memberId)).toBe(undefined)
    expect(t.leave({ groupInstanceId: 'one' }).members[0]!.errorCode).toBe(
      ErrorCode.UNKNOWN_MEMBER_ID,
    )
  })

  test('STM-06 when the replacement cannot be stored the old member stays', () => {
    const { memberId, generationId } = group(false)
    t.failNextAppend(ErrorCode.NOT_ENOUGH_REPLICAS)
    expect(errorOf(() => t.join(fixed))).toBe(ErrorCode.NOT_ENOUGH_REPLICAS)
    expect(t.heartbeat(memberId, generationId, 'one')).toBe(0)
    expect(t.group().state).toBe('Stable')
  })
})

test('GRP-07 a group that is over its limit when it is loaded rebalances', () => {
  const ids = t.stableGroup(3)
  t.reload()
  expect(t.heartbeat(ids[0]!, 1)).toBe(0)
  expect(t.groupTimers().length).toBe(3)
  t.config.maxSize = 2
  t.reload()
  expect(t.heartbeat(ids[0]!, 1)).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
})
