/** OAUTHBEARER (RFC 7628): a token that somebody else issued. */
import { AuthenticationError } from '../errors.ts'
import type { SaslMechanism } from './mechanism.ts'

export interface OauthToken {
  value: string
  /** SASL extensions (KIP-342). */
  extensions?: Readonly<Record<string, string>>
}

const SEPARATOR = '\u0001'

/** `token` is asked for at each authentication, so it may renew what has expired. */
export function oauthbearerMechanism(token: () => OauthToken | Promise<OauthToken>): SaslMechanism {
  return {
    name: 'OAUTHBEARER',
    begin() {
      let said = false
      return {
        async next(challenge) {
          if (!said) {
            said = true
            return firstMessage(await token())
          }
          // An error comes as JSON in a challenge; a lone separator asks for the verdict.
          if (challenge !== null && challenge.length > 0) {
            throw new AuthenticationError(
              `the broker refused the token: ${Buffer.from(challenge).toString('utf8')}`,
            )
          }
          return null
        },
      }
    },
  }
}

function firstMessage(token: OauthToken): Buffer {
  const fields = [`auth=Bearer ${token.value}`]
  for (const [name, value] of Object.entries(token.extensions ?? {}))
    fields.push(`${name}=${value}`)
  return Buffer.from(`n,,${SEPARATOR}${fields.join(SEPARATOR)}${SEPARATOR}${SEPARATOR}`)
}
