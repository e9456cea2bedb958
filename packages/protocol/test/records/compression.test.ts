import { readFileSync } from 'node:fs'
import {
  BatchView,
  type CompressionType,
  codecByCode,
  codecByType,
  compressionCodecs,
  DecompressionLimitError,
  isCompressionType,
  MalformedCompressionError,
} from '@barnabas/protocol'
import { MalformedError } from '@barnabas/base'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lz4Legacy } from '../../src/compression/lz4.ts'
import { compressBlockPortable, decompressBlock } from '../../src/compression/lz4-block.ts'
import {
  compressRaw,
  compressRawPortable,
  decompressRaw,
  decompressRawPortable,
} from '../../src/compression/snappy-raw.ts'
import { xxhash32 } from '../../src/compression/xxhash32.ts'

interface Vector {
  case: string
  hex: string
  batches: { header: { uncompressedHex?: string } }[]
}

const vectors = readFileSync(new URL('../fixtures/batches-v2.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Vector)
  .filter((vector) => vector.batches[0]?.header.uncompressedHex !== undefined)

const types = ['gzip', 'snappy', 'lz4', 'zstd'] as const
const MIB = 1024 * 1024

/** Bytes that compress: words drawn from a small set, so that matches of many lengths occur. */
const compressible = fc
  .array(fc.tuple(fc.constantFrom('partition', 'offset=', '0', '\u0000', 'xyzzy', ' '), fc.nat(40)))
  .map((parts) => Buffer.from(parts.map(([word, times]) => word.repeat(times)).join('')))
const anyBytes = fc
  .oneof(fc.uint8Array({ maxLength: 300 }), compressible)
  .map((bytes) => Buffer.from(bytes))

/** Repeated and random stretches, beyond several blocks of every format. */
function mixedBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  let state = 12345
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    bytes[at] = (at >>> 12) & 1 ? state >>> 16 : at % 97
  }
  return bytes
}

test.each(vectors)('BAT-03 $case opens to what Apache Kafka compressed', (vector) => {
  const batch = new BatchView(Buffer.from(vector.hex, 'hex'))
  const content = codecByCode(batch.compressionCode).decompress(batch.recordBytes, MIB)
  expect(content.toString('hex')).toBe(vector.batches[0]!.header.uncompressedHex)
})

test('codecs are found by number and by name', () => {
  for (const [code, codec] of compressionCodecs.entries()) {
    expect(codec.code).toBe(code)
    expect(codecByCode(code)).toBe(codec)
    expect(codecByType(codec.type)).toBe(codec)
    expect(isCompressionType(codec.type)).toBe(true)
  }
  expect(isCompressionType('brotli')).toBe(false)
  expect(() => codecByCode(5)).toThrow(MalformedCompressionError)
})

describe.each(types)('%s', (type) => {
  const codec = codecByType(type)

  test('BAT-03 gives back what was compressed', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(codec.decompress(codec.compress(bytes), bytes.length).equals(bytes)).toBe(true)
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  test('gives back several blocks, repeated and random', () => {
    for (const size of [0, 1, 32768, 32769, 65536, 65537, 131072, 700001]) {
      const bytes = mixedBytes(size)
      expect(codec.decompress(codec.compress(bytes), size).equals(bytes)).toBe(true)
    }
  })

  test('every level of the range is taken, and thorough ones are not worse', () => {
    const bytes = Buffer.from(
      Array.from(
        { length: 900 },
        (_, n) => `{"id":${(n * 7919) % 1000},"name":"n${n % 37}"}`,
      ).join(),
    )
    const levels = codec.levels
    if (levels === null) return
    const sizes = [Math.max(levels.min, 1), levels.default, levels.max].map((level) => {
      const packed = codec.compress(bytes, level)
      expect(codec.decompress(packed, bytes.length).equals(bytes)).toBe(true)
      return packed.length
    })
    expect(sizes[2]).toBeLessThanOrEqual(sizes[0]!)
    expect(sizes[2]).toBeLessThan(sizes[1]! * 1.001)
    expect(codec.compress(bytes, levels.max + 1).equals(codec.compress(bytes))).toBe(true)
  })

  test('content beyond the limit is refused', () => {
    for (const size of [100, 70_000, 3_000_000]) {
      const packed = codec.compress(Buffer.alloc(size))
      expect(codec.decompress(packed, size).length).toBe(size)
      expect(() => codec.decompress(packed, size - 1)).toThrow(DecompressionLimitError)
      expect(() => codec.decompress(packed, 1)).toThrow(DecompressionLimitError)
    }
  })

  test('a bomb is refused before its content is in memory', () => {
    const packed = codec.compress(Buffer.alloc(96 * MIB))
    const before = process.memoryUsage().rss
    expect(() => codec.decompress(packed, MIB)).toThrow(DecompressionLimitError)
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * MIB)
  })

  test('cut input is malformed', () => {
    const packed = codec.compress(mixedBytes(5000))
    for (let size = 0; size < packed.length; size += 13) {
      if (type === 'snappy' && size >= 16) continue // may end between two blocks
      expect(() => codec.decompress(packed.subarray(0, size), MIB)).toThrow(MalformedError)
    }
  })

  test('mutated input gives bytes within the limit or a typed error', () => {
    const originals = [mixedBytes(300), Buffer.alloc(5000, 'ab'), mixedBytes(9000)].map((bytes) =>
      codec.compress(bytes),
    )
    const mutation = fc.tuple(fc.nat(), fc.nat(255))
    fc.assert(
      fc.property(
        fc.constantFrom(...originals),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        (original, mutations) => {
          const bytes = Buffer.from(original)
          for (const [at, value] of mutations) bytes[at % Math.min(bytes.length, 400)] = value
          try {
            expect(codec.decompress(bytes, 20_000).length).toBeLessThanOrEqual(20_000)
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedError)
          }
        },
      ),
      { seed: 3, numRuns: 1500 },
    )
  })

  test('random input gives bytes or a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          codec.decompress(Buffer.from(bytes), 10_000)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError)
        }
      }),
      { seed: 4, numRuns: 300 },
    )
  })
})

