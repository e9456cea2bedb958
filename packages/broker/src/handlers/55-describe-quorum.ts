/**
 * DescribeQuorum, versions 0 to 2 (KIP-595): who leads the metadata log, and how far its replicas are.
 * v1 (KIP-836): when they were last seen; v2 (KIP-853): directories and the controllers' addresses.
 */
import {
  createDescribeQuorumResponsePartitionData,
  createDescribeQuorumResponseReplicaState,
  createDescribeQuorumResponseTopicData,
  DescribeQuorumRequest,
  DescribeQuorumResponse,
  ErrorCode,
  errorOf,
  ZERO_UUID,
  type Uuid,
} from '@barnabas/protocol'
import { AclOperation } from '../security/authorizer.ts'
import { handler } from './handler.ts'

const METADATA_TOPIC = '__cluster_metadata'

export interface QuorumReplica {
  readonly nodeId: number
  readonly directoryId: Uuid
  readonly logEndOffset: number
  /** Wall clock; -1 when not known. */
  readonly lastFetchMs: number
  readonly lastCaughtUpMs: number
}

export interface QuorumState {
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly highWatermark: number
  readonly voters: readonly QuorumReplica[]
  readonly observers: readonly QuorumReplica[]
}

export function describeQuorum(services: { quorum(): QuorumState }) {
  return handler({
    request: DescribeQuorumRequest,
    response: DescribeQuorumResponse,
    authorization: { cluster: AclOperation.DESCRIBE },
    handle: ({ apiVersion }, request) =>
      DescribeQuorumResponse.create({
        topics: request.topics.map(({ topicName, partitions }) =>
          createDescribeQuorumResponseTopicData({
            topicName,
            partitions: partitions.map(({ partitionIndex }) =>
              topicName === METADATA_TOPIC && partitionIndex === 0
                ? stateOf(services.quorum(), apiVersion)
                : createDescribeQuorumResponsePartitionData({
                    partitionIndex,
                    errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                    errorMessage: messageAt(apiVersion, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
                  }),
            ),
          }),
        ),
      }),
    failure: (_request, errorCode, message) =>
      DescribeQuorumResponse.create({ errorCode, errorMessage: message }),
  })
}

/** Messages came with v2. */
function messageAt(apiVersion: number, errorCode: number): string | null {
  return apiVersion >= 2 ? errorOf(errorCode).message : ''
}

function stateOf(quorum: QuorumState, apiVersion: number) {
  return createDescribeQuorumResponsePartitionData({
    partitionIndex: 0,
    leaderId: quorum.leaderId,
    leaderEpoch: quorum.leaderEpoch,
    highWatermark: quorum.highWatermark,
    currentVoters: quorum.voters.map((replica) => replicaState(replica, apiVersion)),
    observers: quorum.observers.map((replica) => replicaState(replica, apiVersion)),
  })
}

function replicaState(replica: QuorumReplica, apiVersion: number) {
  return createDescribeQuorumResponseReplicaState({
    replicaId: replica.nodeId,
    replicaDirectoryId: apiVersion >= 2 ? replica.directoryId : ZERO_UUID,
    logEndOffset: replica.logEndOffset,
    lastFetchTimestamp: apiVersion >= 1 ? replica.lastFetchMs : -1,
    lastCaughtUpTimestamp: apiVersion >= 1 ? replica.lastCaughtUpMs : -1,
  })
}
