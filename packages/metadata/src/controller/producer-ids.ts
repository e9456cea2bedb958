/** Blocks of producer ids for brokers. An id is never handed out twice, whatever becomes of the block. */
import {
  type AllocateProducerIdsRequest,
  AllocateProducerIdsResponse,
  ErrorCode,
} from '@barnabas/protocol'
import { metadataRecord } from '../records/metadata-record.ts'
import { registeredBroker } from './brokers.ts'
import type { ControllerContext } from './context.ts'
import { PRODUCER_ID_BLOCK_SIZE } from './limits.ts'
import { apiError, type Outcome } from './outcome.ts'

export function allocateProducerIds(
  context: ControllerContext,
  request: AllocateProducerIdsRequest,
): Outcome<AllocateProducerIdsResponse> {
  const { brokerId, brokerEpoch } = request
  registeredBroker(context, brokerId, brokerEpoch)
  const producerIdStart = context.image.nextProducerId
  const nextProducerId = producerIdStart + PRODUCER_ID_BLOCK_SIZE
  if (!Number.isSafeInteger(nextProducerId)) {
    throw apiError(ErrorCode.UNKNOWN_SERVER_ERROR, 'All producer ids have been handed out.')
  }
  return {
    records: [metadataRecord('ProducerIdsRecord', 0, { brokerId, brokerEpoch, nextProducerId })],
    response: AllocateProducerIdsResponse.create({
      producerIdStart,
      producerIdLen: PRODUCER_ID_BLOCK_SIZE,
    }),
  }
}
