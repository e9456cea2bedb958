/**
 * Random UUIDs in the two texts Kafka uses: 22 characters of base64url for topic, directory and member
 * ids, and the hexadecimal form with dashes inside the member ids of classic groups.
 */
import type { Entropy } from './world.ts'

const UUID_BYTES = 16
const TEXT = /^[A-Za-z0-9_-]{21}[AQgw]$/

/**
 * A random UUID (version 4) in base64url. Never one of the reserved ids zero and one, which are no
 * version 4; never begins with a dash, which a command line would take for an option.
 */
export function randomUuid(entropy: Entropy): string {
  for (;;) {
    const text = uuidFromBytes(randomUuidBytes(entropy))
    if (text[0] !== '-') return text
  }
}

/** A random UUID as `xxxxxxxx-xxxx-4xxx-xxxx-xxxxxxxxxxxx`. */
export function randomHexUuid(entropy: Entropy): string {
  const hex = asBuffer(randomUuidBytes(entropy)).toString('hex')
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)]
  return `${parts.join('-')}-${hex.slice(20)}`
}

export function uuidFromBytes(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64url')
}

/** The 16 bytes of a base64url UUID, or null when `text` is none. */
export function uuidToBytes(text: string): Uint8Array | null {
  return isUuid(text) ? new Uint8Array(Buffer.from(text, 'base64url')) : null
}

/** Whether `text` is a UUID in base64url without padding, with no stray bits at its end. */
export function isUuid(text: string): boolean {
  return TEXT.test(text)
}

function randomUuidBytes(entropy: Entropy): Uint8Array {
  const bytes = new Uint8Array(UUID_BYTES)
  entropy.fill(bytes)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
