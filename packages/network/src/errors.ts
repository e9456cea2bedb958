/** What ends connections and requests, as typed errors whose texts say what to do. */
import { EnvironmentError, MalformedError } from '@barnabas/base'

/** The peer sends what is no frame; the stream cannot be read further. */
export class FrameError extends MalformedError {
  override readonly name: string = 'FrameError'
  override readonly code: string = 'BARNABAS_FRAME'
}

/** The size in front of a frame is negative or larger than allowed. */
export class FrameSizeError extends FrameError {
  override readonly name = 'FrameSizeError'
  override readonly code = 'BARNABAS_FRAME_SIZE'
  readonly sizeBytes: number

  constructor(sizeBytes: number, message: string) {
    super(message)
    this.sizeBytes = sizeBytes
  }
}

export type ForeignProtocol = 'tls' | 'http'

/** The peer speaks another protocol: nearly always a wrong port or a wrong security setting. */
export class WrongProtocolError extends FrameError {
  override readonly name = 'WrongProtocolError'
  override readonly code: 'BARNABAS_TLS_ON_PLAIN_PORT' | 'BARNABAS_HTTP_ON_KAFKA_PORT'
  readonly protocol: ForeignProtocol

  constructor(protocol: ForeignProtocol, message: string) {
    super(message)
    this.protocol = protocol
    this.code = protocol === 'tls' ? 'BARNABAS_TLS_ON_PLAIN_PORT' : 'BARNABAS_HTTP_ON_KAFKA_PORT'
  }
}

/** Nothing happened on the connection for `connections.max.idle.ms`. */
export class IdleConnectionError extends EnvironmentError {
  override readonly name = 'IdleConnectionError'

  constructor(maxIdleMs: number) {
    super('BARNABAS_IDLE', `closed after ${maxIdleMs} ms without a request`, { retriable: true })
  }
}

/** The connection cannot answer any more; sending again over another one may help. */
export class DisconnectedError extends EnvironmentError {
  override readonly name: string = 'DisconnectedError'

  constructor(message: string, cause?: unknown) {
    super('BARNABAS_DISCONNECTED', message, { cause, retriable: true })
  }
}

/** The answer did not come in time, and the connection was closed, since answers come in order. */
export class RequestTimeoutError extends DisconnectedError {
  override readonly name = 'RequestTimeoutError'
}

/** As many requests as allowed are unanswered; nothing was sent. */
export class InFlightLimitError extends EnvironmentError {
  override readonly name = 'InFlightLimitError'

  constructor(limit: number) {
    super('BARNABAS_IN_FLIGHT_LIMIT', `${limit} requests are in flight already`, {
      retriable: true,
    })
  }
}
