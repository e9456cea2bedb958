/** Loads optional native packages: a platform without a binary gets null and the portable code. */
import { createRequire } from 'node:module'

export function loadNative<T>(name: string): T | null {
  try {
    return createRequire(import.meta.url)(name) as T
  } catch {
    return null
  }
}
