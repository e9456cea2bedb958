/** A member of a classic group. Immutable: a change puts another in its place. */
import { EMPTY_BYTES } from '@barnabas/protocol'

export interface MemberProtocol {
  readonly name: string
  /** Opaque to the broker; for consumers their subscription. */
  readonly metadata: Uint8Array
}

export interface ClassicMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  /** In the order of the member's preference. */
  readonly protocols: readonly MemberProtocol[]
  readonly assignment: Uint8Array
  /** Has not got its member id in a JoinGroup response yet. */
  readonly isNew: boolean
  /** The parked JoinGroup request. */
  readonly joinRequestId: number | null
  /** The parked SyncGroup request. */
  readonly syncRequestId: number | null
  /** Order of arrival; the group's next leader is the first of those at hand. */
  readonly arrival: number
}

export function protocolMetadata(member: ClassicMember, name: string): Uint8Array {
  return member.protocols.find((protocol) => protocol.name === name)?.metadata ?? EMPTY_BYTES
}

/** Same protocols in the same order with the same metadata: nothing to rebalance for. */
export function sameProtocols(
  some: readonly MemberProtocol[],
  others: readonly MemberProtocol[],
): boolean {
  if (some.length !== others.length) return false
  return some.every((protocol, n) => {
    const other = others[n]!
    return protocol.name === other.name && Buffer.compare(protocol.metadata, other.metadata) === 0
  })
}
