/**
 * Which neighbouring segments compaction writes into one (CMP-10). Compaction makes segments smaller;
 * without merging them a log would end as thousands of tiny files.
 */
import type { Segment } from '../store/segment-store.ts'
import { MAX_RELATIVE_OFFSET } from './limits.ts'

export interface GroupLimits {
  segmentBytes: number
  maxIndexSizeBytes: number
  /** One behind the last offset of the last segment. */
  endOffset: number
}

export async function groupSegments(
  segments: readonly Segment[],
  limits: GroupLimits,
): Promise<Segment[][]> {
  const groups: Segment[][] = []
  let group: Segment[] = []
  let bytes = 0
  let indexBytes = 0
  for (const [n, segment] of segments.entries()) {
    const { sizeBytes } = segment
    const index = await segment.indexSizeBytes()
    const nextBase = segments[n + 1]?.baseOffset ?? limits.endOffset
    const fits =
      group.length > 0 &&
      bytes + sizeBytes <= limits.segmentBytes &&
      indexBytes + index <= limits.maxIndexSizeBytes &&
      // An empty one brings no offset.
      (sizeBytes === 0 || nextBase - 1 - group[0]!.baseOffset <= MAX_RELATIVE_OFFSET)
    if (!fits) {
      group = []
      groups.push(group)
      bytes = 0
      indexBytes = 0
    }
    group.push(segment)
    bytes += sizeBytes
    indexBytes += index
  }
  return groups
}
