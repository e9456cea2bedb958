/** The hard state of groups that the coordinator assigns partitions for, as plain data. */
import type { Assignment } from '../../src/group/modern/assignment.ts'
import type { ConsumerGroup } from '../../src/group/modern/consumer/consumer-group.ts'
import {
  topicPartitionsOf,
  type OwnedPartitions,
} from '../../src/group/modern/consumer/owned-partitions.ts'

export function digestConsumerGroup(group: ConsumerGroup): unknown {
  return {
    state: group.state,
    groupEpoch: group.groupEpoch,
    metadataHash: group.metadataHash,
    assignmentEpoch: group.assignmentEpoch,
    assignedAtMs: group.assignedAtMs,
    oldMetadataRecord: group.hasOldMetadataRecord,
    members: byKey(
      [...group.members()].map((member) => [
        member.memberId,
        {
          ...member,
          assigned: digestOwned(member.assigned),
          pendingRevocation: digestOwned(member.pendingRevocation),
        },
      ]),
    ),
    instances: byKey(
      [...group.members()].flatMap(({ instanceId }) =>
        instanceId === null ? [] : [[instanceId, group.staticMemberId(instanceId)]],
      ),
    ),
    targets: byKey(
      [...group.allTargets()].map(([memberId, target]) => [memberId, digestAssignment(target)]),
    ),
    patterns: byKey([...group.resolvedPatterns()]),
    patternSubscribers: byKey([...group.subscribedPatterns()]),
    topics: byKey([...group.subscribedTopics()]),
    owners: byKey(
      [...group.members()].flatMap(({ assigned, pendingRevocation }) =>
        [assigned, pendingRevocation].flatMap((owned) =>
          topicPartitionsOf(owned).flatMap(({ topicId, partitions }) =>
            partitions.map((partition): [string, number] => [
              `${topicId}:${partition}`,
              group.partitionEpoch(topicId, partition),
            ]),
          ),
        ),
      ),
    ),
  }
}

export function digestAssignment(assignment: Assignment): unknown {
  return byKey([...assignment])
}

function digestOwned(owned: OwnedPartitions): unknown {
  return byKey([...owned].map(([topicId, epochs]) => [topicId, byKey([...epochs])]))
}

/** In the order of the keys, so that data that came about in another order looks the same. */
export function byKey(entries: [string | number, unknown][]): [string, unknown][] {
  return entries
    .map(([key, value]): [string, unknown] => [String(key), value])
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
}
