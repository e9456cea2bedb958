/**
 * SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802): the password never crosses the wire, and the server proves
 * that it knows it too. What is derived from the password is kept, so that reconnecting costs nothing.
 */
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'
import type { Entropy } from '@barnabas/base'
import { AuthenticationError } from '../errors.ts'
import { SCRAM_MAX_ITERATIONS, SCRAM_MIN_ITERATIONS } from '../limits.ts'
import type { SaslExchange, SaslMechanism } from './mechanism.ts'

export type ScramName = 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

const NONCE_BYTES = 24
/** base64 of the GS2 header `n,,`. */
const NO_BINDING = 'biws'

interface Algorithm {
  hash: 'sha256' | 'sha512'
  bytes: number
}

const ALGORITHMS: Readonly<Record<ScramName, Algorithm>> = {
  'SCRAM-SHA-256': { hash: 'sha256', bytes: 32 },
  'SCRAM-SHA-512': { hash: 'sha512', bytes: 64 },
}

export interface ScramOptions {
  username: string
  password: string
  entropy: Entropy
  /** The user is the id of a delegation token, the password its HMAC (KIP-48). */
  isDelegationToken?: boolean
}

export function scramMechanism(name: ScramName, options: ScramOptions): SaslMechanism {
  const secrets = new SaltedPasswords(ALGORITHMS[name], options.password)
  return { name, begin: () => new ScramExchange(ALGORITHMS[name], options, secrets) }
}

class SaltedPasswords {
  private readonly algorithm: Algorithm
  private readonly password: string
  private last: { salt: string; iterations: number; key: Buffer } | null = null

  constructor(algorithm: Algorithm, password: string) {
    this.algorithm = algorithm
    this.password = password
  }

  derive(salt: string, iterations: number): Buffer {
    const { last } = this
    if (last !== null && last.salt === salt && last.iterations === iterations) return last.key
    const { hash, bytes } = this.algorithm
    const key = pbkdf2Sync(this.password, Buffer.from(salt, 'base64'), iterations, bytes, hash)
    this.last = { salt, iterations, key }
    return key
  }
}

class ScramExchange implements SaslExchange {
  private readonly algorithm: Algorithm
  private readonly options: ScramOptions
  private readonly secrets: SaltedPasswords
  private readonly nonce: string
  private round = 0
  private clientFirst = ''
  private serverSignature: Buffer | null = null

  constructor(algorithm: Algorithm, options: ScramOptions, secrets: SaltedPasswords) {
    this.algorithm = algorithm
    this.options = options
    this.secrets = secrets
    const bytes = Buffer.alloc(NONCE_BYTES)
    options.entropy.fill(bytes)
    this.nonce = bytes.toString('base64url')
  }

  next(challenge: Uint8Array | null): Uint8Array | null {
    const text = challenge === null ? '' : Buffer.from(challenge).toString('utf8')
    this.round++
    if (this.round === 1) return this.first()
    if (this.round === 2) return this.final(text)
    this.verify(text)
    return null
  }

  private first(): Buffer {
    const { username, isDelegationToken } = this.options
    const name = username.replaceAll('=', '=3D').replaceAll(',', '=2C')
    this.clientFirst = `n=${name},r=${this.nonce}${isDelegationToken ? ',tokenauth=true' : ''}`
    return Buffer.from(`n,,${this.clientFirst}`)
  }

  private final(serverFirst: string): Buffer {
    const fields = fieldsOf(serverFirst)
    const nonce = fields.get('r') ?? ''
    const salt = fields.get('s') ?? ''
    const iterations = Number(fields.get('i'))
    if (!nonce.startsWith(this.nonce) || nonce.length === this.nonce.length || salt === '') {
      throw new AuthenticationError('the broker answered with a SCRAM message that is not ours')
    }
    if (!(iterations >= SCRAM_MIN_ITERATIONS && iterations <= SCRAM_MAX_ITERATIONS)) {
      throw new AuthenticationError(
        `the broker asks for ${fields.get('i')} SCRAM iterations, allowed are ${SCRAM_MIN_ITERATIONS} to ${SCRAM_MAX_ITERATIONS}`,
      )
    }
    const salted = this.secrets.derive(salt, iterations)
    const clientKey = this.hmac(salted, 'Client Key')
    const withoutProof = `c=${NO_BINDING},r=${nonce}`
    const message = `${this.clientFirst},${serverFirst},${withoutProof}`
    const proof = this.hmac(this.digest(clientKey), message)
    for (let n = 0; n < proof.length; n++) proof[n]! ^= clientKey[n]!
    this.serverSignature = this.hmac(this.hmac(salted, 'Server Key'), message)
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`)
  }

  private verify(serverFinal: string): void {
    const fields = fieldsOf(serverFinal)
    const error = fields.get('e')
    if (error !== undefined) {
      throw new AuthenticationError(`the broker refused the credentials: ${error}`)
    }
    const signature = Buffer.from(fields.get('v') ?? '', 'base64')
    const expected = this.serverSignature!
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      throw new AuthenticationError('the broker does not know the password: it may be an impostor')
    }
  }

  private hmac(key: Buffer, message: string): Buffer {
    return createHmac(this.algorithm.hash, key).update(message).digest()
  }

  private digest(bytes: Buffer): Buffer {
    return createHash(this.algorithm.hash).update(bytes).digest()
  }
}

function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const part of text.split(',')) {
    const at = part.indexOf('=')
    if (at > 0) fields.set(part.slice(0, at), part.slice(at + 1))
  }
  return fields
}
