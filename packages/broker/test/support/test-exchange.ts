/** Sends requests as bytes through a pipeline and reads the answers, without a network. */
import { createTestWorld, type RecordingLogger } from '@barnabas/base/testing'
import {
  apiByKey,
  type MessageType,
  Reader,
  readResponseHeader,
  requestHeaderVersion,
  RequestHeader,
  responseHeaderVersion,
  Writer,
} from '@barnabas/protocol'
import type { Handler } from '../../src/handlers/handler.ts'
import { HandlerRegistry, type RegistryOptions } from '../../src/handlers/handler-registry.ts'
import type { ConnectionInfo } from '../../src/request/request-context.ts'
import {
  type PipelineCloseReason,
  type ReplyChannel,
  type RequestFrame,
  RequestPipeline,
} from '../../src/request/request-pipeline.ts'
import { allowAll, ANONYMOUS, type Authorizer } from '../../src/security/authorizer.ts'

export function testConnection(fields: Partial<ConnectionInfo> = {}): ConnectionInfo {
  return {
    id: 'test-1',
    listener: 'PLAINTEXT',
    securityProtocol: 'PLAINTEXT',
    local: { host: '127.0.0.1', port: 9092 },
    remote: { host: '127.0.0.1', port: 50000 },
    host: '127.0.0.1',
    principal: ANONYMOUS,
    clientSoftware: null,
    ...fields,
  }
}

/** Everything that happened to the connection because of one request, in order. */
export class Answer implements ReplyChannel {
  readonly events: string[] = []
  bytes: Buffer | null = null
  closeReason: PipelineCloseReason | null = null
  closeError: Error | null = null
  mutedMs = 0

  respond(parts: readonly Uint8Array[], onSent?: () => void): void {
    this.events.push('respond')
    this.bytes = Buffer.concat(parts)
    onSent?.()
  }

  complete(): void {
    this.events.push('complete')
  }

  close(reason: PipelineCloseReason, error: Error | null): void {
    this.events.push('close')
    this.closeReason = reason
    this.closeError = error
  }

  muteFor(durationMs: number): void {
    this.events.push('mute')
    this.mutedMs = durationMs
  }

  end(): void {
    this.events.push('end')
  }
}

export class TestExchange {
  readonly registry: HandlerRegistry
  readonly log: RecordingLogger
  readonly connection: ConnectionInfo
  readonly clock
  private readonly pipeline: RequestPipeline
  private correlationId = 0

  constructor(
    handlers: readonly Handler[],
    options: Partial<RegistryOptions> & {
      authorizer?: Authorizer
      connection?: Partial<ConnectionInfo>
    } = {},
  ) {
    const world = createTestWorld('exchange')
    this.log = world.log
    this.clock = world.clock
    this.connection = testConnection(options.connection)
    this.registry = new HandlerRegistry(handlers, { listener: 'broker', ...options })
    this.pipeline = new RequestPipeline({
      registry: this.registry,
      authorizer: options.authorizer ?? allowAll,
      clock: world.clock,
      log: world.log,
    })
  }

  /** Processes the bytes of one request; what is asynchronous in it may still be going on. */
  process(bytes: Uint8Array): Answer {
    const answer = new Answer()
    const buffer = Buffer.from(bytes)
    const frame: RequestFrame = {
      buffer,
      start: 0,
      end: buffer.length,
      retain() {},
      release() {},
    }
    this.pipeline.process(frame, this.connection, answer)
    return answer
  }

  /** The bytes of a request. */
  encode<T>(type: MessageType<T>, version: number, init: Partial<T> = {}): Buffer {
    const writer = new Writer()
    const api = apiByKey(type.apiKey)!
    const header = RequestHeader.create({
      requestApiKey: type.apiKey,
      requestApiVersion: version,
      correlationId: ++this.correlationId,
      clientId: 'test-client',
    })
    RequestHeader.write(writer, header, requestHeaderVersion(api, version))
    type.write(writer, type.create(init), version)
    return writer.finishBuffer()
  }

  /** Sends a request and waits for its response. */
  async send<Request, Response>(
    request: MessageType<Request>,
    response: MessageType<Response>,
    version: number,
    init: Partial<Request> = {},
  ): Promise<Response> {
    const answer = this.process(this.encode(request, version, init))
    for (let n = 0; answer.events.length === 0 && n < 1000; n++) {
      await new Promise((resolve) => void setImmediate(resolve))
    }
    if (answer.bytes === null) {
      throw new Error(`${request.name} got no response: ${answer.events.join(', ')}`, {
        cause: answer.closeError,
      })
    }
    return decodeResponse(answer.bytes, response, version)
  }
}

export function decodeResponse<T>(bytes: Buffer, type: MessageType<T>, version: number): T {
  const reader = new Reader(bytes)
  readResponseHeader(reader, responseHeaderVersion(apiByKey(type.apiKey)!, version))
  return type.read(reader, version)
}
