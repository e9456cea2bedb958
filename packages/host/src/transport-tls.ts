/** The port's TLS options in Node's terms, and who the peer's certificate says it is. */
import net from 'node:net'
import tls from 'node:tls'
import type { Endpoint, TlsClientOptions, TlsServerOptions } from '@barnabas/base'
import { TLS_HANDSHAKE_TIMEOUT_MS } from './limits.ts'

export function tlsServerOptions(options: TlsServerOptions): tls.TlsOptions {
  const authentication = options.clientAuthentication ?? 'none'
  return {
    cert: options.certificate,
    key: options.key,
    requestCert: authentication !== 'none',
    rejectUnauthorized: authentication === 'required',
    minVersion: options.minVersion ?? 'TLSv1.2',
    handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS,
    ...(options.passphrase !== undefined && { passphrase: options.passphrase }),
    ...(options.certificateAuthorities && { ca: [...options.certificateAuthorities] }),
  }
}

export function tlsClientOptions(to: Endpoint, options: TlsClientOptions): tls.ConnectionOptions {
  const serverName = options.serverName ?? (net.isIP(to.host) ? undefined : to.host)
  return {
    host: to.host,
    port: to.port,
    rejectUnauthorized: options.rejectUnauthorized ?? true,
    ...(serverName !== undefined && { servername: serverName }),
    ...(options.certificateAuthorities && { ca: [...options.certificateAuthorities] }),
    ...(options.certificate !== undefined && { cert: options.certificate }),
    ...(options.key !== undefined && { key: options.key }),
    ...(options.passphrase !== undefined && { passphrase: options.passphrase }),
  }
}

/** A certificate was shown and is not trusted. Java refuses it even where none is required; so do we. */
export function hasUntrustedCertificate(socket: tls.TLSSocket): boolean {
  return !socket.authorized && socket.getPeerCertificate()?.raw !== undefined
}

/** Null without TLS, without a certificate, or without a trusted one. */
export function subjectOf(socket: net.Socket): string | null {
  if (!(socket instanceof tls.TLSSocket) || !socket.authorized) return null
  const subject = socket.getPeerCertificate()?.subject as
    | Record<string, string | string[]>
    | undefined
  if (!subject) return null
  // RFC 2253 names the most specific part first; Node lists them in the certificate's order.
  return Object.entries(subject)
    .reverse()
    .flatMap(([name, value]) =>
      (Array.isArray(value) ? [...value].reverse() : [value]).map(
        (one) => `${name}=${escaped(one)}`,
      ),
    )
    .join(',')
}

/** Characters that have a meaning in RFC 2253 text. */
function escaped(value: string): string {
  return value
    .replaceAll(/[,+"\\<>;]/g, String.raw`\$&`)
    .replace(/^[ #]/, String.raw`\$&`)
    .replace(/ $/, String.raw`\ `)
}

/** What a failed handshake of an accepted connection means, for the log. */
export function handshakeHint(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ERR_SSL_HTTP_REQUEST':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return 'the client does not speak TLS: set its "security.protocol" to SSL or SASL_SSL'
    case 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE':
      return 'the client showed no certificate: give it one, or set "ssl.client.auth" to none'
    case 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA':
    case 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN':
      return "the client does not trust the broker's certificate: add its authority to the client's trust store"
    default:
      return error.message
  }
}
