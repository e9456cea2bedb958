/**
 * Calls for which nothing need be remembered: one request, one answer, tried again while that may help and
 * time is left.
 */
import { ErrorCode, FindCoordinatorRequest, FindCoordinatorResponse } from '@barnabas/protocol'
import type { MessageType } from '@barnabas/protocol'
import { abortReason, brokerError, ClientError, ClosedError, TimeoutError } from '../errors.ts'
import { backoffMs } from './backoff.ts'
import type { BrokerVersions } from './broker-versions.ts'
import type { ClientLoop } from './client-loop.ts'
import type { Lane } from './lane.ts'
import type { AnswerContext } from './request.ts'

export type CoordinatorType = 'group' | 'transaction' | 'share'

const KEY_TYPES: Readonly<Record<CoordinatorType, number>> = { group: 0, transaction: 1, share: 2 }

export type CallTarget =
  | 'any'
  | 'controller'
  | number
  | { coordinator: CoordinatorType; key: string }

export interface CallOptions {
  /** With all tries; `apiTimeoutMs` of the client when absent. */
  timeoutMs?: number
  signal?: AbortSignal
}

export interface CallSpec<Q, A> {
  request: MessageType<Q>
  response: MessageType<A>
  target: CallTarget
  minVersion?: number
  maxVersion?: number
  build(version: number, broker: BrokerVersions): Partial<Q>
}

export type CallAnswer<A> = { answer: A; context: AnswerContext }

export class Caller {
  readonly loop: ClientLoop
  readonly lane: Lane

  constructor(loop: ClientLoop, lane: Lane) {
    this.loop = loop
    this.lane = lane
  }

  /** `accept` makes a result of the answer, or throws the error that it is. */
  async call<Q, A, R>(
    spec: CallSpec<Q, A>,
    options: CallOptions,
    accept: (answer: A, context: AnswerContext) => R,
  ): Promise<R> {
    return this.retry(options, spec.request.name, async (leftMs) => {
      const nodeId = await this.locate(spec.target, leftMs, options.signal)
      const { answer, context } = await this.once(spec, nodeId, leftMs, options.signal)
      return accept(answer, context)
    })
  }

  /** Runs `attempt` until it succeeds, fails for good, or time is up. */
  async retry<R>(
    options: CallOptions,
    what: string,
    attempt: (leftMs: number) => Promise<R>,
  ): Promise<R> {
    const { loop } = this
    const { settings } = loop
    const timeoutMs = options.timeoutMs ?? settings.apiTimeoutMs
    const deadlineMs = loop.nowMs + timeoutMs
    for (let failures = 1; ; failures++) {
      if (loop.isClosed) throw new ClosedError('client')
      if (options.signal?.aborted) throw abortReason(options.signal)
      try {
        return await attempt(Math.max(1, deadlineMs - loop.nowMs))
      } catch (error) {
        if (!(error instanceof ClientError) || !error.retriable) throw error
        if (loop.isClosed) throw new ClosedError('client', { cause: error })
        const waitMs = backoffMs(settings.retryBackoff, failures, loop.world.entropy)
        if (loop.nowMs + waitMs >= deadlineMs) {
          throw new TimeoutError(
            `${what} did not succeed within ${timeoutMs} ms: ${error.message}`,
            {
              cause: error,
              broker: null,
            },
          )
        }
        loop.noteRetry(what, error, failures, waitMs)
        loop.metadata.requestUpdate()
        await loop.sleep(waitMs, options.signal)
      }
    }
  }

