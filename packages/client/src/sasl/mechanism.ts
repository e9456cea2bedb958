/** The port that SASL mechanisms implement: step functions from challenge to answer. */
import type { Awaitable } from '@barnabas/base'

export interface SaslExchange {
  /**
   * The next message to the server; `challenge` is null at first. Null when nothing is left to be said.
   * Throws `AuthenticationError` when the server is not who it claims to be, or refuses us.
   */
  next(challenge: Uint8Array | null): Awaitable<Uint8Array | null>
}

export interface SaslMechanism {
  readonly name: string
  begin(): SaslExchange
}
