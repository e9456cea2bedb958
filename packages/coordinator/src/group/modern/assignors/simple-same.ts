/** `simple` for members with the same subscription: all partitions of all topics are shared out together. */
import type { Uuid } from '@barnabas/protocol'
import { fromSets } from '../assignment.ts'
import { addTo, draftOf, type AssignorInput, type Targets } from './assignor.ts'
import { inHashOrder, uuidHash } from './java-hash-map.ts'
import { Sharing } from './sharing.ts'

interface TopicPartition {
  readonly topicId: Uuid
  readonly partition: number
}

export function assignSimpleSame(input: AssignorInput): Targets {
  const { members } = input
  const { topicIds } = members[0]!
  const targets: Targets = new Map()
  if (topicIds.size === 0) return targets
  const drafts = members.map(({ assignment }) => draftOf(assignment))
  const hashes = new Map([...topicIds].map((topicId) => [topicId, uuidHash(topicId)]))
  const known = new Map<string, TopicPartition>()
  const keyOf = (topicId: Uuid, partition: number): string => {
    const key = `${topicId}:${partition}`
    known.set(key, { topicId, partition })
    return key
  }
  const partitions: string[] = []
  for (const topicId of topicIds) {
    for (let partition = 0; partition < input.partitionCount(topicId); partition++) {
      if (input.isAssignable(topicId, partition)) partitions.push(keyOf(topicId, partition))
    }
  }
  const sharing = new Sharing<string>({
    hashOf(key) {
      const { topicId, partition } = known.get(key)!
      return (Math.imul(31, hashes.get(topicId)!) + partition) | 0
    },
    partitions,
    members: members.map((_, member) => member),
    give(member, key) {
      const { topicId, partition } = known.get(key)!
      addTo(drafts[member]!, topicId, partition)
    },
    take(member, key) {
      const { topicId, partition } = known.get(key)!
      drafts[member]!.get(topicId)!.delete(partition)
    },
  })
  members.forEach(({ assignment }, member) => {
    for (const topicId of inHashOrder(assignment.keys())) {
      if (!topicIds.has(topicId)) drafts[member]!.delete(topicId)
      else {
        for (const partition of assignment.get(topicId)!) {
          sharing.has(member, keyOf(topicId, partition))
        }
      }
    }
  })
  sharing.balance()
  members.forEach(({ memberId }, member) => targets.set(memberId, fromSets(drafts[member]!)))
  return targets
}
