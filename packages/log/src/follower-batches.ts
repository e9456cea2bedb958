/** What a follower checks in the records of a fetch before it appends them. */
import { ApiError } from '@barnabas/base'
import { type BatchView, ErrorCode, readBatches } from '@barnabas/protocol'

/**
 * The whole batches in `records`, which must begin at `expectedOffset` or later and go on from there.
 * Those of a later epoch than the one fetched with end the list: their leader is another.
 */
export function batchesFromLeader(
  records: Buffer,
  expectedOffset: number,
  leaderEpoch: number,
  log: string,
): BatchView[] {
  const batches: BatchView[] = []
  let expected = expectedOffset
  for (const batch of readBatches(records).batches) {
    if (batch.partitionLeaderEpoch > leaderEpoch) break
    if (batch.baseOffset < expected) {
      throw new ApiError(
        ErrorCode.OFFSET_OUT_OF_RANGE,
        `offset ${batch.baseOffset} from the leader of ${log}, expected ${expected}`,
      )
    }
    if (!batch.hasValidCrc()) {
      throw new ApiError(ErrorCode.CORRUPT_MESSAGE, `a batch from the leader of ${log}`)
    }
    batches.push(batch)
    expected = batch.nextOffset
  }
  return batches
}
