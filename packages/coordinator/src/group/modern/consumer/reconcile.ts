/**
 * How a member gets from what it has to its target. Nothing is given to it that another member still has:
 *
 *   1. What it has to give up is taken from its assignment first. It stays in its epoch, in state
 *      `unrevokedPartitions`, until a heartbeat lists what it owns and those are not among it.
 *   2. Then it gets the new epoch, and of its new partitions those that are free.
 *   3. As long as some are not, it is in state `unreleasedPartitions`, and each heartbeat looks again.
 */
import { ApiError } from '@barnabas/base'
import { ErrorCode, type Uuid } from '@barnabas/protocol'
import type { Assignment, TopicPartitions } from '../assignment.ts'
import { FREE } from './consumer-group.ts'
import type { ConsumerMember } from './consumer-member.ts'
import { NOTHING_OWNED, ownsAny, type OwnedPartitions } from './owned-partitions.ts'

export interface ReconcileInput {
  readonly target: Assignment
  readonly targetEpoch: number
  /** The member said something new about what it wants to read. */
  readonly subscriptionChanged: boolean
  /** Topics the member reads, by id. */
  readonly topicIds: ReadonlySet<Uuid>
  /** It wants to read something, whether that exists or not. */
  readonly subscribes: boolean
  /** What the member says it has; null when it said nothing. */
  readonly owned: readonly TopicPartitions[] | null
  /** Epoch of whoever has the partition. */
  partitionEpoch(topicId: Uuid, partition: number): number
}

/** The member after one more step; itself when there is none. */
export function reconcile(member: ConsumerMember, input: ReconcileInput): ConsumerMember {
  const { subscriptionChanged, owned, targetEpoch } = input
  switch (member.state) {
    case 'stable':
      if (member.memberEpoch !== targetEpoch) return nextStep(member, member.memberEpoch, input)
      return subscriptionChanged ? dropUnsubscribed(member, input) : member
    case 'unrevokedPartitions':
      if (!stillOwns(member.pendingRevocation, owned)) {
        return nextStep(member, member.memberEpoch, input)
      }
      return subscriptionChanged ? dropUnsubscribed(member, input) : member
    case 'unreleasedPartitions':
      return nextStep(member, member.memberEpoch, input)
    case 'unknown':
      // Whatever the state meant, a member that owns nothing can start from the target.
      if (owned === null || owned.length > 0) {
        throw new ApiError(ErrorCode.FENCED_MEMBER_EPOCH, 'The state of the member is not known.')
      }
      return nextStep(member, targetEpoch, input)
  }
}

/** A member that does not say what it has may have anything. */
function stillOwns(partitions: OwnedPartitions, owned: readonly TopicPartitions[] | null): boolean {
  return owned === null || ownsAny(partitions, owned)
}

/** Takes away what the member does not want any more, without waiting for another target. */
function dropUnsubscribed(member: ConsumerMember, input: ReconcileInput): ConsumerMember {
  const assigned = new Map(member.assigned)
  const pending = new Map(member.pendingRevocation)
  for (const [topicId, epochs] of member.assigned) {
    if (input.subscribes && input.topicIds.has(topicId)) continue
    assigned.delete(topicId)
    pending.set(topicId, new Map([...(pending.get(topicId) ?? []), ...epochs]))
  }
  const wantsNothing = !input.subscribes && member.pendingRevocation.size === 0
  if (assigned.size === member.assigned.size && !wantsNothing) return member
  const { memberEpoch } = member
  const dropped = { ...member, previousMemberEpoch: memberEpoch, assigned }
  if (pending.size === 0 || !stillOwns(pending, input.owned)) return dropped
  return { ...dropped, state: 'unrevokedPartitions', pendingRevocation: pending }
}

interface Step {
  readonly kept: Map<Uuid, Map<number, number>>
  readonly revoked: Map<Uuid, Map<number, number>>
  readonly added: Map<Uuid, number[]>
  /** Partitions of the target are still with others. */
  unreleased: boolean
}

function nextStep(
  member: ConsumerMember,
  memberEpoch: number,
  input: ReconcileInput,
): ConsumerMember {
  const step: Step = { kept: new Map(), revoked: new Map(), added: new Map(), unreleased: false }
  for (const topicId of new Set([...input.target.keys(), ...member.assigned.keys()])) {
    planTopic(step, topicId, member, input)
  }
  const previousMemberEpoch = member.memberEpoch
  if (step.revoked.size > 0 && stillOwns(step.revoked, input.owned)) {
    return {
      ...member,
      state: 'unrevokedPartitions',
      memberEpoch,
      previousMemberEpoch,
      assigned: step.kept,
      pendingRevocation: step.revoked,
    }
  }
  for (const [topicId, partitions] of step.added) {
    const epochs = step.kept.get(topicId) ?? new Map<number, number>()
    for (const partition of partitions) epochs.set(partition, input.targetEpoch)
    step.kept.set(topicId, epochs)
  }
  return {
    ...member,
    state: step.unreleased ? 'unreleasedPartitions' : 'stable',
    memberEpoch: input.targetEpoch,
    previousMemberEpoch,
    assigned: step.kept,
    pendingRevocation: NOTHING_OWNED,
  }
}

function planTopic(step: Step, topicId: Uuid, member: ConsumerMember, input: ReconcileInput): void {
  const present = member.assigned.get(topicId) ?? new Map<number, number>()
  const wanted = new Set(input.topicIds.has(topicId) ? input.target.get(topicId) : [])
  const kept = new Map<number, number>()
  const revoked = new Map<number, number>()
  for (const [partition, epoch] of present) {
    ;(wanted.has(partition) ? kept : revoked).set(partition, epoch)
  }
  const pending = member.pendingRevocation.get(topicId)
  const added: number[] = []
  for (const partition of wanted) {
    if (kept.has(partition)) continue
    const free = input.partitionEpoch(topicId, partition) === FREE
    // What it has not given up yet it may just as well keep.
    if (free || pending?.has(partition) === true) added.push(partition)
    else step.unreleased = true
  }
  if (kept.size > 0) step.kept.set(topicId, kept)
  if (revoked.size > 0) step.revoked.set(topicId, revoked)
  if (added.length > 0) step.added.set(topicId, added)
}
