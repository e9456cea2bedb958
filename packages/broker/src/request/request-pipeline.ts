/**
 * From the bytes of a request to those of its response:
 *
 *   header ──> handler of the key ──> version ──> body ──> may it? ──> handle ──> header and body
 *
 * What the protocol cannot answer ends the connection: bytes that are no message, a key that is not served
 * here, a version that is not (except of ApiVersions, which is how a client finds out). What a handler
 * cannot do is answered in its own terms by its `failure`. Never throws, answers each request once.
 */
import { ApiError, type Clock, type Logger, MalformedError, type SharedBytes } from '@barnabas/base'
import {
  ApiKey,
  ApiVersionsResponse,
  apiByKey,
  createApiVersionsResponseApiVersion,
  ErrorCode,
  type ParsedHeader,
  Reader,
  readRequestHeader,
  responseHeaderVersion,
  Writer,
  writeResponseHeader,
} from '@barnabas/protocol'
import type { HandlerRegistry, Served } from '../handlers/handler-registry.ts'
import { type Authorizer, CLUSTER_NAME, ResourceType } from '../security/authorizer.ts'
import type { ConnectionInfo, RequestContext } from './request-context.ts'

/** A request as the network hands it over; the size in front of it is not part of it. */
export interface RequestFrame extends SharedBytes {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
}

export type PipelineCloseReason = 'malformed' | 'defect' | 'shutdown'

/** Where the answer goes: exactly one of the first three is called for each request. */
export interface ReplyChannel {
  respond(parts: readonly Uint8Array[], onSent?: () => void): void
  /** The request wants no answer. */
  complete(): void
  close(reason: PipelineCloseReason, error: Error | null): void
  /** Before the answer: afterwards nothing is read from the client for so long. */
  muteFor(durationMs: number): void
  /** After the answer: what was given is still sent, then the connection ends. */
  end(): void
}

export interface PipelineOptions {
  registry: HandlerRegistry
  authorizer: Authorizer
  clock: Clock
  log: Logger
}

export class RequestPipeline {
  private readonly options: PipelineOptions
  private readonly reader = new Reader(Buffer.alloc(0))

  constructor(options: PipelineOptions) {
    this.options = options
  }

  process(frame: RequestFrame, connection: ConnectionInfo, reply: ReplyChannel): void {
    const reader = this.reader.reset(frame.buffer, frame.start, frame.end)
    let header: ParsedHeader
    try {
      header = readRequestHeader(reader)
    } catch (error) {
      reply.close('malformed', asError(error))
      return
    }
    const served = this.options.registry.find(header.apiKey)
    if (served === undefined) {
      reply.close('malformed', notServed(header, connection))
      return
    }
    if (header.apiVersion < served.minVersion || header.apiVersion > served.maxVersion) {
      if (header.apiKey === ApiKey.ApiVersions) reply.respond(tellApiVersions(header, served))
      else reply.close('malformed', versionNotServed(header, served))
      return
    }
    let request: unknown
    try {
      // Bytes after the body are left alone, as Kafka's brokers do.
      request = served.handler.request.read(reader, header.apiVersion)
    } catch (error) {
      reply.close(error instanceof MalformedError ? 'malformed' : 'defect', asError(error))
      return
    }
    new Exchange(this.options, header, served, frame, connection, reply).run(request)
  }
}

/** One request on its way to its answer. */
class Exchange implements RequestContext {
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  readonly connection: ConnectionInfo
  readonly memory: SharedBytes
  readonly sizeBytes: number
  readonly receivedMs: number
  private readonly options: PipelineOptions
  private readonly served: Served
  private readonly reply: ReplyChannel
  private sent: (() => void)[] | null = null
  private throttleMs = 0
  private closing = false

  constructor(
    options: PipelineOptions,
    header: ParsedHeader,
    served: Served,
    frame: RequestFrame,
    connection: ConnectionInfo,
    reply: ReplyChannel,
  ) {
    this.options = options
    this.apiVersion = header.apiVersion
    this.correlationId = header.correlationId
    this.clientId = header.clientId
    this.connection = connection
    this.memory = frame
    this.sizeBytes = frame.end - frame.start
    this.receivedMs = options.clock.nowMs()
    this.served = served
    this.reply = reply
  }

  whenSent(callback: () => void): void {
    if (this.sent === null) this.sent = [callback]
    else this.sent.push(callback)
  }

