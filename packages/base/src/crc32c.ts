/**
 * CRC-32C (Castagnoli), the checksum of record batches and of several stored files. A native SIMD
 * implementation serves inputs where its call overhead pays; slicing-by-8 in TypeScript serves small
 * inputs, and all of them where no native binary can be loaded.
 */
import { createRequire } from 'node:module'

/** Below this many bytes the call into native code costs more than it saves (measured). */
const NATIVE_MIN_BYTES = 200

const POLYNOMIAL = 0x82f63b78

type NativeCrc = (bytes: Uint8Array, initial?: number) => number

const native = loadNative()
const tables = makeTables()

/** Unsigned CRC-32C of `bytes`; `initial` continues an earlier result. */
export function crc32c(bytes: Uint8Array, initial = 0): number {
  if (native !== null && bytes.length >= NATIVE_MIN_BYTES) return native(bytes, initial) >>> 0
  return crc32cPortable(bytes, initial)
}

/** The implementation without native code. */
export function crc32cPortable(bytes: Uint8Array, initial = 0): number {
  const t = tables
  let crc = ~initial
  let at = 0
  for (const last = bytes.length - 8; at <= last; at += 8) {
    const low =
      crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
    crc =
      t[0x700 | (low & 0xff)]! ^
      t[0x600 | ((low >>> 8) & 0xff)]! ^
      t[0x500 | ((low >>> 16) & 0xff)]! ^
      t[0x400 | (low >>> 24)]! ^
      t[0x300 | bytes[at + 4]!]! ^
      t[0x200 | bytes[at + 5]!]! ^
      t[0x100 | bytes[at + 6]!]! ^
      t[bytes[at + 7]!]!
  }
  for (; at < bytes.length; at++) crc = t[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

function makeTables(): Int32Array {
  const t = new Int32Array(8 * 256)
  for (let n = 0; n < 256; n++) {
    let value = n
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1
    t[n] = value
  }
  for (let n = 256; n < t.length; n++) t[n] = t[t[n - 256]! & 0xff]! ^ (t[n - 256]! >>> 8)
  return t
}

function loadNative(): NativeCrc | null {
  try {
    return (createRequire(import.meta.url)('@node-rs/crc32') as { crc32c: NativeCrc }).crc32c
  } catch {
    return null
  }
}
