/** The hash by which Kafka's default partitioner maps a key to a partition. */

const SEED = 0x9747b28c
const M = 0x5bd1e995

/** Signed 32-bit murmur2 with Kafka's seed. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  const whole = length & ~3
  let h = SEED ^ length
  for (let at = 0; at < whole; at += 4) {
    let k = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    k = Math.imul(k, M)
    k ^= k >>> 24
    h = Math.imul(h, M) ^ Math.imul(k, M)
  }
  const rest = length - whole
  if (rest > 2) h ^= bytes[whole + 2]! << 16
  if (rest > 1) h ^= bytes[whole + 1]! << 8
  if (rest > 0) h = Math.imul(h ^ bytes[whole]!, M)
  h ^= h >>> 13
  h = Math.imul(h, M)
  return h ^ (h >>> 15)
}

/** Clears the sign bit, as Kafka does before taking a hash modulo the number of partitions. */
export function toPositive(hash: number): number {
  return hash & 0x7fffffff
}
