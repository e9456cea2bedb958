/** Who may do what, as handlers ask it. The rules themselves stand behind `Authorizer`. */

export interface Principal {
  /** `User`, or what a principal builder of one's own makes up. */
  type: string
  name: string
}

export const ANONYMOUS: Principal = { type: 'User', name: 'ANONYMOUS' }

/** Operations by the numbers they have on the wire. */
export const AclOperation = {
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
  CREATE_TOKENS: 13,
  DESCRIBE_TOKENS: 14,
  TWO_PHASE_COMMIT: 15,
} as const
export type AclOperation = (typeof AclOperation)[keyof typeof AclOperation]

/** Kinds of resources by the numbers they have on the wire. */
export const ResourceType = {
  TOPIC: 2,
  GROUP: 3,
  CLUSTER: 4,
  TRANSACTIONAL_ID: 5,
  DELEGATION_TOKEN: 6,
  USER: 7,
} as const
export type ResourceType = (typeof ResourceType)[keyof typeof ResourceType]

/** The name of the one resource of the type cluster. */
export const CLUSTER_NAME = 'kafka-cluster'

export interface Subject {
  readonly principal: Principal
  /** The address the client comes from. */
  readonly host: string
}

export interface Authorizer {
  allows(subject: Subject, operation: AclOperation, type: ResourceType, name: string): boolean
  /** Whether there is any resource of this type on which the subject may do it. */
  allowsAny(subject: Subject, operation: AclOperation, type: ResourceType): boolean
}

/** Without `authorizer.class.name` everybody may do everything. */
export const allowAll: Authorizer = {
  allows: () => true,
  allowsAny: () => true,
}

const OPERATIONS_BY_TYPE: Readonly<Record<ResourceType, readonly AclOperation[]>> = {
  [ResourceType.TOPIC]: [3, 4, 5, 6, 7, 8, 10, 11],
  [ResourceType.GROUP]: [3, 6, 8, 10, 11],
  [ResourceType.CLUSTER]: [5, 7, 8, 9, 10, 11, 12],
  [ResourceType.TRANSACTIONAL_ID]: [4, 8, 15],
  [ResourceType.DELEGATION_TOKEN]: [8],
  [ResourceType.USER]: [13, 14],
}

/** Which of the operations that the type knows the subject may do, one bit each. */
export function authorizedOperations(
  authorizer: Authorizer,
  subject: Subject,
  type: ResourceType,
  name: string,
): number {
  let bits = 0
  for (const operation of OPERATIONS_BY_TYPE[type]) {
    if (authorizer.allows(subject, operation, type, name)) bits |= 1 << operation
  }
  return bits
}
