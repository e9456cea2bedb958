/** What a ConsumerGroupHeartbeat must look like, whatever group it is for. */
import { ApiError } from '@barnabas/base'
import { ErrorCode, type ConsumerGroupHeartbeatRequest } from '@barnabas/protocol'
import type { ConsumerGroupConfig } from '../modern-config.ts'
import { LEAVE_EPOCH, STATIC_LEAVE_EPOCH } from './consumer-member.ts'

/** From this version on members make their own id (KIP-1082). */
const OWN_MEMBER_ID_VERSION = 1

export function validateHeartbeat(
  config: ConsumerGroupConfig,
  request: ConsumerGroupHeartbeatRequest,
  apiVersion: number,
): void {
  const { memberEpoch, memberId, groupId, instanceId, rackId, serverAssignor } = request
  if (apiVersion >= OWN_MEMBER_ID_VERSION || memberEpoch > 0 || memberEpoch === LEAVE_EPOCH) {
    requireText(memberId, 'The member id')
  }
  requireText(groupId, 'The group id')
  if (instanceId !== null) requireText(instanceId, 'The instance id')
  if (rackId !== null) requireText(rackId, 'The rack id')
  if (memberEpoch === 0) validateJoin(request)
  else if (memberEpoch === STATIC_LEAVE_EPOCH && instanceId === null) {
    throw invalid('Only a member with an instance id can leave for a while.')
  } else if (memberEpoch < STATIC_LEAVE_EPOCH) throw invalid('There is no such member epoch.')
  if (serverAssignor !== null && !config.consumerAssignors.includes(serverAssignor)) {
    throw new ApiError(
      ErrorCode.UNSUPPORTED_ASSIGNOR,
      `There is no assignor ${serverAssignor}; there are ${config.consumerAssignors.join(', ')}.`,
    )
  }
}

function validateJoin(request: ConsumerGroupHeartbeatRequest): void {
  const { rebalanceTimeoutMs, topicPartitions } = request
  if (rebalanceTimeoutMs === -1) throw invalid('Who joins must say its rebalance timeout.')
  if (topicPartitions === null || topicPartitions.length > 0) {
    throw invalid('Who joins owns no partitions, and must say so.')
  }
  if (request.subscribedTopicNames === null && request.subscribedTopicRegex === null) {
    throw invalid('Who joins must say what it subscribes to.')
  }
}

export function requireText(text: string, what: string): void {
  if (text.trim() === '') throw invalid(`${what} must not be empty.`)
}

function invalid(message: string): ApiError {
  return new ApiError(ErrorCode.INVALID_REQUEST, message)
}
