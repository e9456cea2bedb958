/**
 * Writing of the variable-length integers of record batches: sizes first, so that a record can be laid
 * out in one buffer, then the bytes. All signed kinds are zig-zag encoded, as in Kafka.
 */

const TWO_31 = 0x80000000

/** Bytes that an unsigned 32-bit value takes. */
export function unsignedVarintSize(value: number): number {
  const highestBit = 31 - Math.clz32(value | 1)
  return ((highestBit / 7) | 0) + 1
}

/** Bytes that a signed 32-bit value takes. */
export function varintSize(value: number): number {
  return unsignedVarintSize((value << 1) ^ (value >> 31))
}

/** Bytes that a whole number within ±2^53 takes as an int64. */
export function varlongSize(value: number): number {
  if (value < TWO_31 && value >= -TWO_31) return varintSize(value)
  let size = 1
  for (let rest = Math.floor(magnitude(value) / 64); rest > 0; rest = Math.floor(rest / 128)) size++
  return size
}

/** Puts an unsigned 32-bit value at `at`; returns the position after it. */
export function putUnsignedVarint(into: Uint8Array, at: number, value: number): number {
  let rest = value >>> 0
  while (rest >= 0x80) {
    into[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  into[at++] = rest
  return at
}

/** Puts a signed 32-bit value at `at`; returns the position after it. */
export function putVarint(into: Uint8Array, at: number, value: number): number {
  return putUnsignedVarint(into, at, (value << 1) ^ (value >> 31))
}

/** Puts a whole number within ±2^53 at `at` as an int64; returns the position after it. */
export function putVarlong(into: Uint8Array, at: number, value: number): number {
  if (value < TWO_31 && value >= -TWO_31) return putVarint(into, at, value)
  // The zig-zag value may need 54 bits, so its lowest seven are taken from the parts.
  const whole = magnitude(value)
  let rest = Math.floor(whole / 64)
  into[at++] = ((whole % 64) << 1) | (value < 0 ? 1 : 0) | 0x80
  while (rest >= 0x80) {
    into[at++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  into[at++] = rest
  return at
}

/** The zig-zag value without its lowest bit, which is the sign. */
function magnitude(value: number): number {
  return value < 0 ? -value - 1 : value
}
