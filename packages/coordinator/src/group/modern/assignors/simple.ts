/**
 * The `simple` assignor of share groups: a partition may have several members, so that there can be more
 * members than partitions. Every partition gets about equally many members, every member about equally many
 * partitions.
 */
import type { AssignorInput, Targets } from './assignor.ts'
import { assignSimpleMixed } from './simple-mixed.ts'
import { assignSimpleSame } from './simple-same.ts'

export function assignSimple(input: AssignorInput): Targets {
  return input.homogeneous ? assignSimpleSame(input) : assignSimpleMixed(input)
}