  /** One try at one node. */
  once<Q, A>(
    spec: CallSpec<Q, A>,
    target: number | 'any',
    leftMs: number,
    signal?: AbortSignal,
  ): Promise<CallAnswer<A>> {
    const { loop, lane } = this
    const { request, response, minVersion, maxVersion } = spec
    if (signal?.aborted) return Promise.reject(abortReason(signal))
    return new Promise((resolve, reject) => {
      loop.hold()
      const settle = () => {
        loop.release()
        timer.cancel()
        signal?.removeEventListener('abort', onAbort)
      }
      let settled = false
      const finish = (end: () => void) => {
        if (settled) return
        settled = true
        settle()
        end()
      }
      const onAbort = () => finish(() => reject(abortReason(signal!)))
      // The connection may not even come up in the time that is left.
      const timer = loop.world.timers.schedule(leftMs, () =>
        finish(() => reject(new TimeoutError(`${request.name} was not answered in time`))),
      )
      signal?.addEventListener('abort', onAbort, { once: true })
      loop.send({
        request,
        response,
        target,
        lane,
        ...(minVersion !== undefined && { minVersion }),
        ...(maxVersion !== undefined && { maxVersion }),
        timeoutMs: loop.settings.requestTimeoutMs,
        // Answers are kept by callers.
        keepsAnswer: true,
        build: (version, broker) => request.create(spec.build(version, broker)),
        onAnswer: (answer: A, context) => finish(() => resolve({ answer, context })),
        onFailure: (error) => finish(() => reject(error)),
      })
    })
  }

  /** The node that a target means now. */
  async locate(
    target: CallTarget,
    leftMs: number,
    signal: AbortSignal | undefined,
  ): Promise<number | 'any'> {
    if (target === 'any') return target
    if (typeof target === 'object') {
      return this.findCoordinator(target.coordinator, target.key, leftMs, signal)
    }
    await this.ready(leftMs, signal)
    const { view } = this.loop.metadata
    if (target !== 'controller') return target
    return view.nodes.has(view.controllerId) ? view.controllerId : 'any'
  }

  /** Waits for a first view of the cluster. */
  ready(leftMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { metadata } = this.loop
    const condition = () => {
      if (metadata.view.nodes.size > 0) return true
      if (metadata.failure !== null) throw metadata.failure
      return false
    }
    const what = 'finding the cluster'
    return this.loop.waitFor(condition, { timeoutMs: leftMs, signal, what })
  }

  private async findCoordinator(
    type: CoordinatorType,
    key: string,
    leftMs: number,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    await this.ready(leftMs, signal)
    const spec: CallSpec<FindCoordinatorRequest, FindCoordinatorResponse> = {
      request: FindCoordinatorRequest,
      response: FindCoordinatorResponse,
      target: 'any',
      minVersion: type === 'group' ? 0 : 1,
      build: (version) => coordinatorQuestion(type, key, version),
    }
    const { answer, context } = await this.once(spec, 'any', leftMs, signal)
    const found = coordinatorIn(answer, context.version)
    if (found.errorCode !== ErrorCode.NONE) {
      const { errorCode, errorMessage: message } = found
      throw brokerError(errorCode, { broker: context.broker, about: `${type} ${key}`, message })
    }
    await this.knowNode(found.nodeId, leftMs, signal)
    return found.nodeId
  }

  /** A coordinator may be a broker that the view does not have yet. */
  private async knowNode(
    id: number,
    leftMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { metadata } = this.loop
    const condition = () => {
      if (metadata.view.nodes.has(id)) return true
      metadata.requestUpdate()
      return false
    }
    await this.loop.waitFor(condition, { timeoutMs: leftMs, signal, what: 'finding a broker' })
  }
}

/** The request for one key; older versions have a field of their own for it. */
export function coordinatorQuestion(
  type: CoordinatorType,
  key: string,
  version: number,
): Partial<FindCoordinatorRequest> {
  const keyType = version >= 1 ? KEY_TYPES[type] : 0
  return version >= 4 ? { keyType, coordinatorKeys: [key] } : { keyType, key }
}

export interface FoundCoordinator {
  errorCode: number
  errorMessage: string | null
  nodeId: number
  host: string
  port: number
}

/** The only coordinator in an answer to `coordinatorQuestion`. */
export function coordinatorIn(answer: FindCoordinatorResponse, version: number): FoundCoordinator {
  if (version < 4) return answer
  const [first] = answer.coordinators
  return first ?? { ...answer, errorCode: ErrorCode.UNKNOWN_SERVER_ERROR }
}
