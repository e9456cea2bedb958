/** `simple` for members whose subscriptions differ: each topic is shared out among its subscribers by itself. */
import type { Uuid } from '@barnabas/protocol'
import { fromSets } from '../assignment.ts'
import { addTo, draftOf, type AssignorInput, type Targets } from './assignor.ts'
import { numberHash } from './java-hash-map.ts'
import { Sharing } from './sharing.ts'

export function assignSimpleMixed(input: AssignorInput): Targets {
  const { members } = input
  const subscribers = new Map<Uuid, number[]>()
  members.forEach(({ topicIds }, member) => {
    for (const topicId of topicIds) {
      const ofTopic = subscribers.get(topicId)
      if (ofTopic === undefined) subscribers.set(topicId, [member])
      else ofTopic.push(member)
    }
  })
  const targets: Targets = new Map()
  if (subscribers.size === 0) return targets
  const drafts = members.map(({ assignment }) => draftOf(assignment))
  for (const draft of drafts) {
    for (const topicId of draft.keys()) if (!subscribers.has(topicId)) draft.delete(topicId)
  }
  for (const [topicId, ofTopic] of subscribers) {
    const partitions = Array.from({ length: input.partitionCount(topicId) }, (_, n) => n)
    const sharing = new Sharing<number>({
      hashOf: numberHash,
      partitions: partitions.filter((partition) => input.isAssignable(topicId, partition)),
      members: ofTopic,
      give: (member, partition) => addTo(drafts[member]!, topicId, partition),
      take: (member, partition) => drafts[member]!.get(topicId)!.delete(partition),
    })
    members.forEach(({ assignment }, member) => {
      for (const partition of assignment.get(topicId) ?? []) sharing.has(member, partition)
    })
    sharing.balance()
  }
  members.forEach(({ memberId }, member) => targets.set(memberId, fromSets(drafts[member]!)))
  return targets
}