describe('snappy', () => {
  test('BAT-03 raw blocks without the stream framing are read', () => {
    const bytes = mixedBytes(20_000)
    expect(codecByType('snappy').decompress(compressRaw(bytes), 20_000).equals(bytes)).toBe(true)
  })

  test('NV-35 the stream starts with the Java framing and holds blocks of 32 KiB', () => {
    const packed = codecByType('snappy').compress(Buffer.alloc(100_000))
    expect(packed.subarray(0, 16).toString('hex')).toBe('82534e41505059000000000100000001')
    let at = 16
    let blocks = 0
    for (; at < packed.length; blocks++) at += 4 + packed.readInt32BE(at)
    expect(blocks).toBe(4)
  })

  test('a stream appended to a stream is one content', () => {
    const codec = codecByType('snappy')
    const twice = Buffer.concat([
      codec.compress(Buffer.from('ab')),
      codec.compress(Buffer.from('cd')),
    ])
    expect(codec.decompress(twice, 4).toString()).toBe('abcd')
  })

  test('the portable code and the native code read each other', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(decompressRaw(compressRawPortable(bytes)).equals(bytes)).toBe(true)
        expect(decompressRawPortable(compressRaw(bytes)).equals(bytes)).toBe(true)
      }),
      { seed: 5 },
    )
    const bytes = mixedBytes(300_000)
    expect(decompressRaw(compressRawPortable(bytes)).equals(bytes)).toBe(true)
    expect(decompressRawPortable(compressRaw(bytes)).equals(bytes)).toBe(true)
  })
})

