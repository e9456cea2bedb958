/**
 * What happens on a new connection before it serves requests: the versions are negotiated, then SASL. Works
 * with brokers that know no newer ApiVersions: they answer an unknown version with version 0.
 */
import type { ClientConnection } from '@barnabas/network'
import {
  ApiKey,
  ApiVersionsRequest,
  ApiVersionsResponse,
  apiByKey,
  ErrorCode,
  type MessageType,
  Reader,
  readResponseHeader,
  responseHeaderVersion,
  SaslAuthenticateRequest,
  SaslAuthenticateResponse,
  SaslHandshakeRequest,
  SaslHandshakeResponse,
  Writer,
  writeRequestHeader,
} from '@barnabas/protocol'
import { AuthenticationError, BrokerError, brokerError, UnsupportedError } from '../errors.ts'
import { SASL_MAX_ROUNDS } from '../limits.ts'
import type { SaslMechanism } from '../sasl/mechanism.ts'
import { BrokerVersions } from './broker-versions.ts'

export interface HandshakeOptions {
  clientId: string
  softwareVersion: string
  sasl: SaslMechanism | null
  timeoutMs: number
}

export interface HandshakeResult {
  versions: BrokerVersions
  /** How long the authentication holds; 0 for as long as the connection. */
  sessionLifetimeMs: number
  /** The next correlation id. */
  correlationId: number
}

const SOFTWARE_NAME = 'barnabas'

export async function handshake(
  connection: ClientConnection,
  options: HandshakeOptions,
): Promise<HandshakeResult> {
  const calls = new BareCalls(connection, options)
  const versions = await negotiate(calls, options)
  const sessionLifetimeMs =
    options.sasl === null ? 0 : await authenticate(calls, versions, options.sasl)
  return { versions, sessionLifetimeMs, correlationId: calls.correlationId }
}

/** Requests one after another on a connection that is nobody else's yet. */
class BareCalls {
  correlationId = 0
  private readonly connection: ClientConnection
  private readonly options: HandshakeOptions

  constructor(connection: ClientConnection, options: HandshakeOptions) {
    this.connection = connection
    this.options = options
  }

  /** `versionOf` may see that the answer is of another version than the request. */
  async call<Q, A>(
    request: MessageType<Q>,
    response: MessageType<A>,
    version: number,
    message: Partial<Q>,
    versionOf: (body: Reader) => number = () => version,
  ): Promise<A> {
    const api = apiByKey(request.apiKey)!
    const correlationId = this.correlationId++
    const writer = new Writer()
    writeRequestHeader(writer, api, version, correlationId, this.options.clientId)
    request.write(writer, request.create(message), version)
    const { timeoutMs } = this.options
    const frame = await this.connection.send(correlationId, writer.finish(), timeoutMs)
    try {
      // The answer may live on in views, so it gets memory of its own.
      const reader = new Reader(Buffer.from(frame.bytes()))
      readResponseHeader(reader, responseHeaderVersion(api, version))
      return response.read(reader, versionOf(reader))
    } finally {
      frame.release()
    }
  }
}

async function negotiate(calls: BareCalls, options: HandshakeOptions): Promise<BrokerVersions> {
  let version = ApiVersionsRequest.maxVersion
  for (;;) {
    const message = {
      clientSoftwareName: SOFTWARE_NAME,
      clientSoftwareVersion: options.softwareVersion,
    }
    const body = version >= 3 ? message : {}
    const asked = version
    const answer = await calls.call(
      ApiVersionsRequest,
      ApiVersionsResponse,
      asked,
      body,
      // A refusal is always of version 0; every version begins with the error code.
      (reader) =>
        reader.buffer.readInt16BE(reader.position) === ErrorCode.UNSUPPORTED_VERSION ? 0 : asked,
    )
    if (answer.errorCode === ErrorCode.NONE) return new BrokerVersions(answer)
    if (answer.errorCode !== ErrorCode.UNSUPPORTED_VERSION || version === 0) {
      throw brokerError(answer.errorCode, { about: 'ApiVersions' })
    }
    const range = answer.apiKeys.find((api) => api.apiKey === ApiKey.ApiVersions)
    version = range === undefined ? 0 : Math.min(range.maxVersion, version - 1)
  }
}

async function authenticate(
  calls: BareCalls,
  versions: BrokerVersions,
  mechanism: SaslMechanism,
): Promise<number> {
  const version = versions.pick(SaslAuthenticateRequest as MessageType<unknown>)
  if (version === null || !versions.supports(ApiKey.SaslHandshake, 1)) {
    throw new UnsupportedError('the broker offers no SASL on this listener', {
      hint: 'use the port of a SASL listener, or leave the option sasl away',
    })
  }
  const offered = await calls.call(SaslHandshakeRequest, SaslHandshakeResponse, 1, {
    mechanism: mechanism.name,
  })
  if (offered.errorCode !== ErrorCode.NONE) throw refusedMechanism(mechanism.name, offered)
  const exchange = mechanism.begin()
  let challenge: Uint8Array | null = null
  let sessionLifetimeMs = 0
  for (let round = 0; round < SASL_MAX_ROUNDS; round++) {
    const authBytes: Uint8Array | null = await exchange.next(challenge)
    if (authBytes === null) return sessionLifetimeMs
    const answer: SaslAuthenticateResponse = await calls.call(
      SaslAuthenticateRequest,
      SaslAuthenticateResponse,
      version,
      { authBytes },
    )
    if (answer.errorCode !== ErrorCode.NONE) {
      throw new AuthenticationError(answer.errorMessage ?? 'the broker refused the credentials', {
        cause: new BrokerError(answer.errorCode),
      })
    }
    challenge = answer.authBytes
    sessionLifetimeMs = answer.sessionLifetimeMs
  }
  throw new AuthenticationError(`no end of the authentication after ${SASL_MAX_ROUNDS} rounds`)
}

function refusedMechanism(name: string, answer: SaslHandshakeResponse): AuthenticationError {
  const offered = answer.mechanisms.length === 0 ? 'none' : answer.mechanisms.join(', ')
  return new AuthenticationError(`the broker does not offer the SASL mechanism ${name}`, {
    cause: new BrokerError(answer.errorCode),
    hint: `it offers: ${offered}`,
  })
}
