/** Operations of ACLs by number, and as bits in descriptions. */

export const ACL_OPERATIONS = [
  'unknown',
  'any',
  'all',
  'read',
  'write',
  'create',
  'delete',
  'alter',
  'describe',
  'clusterAction',
  'describeConfigs',
  'alterConfigs',
  'idempotentWrite',
  'createTokens',
  'describeTokens',
  'twoPhaseCommit',
] as const
export type AclOperation = (typeof ACL_OPERATIONS)[number]

/** What a bit field of operations holds; its lowest value means that none was given. */
export function operationsOf(bits: number): AclOperation[] {
  if (bits === -2147483648) return []
  return ACL_OPERATIONS.filter((_, code) => (bits & (1 << code)) !== 0)
}
