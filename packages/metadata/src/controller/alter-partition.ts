/**
 * What leaders propose for the partitions they lead: the ISR, and that they have recovered
 * (AlterPartition). A leader that knows more than this controller is answered that this one is not the
 * controller; one that knows less is told so by its epoch.
 */
import {
  type AlterPartitionRequest,
  type AlterPartitionRequestPartitionData,
  AlterPartitionResponse,
  type AlterPartitionResponsePartitionData,
  createAlterPartitionResponsePartitionData,
  ErrorCode,
} from '@barnabas/protocol'
import type { ClusterImage, TopicImage } from '../image/cluster-image.ts'
import {
  changedPartition,
  LeaderRecoveryState,
  type PartitionImage,
} from '../image/partition-image.ts'
import type { MetadataRecord } from '../records/metadata-record.ts'
import { registeredBroker } from './brokers.ts'
import { type ControllerContext, partitionChangeRecord } from './context.ts'
import { electionAllowed } from './elections.ts'
import type { Outcome } from './outcome.ts'

type Proposal = AlterPartitionRequestPartitionData
type Verdict = AlterPartitionResponsePartitionData

interface Member {
  readonly brokerId: number
  /** -1 when the leader does not say. */
  readonly brokerEpoch: number
}

/** `version` 3 and later give the epochs of the brokers in the ISR. */
export function alterPartition(
  context: ControllerContext,
  request: AlterPartitionRequest,
  version: number,
): Outcome<AlterPartitionResponse> {
  const { brokerId } = request
  registeredBroker(context, brokerId, request.brokerEpoch)
  const records: MetadataRecord[] = []
  const topics = request.topics.map(({ topicId, partitions }) => {
    const topic = context.image.topics.byId.get(topicId)
    return {
      topicId,
      partitions: partitions.map((proposal) =>
        topic === undefined
          ? refused(proposal, ErrorCode.UNKNOWN_TOPIC_ID)
          : judge(context, brokerId, topic, proposal, membersOf(proposal, version), records),
      ),
      unknownTaggedFields: null,
    }
  })
  return { records, response: AlterPartitionResponse.create({ topics }) }
}

function membersOf(proposal: Proposal, version: number): readonly Member[] {
  return version >= 3
    ? proposal.newIsrWithEpochs
    : proposal.newIsr.map((brokerId) => ({ brokerId, brokerEpoch: -1 }))
}

function judge(
  context: ControllerContext,
  brokerId: number,
  topic: TopicImage,
  proposal: Proposal,
  isr: readonly Member[],
  records: MetadataRecord[],
): Verdict {
  const partition = topic.partitions[proposal.partitionIndex]
  if (partition === undefined) return refused(proposal, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  const error =
    epochError(brokerId, partition, proposal) ??
    isrError(partition, proposal, isr) ??
    eligibilityError(context.image, isr)
  if (error !== null) return refused(proposal, error)
  const record = partitionChangeRecord(context, topic, proposal.partitionIndex, {
    election: electionAllowed(context, topic),
    isr: isr.map((member) => member.brokerId),
    leaderRecoveryState: proposal.leaderRecoveryState,
  })
  if (record?.type !== 'PartitionChangeRecord') return accepted(proposal, partition)
  records.push(record)
  const after = changedPartition(partition, record.data)
  // The change ended a reassignment in which this leader was to go: it must look for the new one.
  if (after.leader !== brokerId) return refused(proposal, ErrorCode.NEW_LEADER_ELECTED)
  return accepted(proposal, after)
}

function epochError(
  brokerId: number,
  partition: PartitionImage,
  proposal: Proposal,
): number | null {
  const { leaderEpoch, partitionEpoch } = proposal
  if (leaderEpoch > partition.leaderEpoch) return ErrorCode.NOT_CONTROLLER
  if (partitionEpoch > partition.partitionEpoch) return ErrorCode.NOT_CONTROLLER
  if (leaderEpoch < partition.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH
  if (brokerId !== partition.leader) return ErrorCode.INVALID_REQUEST
  if (partitionEpoch < partition.partitionEpoch) return ErrorCode.INVALID_UPDATE_VERSION
  return null
}

function isrError(
  partition: PartitionImage,
  { leaderRecoveryState }: Proposal,
  isr: readonly Member[],
): number | null {
  const ids = isr.map((member) => member.brokerId)
  const isValid =
    ids.includes(partition.leader) &&
    new Set(ids).size === ids.length &&
    ids.every((id) => partition.replicas.includes(id))
  if (!isValid) return ErrorCode.INVALID_REQUEST
  const { RECOVERED, RECOVERING } = LeaderRecoveryState
  if (leaderRecoveryState !== RECOVERING) {
    return leaderRecoveryState === RECOVERED ? null : ErrorCode.INVALID_REQUEST
  }
  // Nobody is in sync with a leader that does not yet know what its log is worth.
  const isRecovered = partition.leaderRecoveryState === RECOVERED
  return ids.length > 1 || isRecovered ? ErrorCode.INVALID_REQUEST : null
}

/** Only brokers in service may be in sync, in the incarnation that the leader has seen (KIP-903). */
function eligibilityError(image: ClusterImage, isr: readonly Member[]): number | null {
  for (const { brokerId, brokerEpoch } of isr) {
    const broker = image.brokers.get(brokerId)
    const isEligible =
      broker !== undefined &&
      !broker.fenced &&
      !broker.inControlledShutdown &&
      (brokerEpoch === -1 || brokerEpoch === broker.epoch)
    if (!isEligible) return ErrorCode.INELIGIBLE_REPLICA
  }
  return null
}

function refused(proposal: Proposal, errorCode: number): Verdict {
  const { partitionIndex } = proposal
  return createAlterPartitionResponsePartitionData({ partitionIndex, errorCode })
}

function accepted(proposal: Proposal, partition: PartitionImage): Verdict {
  return createAlterPartitionResponsePartitionData({
    partitionIndex: proposal.partitionIndex,
    leaderId: partition.leader,
    isr: [...partition.isr],
    leaderRecoveryState: partition.leaderRecoveryState,
    leaderEpoch: partition.leaderEpoch,
    partitionEpoch: partition.partitionEpoch,
  })
}
