/** What a handler may know of a request besides its body, and of the connection that it came over. */
import type { Endpoint, SharedBytes } from '@barnabas/base'
import type { Subject, Principal } from '../security/authorizer.ts'

export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

export interface ConnectionInfo extends Subject {
  /** Unique among the connections of this process. */
  readonly id: string
  readonly listener: string
  readonly securityProtocol: SecurityProtocol
  readonly local: Endpoint
  readonly remote: Endpoint
  /** `ANONYMOUS` until somebody has proven otherwise. */
  principal: Principal
  /** What the client said of itself in ApiVersions. */
  clientSoftware: { name: string; version: string } | null
}

export interface RequestContext {
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  readonly connection: ConnectionInfo
  /**
   * The memory of the request. Whatever a handler reads out of the body as bytes is a view into it, valid
   * until the response was given; who needs it longer retains this.
   */
  readonly memory: SharedBytes
  /** Size of the request as it came, header included. */
  readonly sizeBytes: number
  /** The wall clock when the request was read. */
  readonly receivedMs: number
  /** Called once the response was sent or dropped: for memory that it refers to. */
  whenSent(callback: () => void): void
  /** The client exceeded a quota: it is told so, and not listened to for so long (KIP-219). */
  throttle(durationMs: number): void
  /** After the response, or instead of one, the connection ends. */
  closeConnection(): void
}
