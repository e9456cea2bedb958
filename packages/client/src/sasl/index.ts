/** SASL as an option of the client, turned into a mechanism. */
import type { Entropy } from '@barnabas/base'
import { ConfigError } from '../errors.ts'
import type { SaslMechanism } from './mechanism.ts'
import { type OauthToken, oauthbearerMechanism } from './oauthbearer.ts'
import { plainMechanism } from './plain.ts'
import { type ScramName, scramMechanism } from './scram.ts'

export type { OauthToken } from './oauthbearer.ts'
export type { SaslExchange, SaslMechanism } from './mechanism.ts'

export type SaslOptions =
  | { mechanism: 'PLAIN'; username: string; password: string }
  | { mechanism: ScramName; username: string; password: string; isDelegationToken?: boolean }
  | { mechanism: 'OAUTHBEARER'; token: () => OauthToken | Promise<OauthToken> }
  /** Any other mechanism, brought along. */
  | { mechanism: SaslMechanism }

export function saslMechanism(options: SaslOptions, entropy: Entropy): SaslMechanism {
  const { mechanism } = options
  if (typeof mechanism === 'object') return mechanism
  switch (mechanism) {
    case 'PLAIN':
      return plainMechanism(options.username, options.password)
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-512':
      return scramMechanism(mechanism, { ...options, entropy: entropy.fork('scram') })
    case 'OAUTHBEARER':
      return oauthbearerMechanism(options.token)
    default:
      throw new ConfigError(`unknown SASL mechanism ${String(mechanism)}`, {
        hint: 'choose PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER, or pass a mechanism object',
      })
  }
}
