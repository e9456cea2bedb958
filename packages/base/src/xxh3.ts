/**
 * XXH3 in its 64-bit form without a seed. Kafka's group coordinator identifies by it what a group reads.
 * Written with bigint: it hashes some bytes per topic when subscriptions change, never records.
 */

const MASK = 0xffffffffffffffffn
const LOW = 0xffffffffn

const P32_1 = 0x9e3779b1n
const P32_2 = 0x85ebca77n
const P32_3 = 0xc2b2ae3dn
const P64_1 = 0x9e3779b185ebca87n
const P64_2 = 0xc2b2ae3d27d4eb4fn
const P64_3 = 0x165667b19e3779f9n
const P64_4 = 0x85ebca77c2b2ae63n
const P64_5 = 0x27d4eb2f165667c5n
const MIX_1 = 0x165667919e3779f9n
const MIX_2 = 0x9fb21c651e98df25n

/** The secret that the algorithm prescribes when none is given. */
const SECRET = Buffer.from(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221' +
    'b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8' +
    'a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb' +
    '170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
  'hex',
)

const STRIPE = 64
const STRIPES_PER_BLOCK = 16

/** Unsigned 64-bit hash of the bytes. */
export function xxh3(bytes: Uint8Array): bigint {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const length = input.length
  if (length <= 3) return hashUpTo3(input)
  if (length <= 8) return hashUpTo8(input)
  if (length <= 16) return hashUpTo16(input)
  if (length <= 128) return hashUpTo128(input)
  return length <= 240 ? hashUpTo240(input) : hashLong(input)
}

const word = (from: Buffer, at: number) => from.readBigUInt64LE(at)

function hashUpTo3(input: Buffer): bigint {
  const length = input.length
  if (length === 0) return classicAvalanche(word(SECRET, 56) ^ word(SECRET, 64))
  const middle = input[length >> 1]!
  const packed = (input[0]! << 16) | (middle << 24) | input[length - 1]! | (length << 8)
  const flip = SECRET.readUInt32LE(0) ^ SECRET.readUInt32LE(4)
  return classicAvalanche(BigInt((packed ^ flip) >>> 0))
}

function hashUpTo8(input: Buffer): bigint {
  const length = input.length
  const low = BigInt(input.readUInt32LE(length - 4))
  const joined = low | (BigInt(input.readUInt32LE(0)) << 32n)
  let h = joined ^ word(SECRET, 8) ^ word(SECRET, 16)
  h ^= rotateLeft(h, 49n) ^ rotateLeft(h, 24n)
  h = (h * MIX_2) & MASK
  h ^= (h >> 35n) + BigInt(length)
  h = (h * MIX_2) & MASK
  return h ^ (h >> 28n)
}

function hashUpTo16(input: Buffer): bigint {
  const length = input.length
  const low = word(input, 0) ^ word(SECRET, 24) ^ word(SECRET, 32)
  const high = word(input, length - 8) ^ word(SECRET, 40) ^ word(SECRET, 48)
  return avalanche(BigInt(length) + swapBytes(low) + high + fold(low, high))
}

function hashUpTo128(input: Buffer): bigint {
  const length = input.length
  let sum = BigInt(length) * P64_1
  // Pairs of 16 bytes, from both ends towards the middle.
  const pairs = (length - 1) >> 5
  for (let i = 0; i <= pairs; i++) {
    sum += mix(input, i * 16, i * 32) + mix(input, length - (i + 1) * 16, i * 32 + 16)
  }
  return avalanche(sum)
}

function hashUpTo240(input: Buffer): bigint {
  const length = input.length
  let sum = BigInt(length) * P64_1
  for (let i = 0; i < 8; i++) sum += mix(input, i * 16, i * 16)
  sum = avalanche(sum)
  for (let i = 8; i < length >> 4; i++) sum += mix(input, i * 16, (i - 8) * 16 + 3)
  return avalanche(sum + mix(input, length - 16, 136 - 17))
}

function hashLong(input: Buffer): bigint {
  const length = input.length
  const sums = [P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1]
  const stripes = Math.floor((length - 1) / STRIPE)
  for (let stripe = 0; stripe < stripes; stripe++) {
    accumulate(sums, input, stripe * STRIPE, (stripe % STRIPES_PER_BLOCK) * 8)
    if (stripe % STRIPES_PER_BLOCK === STRIPES_PER_BLOCK - 1) scramble(sums)
  }
  accumulate(sums, input, length - STRIPE, SECRET.length - STRIPE - 7)
  let result = BigInt(length) * P64_1
  for (let i = 0; i < 4; i++) {
    const low = sums[i * 2]! ^ word(SECRET, 11 + i * 16)
    result += fold(low, sums[i * 2 + 1]! ^ word(SECRET, 11 + i * 16 + 8))
  }
  return avalanche(result)
}

function accumulate(sums: bigint[], input: Buffer, at: number, secretAt: number): void {
  for (let i = 0; i < 8; i++) {
    const value = word(input, at + i * 8)
    const key = value ^ word(SECRET, secretAt + i * 8)
    sums[i ^ 1] = (sums[i ^ 1]! + value) & MASK
    sums[i] = (sums[i]! + (key & LOW) * (key >> 32n)) & MASK
  }
}

function scramble(sums: bigint[]): void {
  for (let i = 0; i < 8; i++) {
    const sum = sums[i]!
    sums[i] = ((sum ^ (sum >> 47n) ^ word(SECRET, SECRET.length - STRIPE + i * 8)) * P32_1) & MASK
  }
}

function mix(input: Buffer, at: number, secretAt: number): bigint {
  return fold(
    word(input, at) ^ word(SECRET, secretAt),
    word(input, at + 8) ^ word(SECRET, secretAt + 8),
  )
}

/** The two halves of the 128-bit product, put over each other. */
function fold(a: bigint, b: bigint): bigint {
  const product = a * b
  return (product & MASK) ^ (product >> 64n)
}

function avalanche(value: bigint): bigint {
  let h = value & MASK
  h = ((h ^ (h >> 37n)) * MIX_1) & MASK
  return h ^ (h >> 32n)
}

/** The finish of XXH64, which the shortest inputs use. */
function classicAvalanche(value: bigint): bigint {
  let h = ((value ^ (value >> 33n)) * P64_2) & MASK
  h = ((h ^ (h >> 29n)) * P64_3) & MASK
  return h ^ (h >> 32n)
}

function rotateLeft(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & MASK
}

function swapBytes(value: bigint): bigint {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigUInt64LE(value)
  return bytes.readBigUInt64BE()
}
