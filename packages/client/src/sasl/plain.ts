/** PLAIN: user name and password as they are. Only safe under TLS. */
import type { SaslMechanism } from './mechanism.ts'

export function plainMechanism(username: string, password: string): SaslMechanism {
  const message = Buffer.from(`\0${username}\0${password}`)
  return {
    name: 'PLAIN',
    begin() {
      let said = false
      return {
        next() {
          if (said) return null
          said = true
          return message
        },
      }
    },
  }
}
