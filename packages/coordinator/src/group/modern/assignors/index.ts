export type { Assignor, AssignorInput, AssignorMember, Targets } from './assignor.ts'
export { assignRange } from './range.ts'
export { assignSimple } from './simple.ts'
export { assignUniform } from './uniform.ts'
