/** Leaders: elections asked for, elections that time brings, and all that follows from a broker's going. */
import {
  type ElectLeadersRequest,
  ElectLeadersResponse,
  createElectLeadersResponseReplicaElectionResult,
  ErrorCode,
} from '@barnabas/protocol'
import type { TopicImage } from '../image/cluster-image.ts'
import { NO_LEADER } from '../image/partition-image.ts'
import type { MetadataRecord } from '../records/metadata-record.ts'
import {
  type ControllerContext,
  type LeaderExceptions,
  partitionChangeRecord,
  type PartitionPlace,
  partitionsWhere,
  topicConfigOf,
} from './context.ts'
import { MAX_ELECTIONS_PER_TASK } from './limits.ts'
import { apiError, checkRecordCount, type Outcome, type PartError, partOf } from './outcome.ts'
import type { Election, PartitionTarget } from './partition-change.ts'

const ElectionType = { PREFERRED: 0, UNCLEAN: 1 } as const

/** Null topics stand for all; of those, only what was done or failed is told. */
export function electLeaders(
  context: ControllerContext,
  request: ElectLeadersRequest,
): Outcome<ElectLeadersResponse> {
  const election = electionOf(request.electionType)
  const records: MetadataRecord[] = []
  const all = request.topicPartitions === null
  const results = wantedPartitions(context, request).map(([topic, partitions]) => {
    const partitionResult = []
    for (const partitionId of partitions) {
      const error = electOne(context, topic, partitionId, election, records)
      if (all && error.errorCode === ErrorCode.ELECTION_NOT_NEEDED) continue
      partitionResult.push({ partitionId, ...error, unknownTaggedFields: null })
    }
    return createElectLeadersResponseReplicaElectionResult({ topic, partitionResult })
  })
  checkRecordCount(records)
  const replicaElectionResults = all ? results.filter((r) => r.partitionResult.length > 0) : results
  return { records, response: ElectLeadersResponse.create({ replicaElectionResults }) }
}

function electionOf(electionType: number): Election {
  if (electionType === ElectionType.PREFERRED) return 'preferred'
  if (electionType === ElectionType.UNCLEAN) return 'unclean'
  throw apiError(ErrorCode.INVALID_REQUEST, `Unknown election type ${electionType}`)
}

function wantedPartitions(
  { image }: ControllerContext,
  request: ElectLeadersRequest,
): [string, number[]][] {
  if (request.topicPartitions !== null) {
    return request.topicPartitions.map((each) => [each.topic, each.partitions])
  }
  return [...image.topics.byId.values()].map((topic) => [topic.name, [...topic.partitions.keys()]])
}

function electOne(
  context: ControllerContext,
  topicName: string,
  partitionId: number,
  election: Election,
  records: MetadataRecord[],
): PartError {
  return partOf(records, () => {
    const topic = context.image.topics.byName.get(topicName)
    const partition = topic?.partitions[partitionId]
    if (topic === undefined || partition === undefined) {
      throw apiError(
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        `No such partition as ${topicName}-${partitionId}`,
      )
    }
    const isPreferred = partition.leader === partition.replicas[0]
    const isLed = partition.leader !== NO_LEADER
    if (election === 'preferred' ? isPreferred : isLed) {
      throw apiError(ErrorCode.ELECTION_NOT_NEEDED)
    }
    const record = partitionChangeRecord(context, topic, partitionId, { election })
    if (record === null) throw apiError(notAvailable(election))
    records.push(record)
  })
}

function notAvailable(election: Election): number {
  return election === 'preferred'
    ? ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE
    : ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE
}

/** A task that stops at a limit; the response says whether there is more to do at once. */
export type TaskOutcome = Outcome<{ readonly more: boolean }>

/** Gives leadership back to preferred replicas that are in sync and able to lead. */
export function balanceLeaders(context: ControllerContext): TaskOutcome {
  const unbalanced = partitionsWhere(
    context.image,
    ({ leader, replicas }) => leader !== replicas[0],
  )
  return runElections(context, unbalanced, () => 'preferred')
}

/** Gives leaders to partitions without one where their topic allows losing data for it. */
export function electUncleanLeaders(context: ControllerContext): TaskOutcome {
  const leaderless = partitionsWhere(context.image, ({ leader }) => leader === NO_LEADER)
  return runElections(context, leaderless, (topic) =>
    isUncleanAllowed(context, topic) ? 'unclean' : null,
  )
}

function runElections(
  context: ControllerContext,
  places: Iterable<PartitionPlace>,
  electionFor: (topic: TopicImage) => Election | null,
): TaskOutcome {
  const records: MetadataRecord[] = []
  for (const { topic, partitionId } of places) {
    if (records.length === MAX_ELECTIONS_PER_TASK) return { records, response: { more: true } }
    const election = electionFor(topic)
    if (election === null) continue
    const record = partitionChangeRecord(context, topic, partitionId, { election })
    if (record !== null) records.push(record)
  }
  return { records, response: { more: false } }
}

export function isUncleanAllowed(context: ControllerContext, topic: TopicImage): boolean {
  return topicConfigOf(context, topic.name).get('unclean.leader.election.enable')
}

/** The election with which a partition reacts to what happens to its brokers. */
export function electionAllowed(context: ControllerContext, topic: TopicImage): Election {
  return isUncleanAllowed(context, topic) ? 'unclean' : 'online'
}

/**
 * A broker goes (fenced, stopping, gone): it leaves every ISR, and others lead what it led. With
 * `unclean` it may have lost what it acknowledged, so it is not eligible any more either.
 */
export function removeBroker(
  context: ControllerContext,
  brokerId: number,
  options: { unclean?: boolean } = {},
): MetadataRecord[] {
  const unclean = options.unclean ?? false
  return changeAll(
    context,
    partitionsWhere(
      context.image,
      ({ isr, eligibleLeaderReplicas }) =>
        isr.includes(brokerId) || (unclean && eligibleLeaderReplicas.includes(brokerId)),
    ),
    ({ partition }) => ({
      isr: partition.isr.filter((id) => id !== brokerId),
      ...(unclean ? { uncleanShutdown: [brokerId] } : {}),
    }),
    { leaving: brokerId },
  )
}

/** A broker comes into service: it may lead what nobody leads. */
export function admitBroker(context: ControllerContext, brokerId: number): MetadataRecord[] {
  const leaderless = partitionsWhere(context.image, ({ leader }) => leader === NO_LEADER)
  return changeAll(context, leaderless, () => ({}), { joining: brokerId })
}

/** Directories of a broker failed: its replicas there leave their ISRs. */
export function removeDirectories(
  context: ControllerContext,
  brokerId: number,
  directories: readonly string[],
): MetadataRecord[] {
  const places = partitionsWhere(context.image, ({ replicas, directories: placed }) => {
    const at = replicas.indexOf(brokerId)
    return at >= 0 && directories.includes(placed[at]!)
  })
  const target = ({ partition }: PartitionPlace) => ({
    isr: partition.isr.filter((id) => id !== brokerId),
  })
  return changeAll(context, places, target, { leaving: brokerId })
}

function changeAll(
  context: ControllerContext,
  places: Iterable<PartitionPlace>,
  targetOf: (place: PartitionPlace) => PartitionTarget,
  exceptions: LeaderExceptions,
): MetadataRecord[] {
  const records: MetadataRecord[] = []
  for (const place of places) {
    const election = electionAllowed(context, place.topic)
    const target = { ...targetOf(place), election }
    const record = partitionChangeRecord(
      context,
      place.topic,
      place.partitionId,
      target,
      exceptions,
    )
    if (record !== null) records.push(record)
  }
  return records
}
