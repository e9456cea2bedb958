/**
 * Says what is wrong with a size that is refused. Peers of other protocols are recognised by what stands
 * where the size should be: their first bytes read as sizes far beyond any limit, so a true frame is never
 * mistaken for them.
 */
import { type FrameError, FrameSizeError, WrongProtocolError } from './errors.ts'

/** The end of the connection that reads: the advice depends on it. */
export type Role = 'server' | 'client'

/** How HTTP requests and responses begin, as int32. */
const HTTP_STARTS = new Set(
  ['GET ', 'POST', 'HEAD', 'PUT ', 'OPTI', 'DELE', 'PATC', 'CONN', 'PRI ', 'HTTP'].map((text) =>
    Buffer.from(text, 'latin1').readInt32BE(),
  ),
)

const TLS_ALERT = 0x15
const TLS_HANDSHAKE = 0x16
const TLS_MAJOR_VERSION = 3

export function refusedSize(size: number, maxFrameBytes: number, role: Role): FrameError {
  const type = (size >>> 24) & 0xff
  const major = (size >>> 16) & 0xff
  if ((type === TLS_HANDSHAKE || type === TLS_ALERT) && major === TLS_MAJOR_VERSION) {
    return new WrongProtocolError('tls', tlsAdvice(role))
  }
  if (HTTP_STARTS.has(size)) return new WrongProtocolError('http', httpAdvice(role))
  return new FrameSizeError(size, sizeAdvice(size, maxFrameBytes, role))
}

function tlsAdvice(role: Role): string {
  return role === 'server'
    ? 'the peer speaks TLS to a plain listener: connect with security.protocol=PLAINTEXT (or SASL_PLAINTEXT), or to a listener of protocol SSL (or SASL_SSL)'
    : 'the broker speaks TLS on this port: set "security.protocol" to SSL or SASL_SSL, or connect to a plain listener'
}

function httpAdvice(role: Role): string {
  return role === 'server'
    ? 'the peer speaks HTTP to a port of the Kafka protocol: use a Kafka client here, or the port of the HTTP service that is meant'
    : 'the server speaks HTTP, not the Kafka protocol: correct "bootstrap.servers"'
}

function sizeAdvice(size: number, maxFrameBytes: number, role: Role): string {
  if (size < 0) return `a frame of ${size} bytes: the peer does not speak the Kafka protocol`
  return role === 'server'
    ? `a request of ${size} bytes is refused: socket.request.max.bytes allows ${maxFrameBytes}`
    : `a response of ${size} bytes is refused: ${maxFrameBytes} are allowed; ask for less at once ("fetch.max.bytes")`
}