describe('lz4', () => {
  const header = '04224d186040'

  test('xxHash32 gives the values of its reference', () => {
    expect(xxhash32(Buffer.alloc(0))).toBe(0x02cc5d05)
    expect(xxhash32(Buffer.from('Nobody inspects the spammish repetition'))).toBe(0xe2293b2f)
  })

  test('BAT-03 a frame has independent blocks of 64 KiB and a right header checksum', () => {
    const packed = codecByType('lz4').compress(Buffer.alloc(200_000))
    expect(packed.subarray(0, 7).toString('hex')).toBe(`${header}82`)
  })

  test('BAT-06 magic 0 has the checksum of old, and its reader takes both', () => {
    const bytes = mixedBytes(1000)
    const packed = lz4Legacy.compress(bytes)
    expect(packed.subarray(0, 7).toString('hex')).toBe(`${header}1a`)
    expect(lz4Legacy.decompress(packed, 1000).equals(bytes)).toBe(true)
    expect(lz4Legacy.decompress(codecByType('lz4').compress(bytes), 1000).equals(bytes)).toBe(true)
    expect(() => codecByType('lz4').decompress(packed, 1000)).toThrow(MalformedCompressionError)
  })

  test('several frames are one content', () => {
    const lz4 = codecByType('lz4')
    const twice = Buffer.concat([
      lz4.compress(mixedBytes(90_000)),
      lz4.compress(Buffer.from('end')),
    ])
    const both = Buffer.concat([mixedBytes(90_000), Buffer.from('end')])
    expect(lz4.decompress(twice, 90_003).equals(both)).toBe(true)
    expect(() => lz4.decompress(twice, 90_002)).toThrow(DecompressionLimitError)
  })

  test('linked blocks are refused', () => {
    const packed = Buffer.from(codecByType('lz4').compress(Buffer.from('abc')))
    packed[4] = 0x40
    packed[6] = (xxhash32(packed, 4, 6) >>> 8) & 0xff
    expect(() => codecByType('lz4').decompress(packed, 10)).toThrow(/linked/)
  })

  test('block and content checksums are checked', () => {
    const content = Buffer.from('stored')
    const frame = Buffer.alloc(7 + 4 + 6 + 4 + 4 + 4)
    frame.write(header, 'hex')
    frame[4] = 0x74
    frame[6] = (xxhash32(frame, 4, 6) >>> 8) & 0xff
    frame.writeUInt32LE(0x80000006, 7)
    content.copy(frame, 11)
    frame.writeUInt32LE(xxhash32(content), 17)
    frame.writeUInt32LE(xxhash32(content), 25)
    const lz4 = codecByType('lz4')
    expect(lz4.decompress(frame, 6).toString()).toBe('stored')
    for (const at of [17, 25]) {
      const wrong = Buffer.from(frame)
      wrong[at]! ^= 1
      expect(() => lz4.decompress(wrong, 6)).toThrow(/checksum/)
    }
  })

  test('the portable block code is its own inverse at every level', () => {
    const property = fc.property(anyBytes, fc.integer({ min: 1, max: 17 }), (bytes, level) => {
      const block = compressBlockPortable(bytes, level)
      if (block === null) return
      const output = Buffer.alloc(bytes.length)
      expect(decompressBlock(block, 0, block.length, output, 0, output.length)).toBe(bytes.length)
      expect(output.equals(bytes)).toBe(true)
    })
    fc.assert(property, { seed: 6, numRuns: 300 })
  })

  test('what the portable writer wrote, the native reader reads', () => {
    const lz4 = codecByType('lz4')
    const bytes = Buffer.concat([mixedBytes(150_000), Buffer.alloc(100_000, 'wxyz')])
    expect(lz4.decompress(lz4.compress(bytes, 1), bytes.length).equals(bytes)).toBe(true)
    expect(lz4.decompress(lz4.compress(bytes, 17), bytes.length).equals(bytes)).toBe(true)
  })
})

describe('zstd', () => {
  const zstd = codecByType('zstd')

  test('frames without a content size, as Java clients write them, are read', () => {
    // Window of 128 KiB and no size: one raw block.
    const frame = Buffer.from('28b52ffd003829000068656c6c6f', 'hex')
    expect(zstd.decompress(frame, 5).toString()).toBe('hello')
    expect(() => zstd.decompress(frame, 4)).toThrow(DecompressionLimitError)
  })

  test('several and skippable frames are one content', () => {
    const skippable = Buffer.from('502a4d1803000000aabbcc', 'hex')
    const bytes = Buffer.concat([
      zstd.compress(Buffer.from('ab')),
      skippable,
      zstd.compress(Buffer.from('cd')),
    ])
    expect(zstd.decompress(bytes, 4).toString()).toBe('abcd')
  })

  test('a claimed size does not hide a bomb', () => {
    // Claims 5 bytes in a single segment; its blocks repeat one byte 128 KiB each.
    const block = Buffer.from([0x02, 0x00, 0x10, 0x41])
    const last = Buffer.from([0x03, 0x00, 0x10, 0x41])
    const header = Buffer.from('28b52ffd2005', 'hex')
    const bomb = Buffer.concat([header, ...Array.from({ length: 4000 }, () => block), last])
    expect(() => zstd.decompress(bomb, MIB)).toThrow(DecompressionLimitError)
  })
})

test('none gives the bytes themselves, bounded', () => {
  const none = codecByType('none' satisfies CompressionType)
  const bytes = Buffer.from('abc')
  expect(none.compress(bytes)).toBe(bytes)
  expect(none.decompress(bytes, 3)).toBe(bytes)
  expect(() => none.decompress(bytes, 2)).toThrow(DecompressionLimitError)
})
