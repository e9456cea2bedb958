/**
 * The `uniform` assignor, the default: all members get equally many partitions as far as their subscriptions
 * allow, and keep what they have as far as that allows.
 */
import type { AssignorInput, Targets } from './assignor.ts'
import { assignUniformSame } from './uniform-same.ts'
import { UniformMixed } from './uniform-mixed.ts'

export function assignUniform(input: AssignorInput): Targets {
  return input.homogeneous ? assignUniformSame(input) : new UniformMixed(input).assign()
}