  throttle(durationMs: number): void {
    this.throttleMs = Math.max(this.throttleMs, Math.ceil(durationMs))
  }

  closeConnection(): void {
    this.closing = true
  }

  run(request: unknown): void {
    const { handler } = this.served
    if (!this.isAllowed()) {
      this.fail(request, new ApiError(ErrorCode.CLUSTER_AUTHORIZATION_FAILED))
      return
    }
    let result: unknown
    try {
      result = handler.handle(this, request)
    } catch (error) {
      this.fail(request, error)
      return
    }
    if (result instanceof Promise) {
      result.then(
        (response) => this.answer(response),
        (error) => this.fail(request, error),
      )
    } else this.answer(result)
  }

  private isAllowed(): boolean {
    const { authorization } = this.served.handler
    if (typeof authorization === 'string') return true
    const { authorizer } = this.options
    return authorizer.allows(
      this.connection,
      authorization.cluster,
      ResourceType.CLUSTER,
      CLUSTER_NAME,
    )
  }

  private fail(request: unknown, error: unknown): void {
    const { handler } = this.served
    const foreseen = error instanceof ApiError
    if (!foreseen) {
      this.options.log.error(`${this.served.api.name} failed`, {
        error,
        version: this.apiVersion,
        clientId: this.clientId,
        connection: this.connection.id,
      })
    }
    const code = foreseen ? error.errorCode : ErrorCode.UNKNOWN_SERVER_ERROR
    let response: unknown
    try {
      response = handler.failure(request, code, foreseen ? error.message : null)
    } catch (defect) {
      this.giveUp(defect)
      return
    }
    if (response === null) this.closing = true
    this.answer(response)
  }

  /** Not even a failure can be told. */
  private giveUp(defect: unknown): void {
    const { api } = this.served
    this.options.log.error(`${api.name}: no response can be made`, {
      error: defect,
      version: this.apiVersion,
    })
    this.finished()
    this.reply.close('defect', asError(defect))
  }

  private answer(response: unknown): void {
    const { reply } = this
    if (this.throttleMs > 0) reply.muteFor(this.throttleMs)
    if (response === null) {
      this.finished()
      if (this.closing) reply.close('shutdown', null)
      else reply.complete()
      return
    }
    let parts: Uint8Array[]
    try {
      parts = this.encode(response as { throttleTimeMs?: number })
    } catch (error) {
      this.giveUp(error)
      return
    }
    if (this.sent === null) reply.respond(parts)
    else reply.respond(parts, () => this.finished())
    if (this.closing) reply.end()
  }

  private encode(response: { throttleTimeMs?: number }): Uint8Array[] {
    const { api, handler } = this.served
    if (this.throttleMs > 0 && response.throttleTimeMs !== undefined) {
      response.throttleTimeMs = this.throttleMs
    }
    const writer = new Writer()
    writeResponseHeader(writer, responseHeaderVersion(api, this.apiVersion), this.correlationId)
    handler.response.write(writer, response, this.apiVersion)
    return writer.finish()
  }

  private finished(): void {
    const callbacks = this.sent
    this.sent = null
    if (callbacks !== null) for (const callback of callbacks) callback()
  }
}

/** The answer to ApiVersions of a version that is not served: the range that is, in version 0. */
function tellApiVersions(header: ParsedHeader, served: Served): Uint8Array[] {
  const { minVersion, maxVersion } = served
  const writer = new Writer()
  writeResponseHeader(writer, 0, header.correlationId)
  const response = ApiVersionsResponse.create({
    errorCode: ErrorCode.UNSUPPORTED_VERSION,
    apiKeys: [
      createApiVersionsResponseApiVersion({
        apiKey: ApiKey.ApiVersions,
        minVersion,
        maxVersion,
      }),
    ],
  })
  ApiVersionsResponse.write(writer, response, 0)
  return writer.finish()
}

function notServed(header: ParsedHeader, connection: ConnectionInfo): MalformedError {
  const name = apiByKey(header.apiKey)?.name ?? 'unknown'
  return new MalformedError(
    `API key ${header.apiKey} (${name}) is not served on the listener ${connection.listener}`,
  )
}

function versionNotServed(header: ParsedHeader, served: Served): MalformedError {
  return new MalformedError(
    `${served.api.name} is served in the versions ${served.minVersion} to ${served.maxVersion}, not in ${header.apiVersion}`,
  )
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
