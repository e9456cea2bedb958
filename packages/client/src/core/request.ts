/**
 * What managers ask the loop to send. A request knows how to build its message for whatever version the
 * broker speaks, and what to do with the answer; everything between is the loop's.
 */
import type { MessageType } from '@barnabas/protocol'
import type { ClientError } from '../errors.ts'
import type { BrokerVersions } from './broker-versions.ts'
import type { Lane } from './lane.ts'

/** The node to send to: an id, or any that answers. */
export type Target = number | 'any'

export interface ClientRequest<Q = any, A = any> {
  readonly request: MessageType<Q>
  readonly response: MessageType<A>
  readonly target: Target
  readonly lane: Lane
  /** The lowest and highest version that will do; the highest in common is chosen. */
  readonly minVersion?: number
  readonly maxVersion?: number
  readonly timeoutMs: number
  /** False for acks=0: `onSent` comes when the bytes have gone to the system, `onAnswer` never. */
  readonly isAnswered?: boolean
  /** The answer's bytes are not used again once it was handled, since views of them live on. */
  readonly keepsAnswer?: boolean
  build(version: number, broker: BrokerVersions): Q
  onAnswer(answer: A, context: AnswerContext): void
  onSent?(nowMs: number): void
  /** It was not answered; what it asked for may have happened all the same. */
  onFailure(error: ClientError, context: FailureContext): void
}

export interface FailureContext {
  readonly nowMs: number
  /** The node that was tried, null when there was none to try. */
  readonly nodeId: number | null
}

export interface AnswerContext {
  readonly nowMs: number
  readonly version: number
  readonly nodeId: number
  /** For errors: where the answer came from. */
  readonly broker: string
}

/** The loop as managers see it. */
export interface Outbox {
  /** Sends at once or as soon as there is a connection; ends in `onAnswer` or `onFailure`. */
  send(request: ClientRequest): void
  /**
   * Whether a request for this node would go out at once. When there is no connection, one is begun, and
   * all managers are polled when it is there.
   */
  isReady(nodeId: number, lane: Lane): boolean
}

/** A state machine that needs requests sent. Pure: it is told the time and keeps no timers. */
export interface RequestManager {
  /** Gives the outbox what is due; returns when to be polled again at the latest (monotonic). */
  poll(nowMs: number, outbox: Outbox): number
}
