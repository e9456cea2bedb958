import { ApiError } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'

/** What a controller gets that writes under an epoch that is over. */
export function deposed(epoch: number, current: number): ApiError {
  return new ApiError(
    ErrorCode.NOT_CONTROLLER,
    `This node does not lead the metadata log under epoch ${epoch}; the epoch is ${current}.`,
  )
}
