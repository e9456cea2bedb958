/** What can go wrong with sockets, as errors whose texts say what to do. */
import type { Endpoint } from '@barnabas/base'
import { EnvironmentError } from '@barnabas/base'

/** `code`: BARNABAS_LISTEN, BARNABAS_CONNECT, BARNABAS_CONNECT_ABORTED, BARNABAS_CONNECTION or BARNABAS_TLS. */
export class NetworkError extends EnvironmentError {
  override readonly name = 'NetworkError'
}

export function listenError(at: Endpoint, error: NodeJS.ErrnoException): NetworkError {
  const place = placeOf(at)
  const hints: Record<string, string> = {
    EADDRINUSE: `${place} is in use: stop the program that listens there (perhaps another broker), or choose another port in "listeners"`,
    EACCES: `no permission to listen on ${place}: choose a port above 1023 in "listeners"`,
    EADDRNOTAVAIL: `${at.host} is no address of this machine: correct "listeners"`,
    ENOTFOUND: `the host name ${at.host} does not resolve: correct "listeners"`,
    EAI_AGAIN: `the host name ${at.host} does not resolve now: try again, or correct "listeners"`,
  }
  const hint = hints[error.code ?? ''] ?? `cannot listen on ${place}: ${error.message}`
  return new NetworkError('BARNABAS_LISTEN', hint, { cause: error })
}

export function connectError(to: Endpoint, error: Error): NetworkError {
  const message = `cannot connect to ${placeOf(to)}: ${reasonOf(error)}`
  return new NetworkError('BARNABAS_CONNECT', message, { cause: error, retriable: true })
}

export function connectTimeout(to: Endpoint, timeoutMs: number): NetworkError {
  const message = `cannot connect to ${placeOf(to)}: no connection within ${timeoutMs} ms`
  return new NetworkError('BARNABAS_CONNECT', message, { retriable: true })
}

export function connectAborted(to: Endpoint, signal: AbortSignal): NetworkError {
  return new NetworkError(
    'BARNABAS_CONNECT_ABORTED',
    `connecting to ${placeOf(to)} was given up by the caller`,
    { cause: signal.reason },
  )
}

/** An established connection failed; another one may work. */
export function connectionError(remote: Endpoint, error: NodeJS.ErrnoException): NetworkError {
  const hints: Record<string, string> = {
    ECONNRESET: 'the peer reset it',
    EPIPE: 'the peer closed it',
    ETIMEDOUT: 'the peer does not answer any more',
    EHOSTUNREACH: 'the peer cannot be reached any more',
  }
  const why = hints[error.code ?? ''] ?? reasonOf(error)
  return new NetworkError(
    'BARNABAS_CONNECTION',
    `the connection with ${placeOf(remote)} failed: ${why}`,
    { cause: error, retriable: true },
  )
}

/** Certificates or keys that TLS cannot be set up with at all. */
export function tlsSetupError(error: Error, settings: string): NetworkError {
  return new NetworkError(
    'BARNABAS_TLS',
    `TLS cannot be set up: ${error.message}; check the certificate, the key and its password in ${settings}`,
    { cause: error },
  )
}

export function placeOf(endpoint: Endpoint): string {
  const { host, port } = endpoint
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Node reports a host with several addresses as an error without a text that holds the others. */
function reasonOf(error: Error): string {
  const first = error instanceof AggregateError ? (error.errors[0] as Error) : error
  const code = (first as NodeJS.ErrnoException).code
  if (code === 'ECONNREFUSED') return 'nothing listens there (ECONNREFUSED)'
  if (code === 'ENOTFOUND') return 'the host name does not resolve (ENOTFOUND)'
  if (code === 'ECONNRESET') return 'the peer closed the connection at once (ECONNRESET)'
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return `the peer does not speak TLS: set "security.protocol" to PLAINTEXT or SASL_PLAINTEXT, or connect to a TLS listener (${code})`
  }
  return first.message
}
