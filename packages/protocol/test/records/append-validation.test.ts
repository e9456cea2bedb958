import {
  type AcceptedBatch,
  type AppendRejection,
  type AppendRules,
  type AppendValidation,
  BatchBuilder,
  type BatchBuilderOptions,
  BatchView,
  type CompressionType,
  checkProducePayload,
  codecByType,
  decodeRecords,
  ErrorCode,
  endTransactionMarkerBatch,
  RECORDS_AT,
  validateForAppend,
} from '@barnabas/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { withRecords } from '../../src/records/batch-header.ts'
import { recordVectors } from './vectors.ts'

const NOW = 1_800_000_000_000
const HOUR = 3_600_000
const types: CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

const rules: AppendRules = {
  origin: 'client',
  topicPartition: 'orders-3',
  isCompacted: false,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  timestampAfterMaxMs: HOUR,
  compression: 'producer',
  maxMessageBytes: 1_048_588,
  segmentBytes: 1_073_741_824,
}

interface Input {
  timestamp?: number
  key?: string | null
  value?: string | null
}

function batchOf(inputs: Input[], options: BatchBuilderOptions = {}): BatchView {
  const builder = new BatchBuilder(options)
  for (const { timestamp = NOW, key = 'key', value = 'value' } of inputs) {
    const bytes = (text: string | null) => (text === null ? null : Buffer.from(text))
    builder.append(timestamp, bytes(key), bytes(value), [{ key: 'h', value: bytes('x') }])
  }
  return builder.build()
}

function rejected(result: AppendValidation | BatchView): AppendRejection {
  expect(result).toMatchObject({ accepted: false })
  return result as AppendRejection
}

function accepted(result: AppendValidation): AcceptedBatch {
  expect(result).toMatchObject({ accepted: true })
  const { batch } = result as AcceptedBatch
  expect(batch.hasValidCrc()).toBe(true)
  return result as AcceptedBatch
}

const check = (batch: BatchView, changed: Partial<AppendRules> = {}) =>
  validateForAppend(batch, { ...rules, ...changed }, NOW)

describe('payload of a Produce request', () => {
  const one = batchOf([{}]).bytes

  test('PRD-10 exactly one batch of magic 2 is taken', () => {
    const batch = checkProducePayload(one, 9)
    expect(batch).toBeInstanceOf(BatchView)
    expect(rejected(checkProducePayload(Buffer.concat([one, one]), 9)).errorCode).toBe(
      ErrorCode.INVALID_RECORD,
    )
    for (const vector of recordVectors('legacy').filter((v) => /^v[01]\//.test(v.case))) {
      const result = checkProducePayload(Buffer.from(vector.hex, 'hex'), 9)
      expect(rejected(result).errorCode).toBe(ErrorCode.INVALID_RECORD)
    }
  })

  test('PRD-33 null, empty and cut records are no batch', () => {
    for (const bytes of [null, Buffer.alloc(0), one.subarray(0, 11), one.subarray(0, -1)]) {
      expect(rejected(checkProducePayload(bytes, 9)).errorCode).toBe(ErrorCode.INVALID_RECORD)
    }
  })

  test('a cut batch behind the first is left out', () => {
    const batch = checkProducePayload(Buffer.concat([one, one.subarray(0, 40)]), 9) as BatchView
    expect(batch.bytes.equals(one)).toBe(true)
  })

  test('sizes and magics that cannot be are corrupt', () => {
    for (const [at, value] of [
      [16, 3],
      [16, 0x80],
      [11, 5],
      [8, 0xff],
      [11, 20],
    ]) {
      const bytes = Buffer.from(one)
      bytes[at!] = value!
      expect(rejected(checkProducePayload(bytes, 9)).errorCode).toBe(ErrorCode.CORRUPT_MESSAGE)
      const second = checkProducePayload(Buffer.concat([one, bytes]), 9)
      expect(rejected(second).errorCode).toBe(ErrorCode.CORRUPT_MESSAGE)
    }
  })

  test('PRD-10 zstd needs version 7', () => {
    const zstd = batchOf([{}], { compression: 'zstd' }).bytes
    expect(rejected(checkProducePayload(zstd, 6)).errorCode).toBe(
      ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
    )
    expect(checkProducePayload(zstd, 7)).toBeInstanceOf(BatchView)
  })

  test('any bytes are judged without an exception', () => {
    fc.assert(
      fc.property(fc.nat(one.length - 1), fc.nat(255), fc.nat(2 * one.length), (at, byte, size) => {
        const bytes = Buffer.concat([one, one]).subarray(0, size)
        if (at < bytes.length) bytes[at] = byte
        checkProducePayload(bytes, 9)
      }),
      { seed: 31 },
    )
  })
})

describe.each(types)('%s', (compression) => {
  test('PRD-22 a batch that is right keeps its bytes and its memory', () => {
    const batch = batchOf([{}, { timestamp: NOW + 5 }, { timestamp: -1 }], { compression })
    const before = Buffer.from(batch.bytes)
    for (const target of ['producer', compression] as const) {
      const result = accepted(check(batch, { compression: target }))
      expect(result.batch).toBe(batch)
      expect(result.rebuilt).toBe(false)
      expect(result.logAppendTimeMs).toBe(-1)
      expect(batch.bytes.equals(before)).toBe(true)
    }
  })

  test('PRD-22 offsets that are not 0..n-1 are written anew', () => {
    const builder = new BatchBuilder({
      compression,
      producerId: 9,
      producerEpoch: 1,
      baseSequence: 4,
    })
    builder.appendAt(0, NOW, Buffer.from('a'), Buffer.from('1'), [{ key: 'h', value: null }])
    builder.appendAt(0, NOW - 7, null, Buffer.from('2'))
    builder.appendAt(7, NOW + 1, Buffer.from('c'), null)
    builder.extendTo(2)
    const batch = builder.build()
    batch.buffer.writeInt32BE(2, 23)
    batch.updateCrc()
    const result = accepted(check(batch))
    expect(result.rebuilt).toBe(true)
    expect(result.batch.compressionCode).toBe(batch.compressionCode)
    expect(result.batch.producerId).toBe(9)
    expect(result.batch.baseSequence).toBe(4)
    const records = decodeRecords(result.batch)
    expect(
      records.map((r) => [r.offset, r.timestamp, r.key?.toString(), r.value?.toString()]),
    ).toEqual([
      [0, NOW, 'a', '1'],
      [1, NOW - 7, undefined, '2'],
      [2, NOW + 1, 'c', undefined],
    ])
    expect(records[0]!.headers).toEqual([{ key: 'h', value: null }])
  })

  test.each(types)('PRD-23 the topic wants %s', (target) => {
    const inputs = Array.from({ length: 50 }, (_, n) => ({ timestamp: NOW + n, key: `key-${n}` }))
    const batch = batchOf(inputs, {
      compression,
      producerId: 3,
      producerEpoch: 0,
      baseSequence: 11,
    })
    const expected = decodeRecords(batch)
    const result = accepted(check(batch, { compression: target }))
    expect(result.rebuilt).toBe(target !== compression)
    expect(result.batch.compressionCode).toBe(codecByType(target).code)
    expect(decodeRecords(result.batch)).toEqual(expected)
    expect(result.batch.maxTimestamp).toBe(NOW + 49)
    expect([result.batch.producerId, result.batch.baseSequence]).toEqual([3, 11])
    expect(result.batch.bytes.length).toBe(result.batch.sizeBytes)
  })

  test('PRD-21 log append time: bit 3, largest timestamp, CRC; the base timestamp stays', () => {
    const batch = batchOf([{ timestamp: 17 }, { timestamp: NOW * 2 }], { compression })
    const result = accepted(check(batch, { timestampType: 'LogAppendTime' }))
    expect(result.batch).toBe(batch)
    expect(result.logAppendTimeMs).toBe(NOW)
    expect(batch.isLogAppendTime).toBe(true)
    expect(batch.maxTimestamp).toBe(NOW)
    expect(batch.baseTimestamp).toBe(17)
    expect(decodeRecords(batch).map((r) => r.timestamp)).toEqual([NOW, NOW])
  })

  test('PRD-18 a compacted topic rejects the batch and names each record without a key', () => {
    const inputs = [{}, { key: null }, {}, ...Array.from({ length: 4 }, () => ({ key: null }))]
    const result = rejected(check(batchOf(inputs, { compression }), { isCompacted: true }))
    expect(result.errorCode).toBe(ErrorCode.INVALID_RECORD)
    expect(result.recordErrors.map((e) => e.batchIndex)).toEqual([1, 3, 4, 5, 6])
    for (const index of [1, 3, 4]) expect(result.message).toContain(`record ${index}:`)
    expect(result.message).not.toContain('record 5:')
    accepted(check(batchOf([{}, { key: '' }], { compression }), { isCompacted: true }))
  })

  test('PRD-24 records that are not well-formed are invalid', () => {
    const batch = batchOf([{}, {}, {}], { compression })
    const content = decodeContent(batch)
    const worse = [
      content.subarray(0, -1),
      Buffer.concat([content, Buffer.alloc(1)]),
      Buffer.alloc(0),
    ]
    for (const bytes of worse) {
      const codec = codecByType(compression)
      const changed = withRecords(batch, codec.code, codec.compress(bytes))
      expect(rejected(check(changed)).errorCode).toBe(ErrorCode.INVALID_RECORD)
    }
    if (compression === 'none') return
    const garbage = withRecords(batch, codecByType(compression).code, Buffer.from('garbage'))
    expect(rejected(check(garbage)).errorCode).toBe(ErrorCode.INVALID_RECORD)
  })

  test('PRD-24 a batch that decompresses beyond the limit is too large', () => {
    const batch = batchOf([{ value: 'v'.repeat(10_000) }], { compression })
    if (compression === 'none') return
    const result = rejected(check(batch, { maxDecompressedBytes: 5000 }))
    expect(result.errorCode).toBe(ErrorCode.MESSAGE_TOO_LARGE)
  })

  test('mutated batches are accepted or rejected, never an exception', () => {
    const original = Buffer.from(batchOf([{}, {}, { key: null }], { compression }).bytes)
    const mutation = fc.tuple(fc.integer({ min: 12, max: original.length - 1 }), fc.nat(255))
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        const batch = new BatchView(Buffer.from(original))
        for (const [at, value] of mutations) batch.buffer[at] = value
        batch.updateCrc()
        const result = check(batch, { maxDecompressedBytes: 100_000, isCompacted: true })
        if (result.accepted) decodeRecords(result.batch)
      }),
      { seed: 32, numRuns: 500 },
    )
  })
})

function decodeContent(batch: BatchView): Buffer {
  const codec = codecByType(types[batch.compressionCode]!)
  return codec.decompress(batch.recordBytes, 1_000_000)
}

test('PRD-11 a client must give base offset 0', () => {
  const batch = batchOf([{}], { baseOffset: 1 })
  expect(rejected(check(batch)).errorCode).toBe(ErrorCode.INVALID_RECORD)
  accepted(check(batch, { origin: 'coordinator' }))
})

test('PRD-12 a wrong CRC is corrupt', () => {
  const batch = batchOf([{}])
  batch.buffer[RECORDS_AT + 4]! ^= 1
  expect(rejected(check(batch)).errorCode).toBe(ErrorCode.CORRUPT_MESSAGE)
})

test('PRD-13 the size as received and as recompressed is bounded', () => {
  const batch = batchOf([{ value: 'v'.repeat(5000) }], { compression: 'gzip' })
  const size = batch.sizeBytes
  expect(rejected(check(batch, { maxMessageBytes: size - 1 })).errorCode).toBe(
    ErrorCode.MESSAGE_TOO_LARGE,
  )
  accepted(check(batch, { maxMessageBytes: size }))
  const result = check(batch, { maxMessageBytes: size, compression: 'none' })
  expect(rejected(result).errorCode).toBe(ErrorCode.MESSAGE_TOO_LARGE)
})

test('PRD-14 a batch larger than a segment is too large a list', () => {
  const batch = batchOf([{}])
  const result = rejected(check(batch, { segmentBytes: batch.sizeBytes - 1 }))
  expect(result.errorCode).toBe(ErrorCode.RECORD_LIST_TOO_LARGE)
})

test('PRD-15 count and last offset delta must agree', () => {
  for (const [at, value] of [
    [57, 0],
    [57, -1],
    [57, 2],
    [23, 1],
    [23, -1],
  ]) {
    const batch = batchOf([{}])
    batch.buffer.writeInt32BE(value!, at!)
    batch.updateCrc()
    expect(rejected(check(batch)).errorCode).toBe(ErrorCode.INVALID_RECORD)
  }
})

test('PRD-16 clients may not write control batches, coordinators may', () => {
  const marker = () =>
    endTransactionMarkerBatch({
      commit: true,
      coordinatorEpoch: 0,
      producerId: 1,
      producerEpoch: 0,
      timestampMs: NOW,
    })
  expect(rejected(check(marker())).errorCode).toBe(ErrorCode.INVALID_RECORD)
  const result = accepted(check(marker(), { origin: 'coordinator', compression: 'gzip' }))
  expect(result.batch.compressionCode).toBe(0)
})

test('PRD-17 a producer id needs a sequence', () => {
  const batch = batchOf([{}], { producerId: 5, producerEpoch: 0, baseSequence: -1 })
  expect(rejected(check(batch)).errorCode).toBe(ErrorCode.INVALID_RECORD)
  accepted(check(batch, { origin: 'coordinator' }))
  accepted(check(batchOf([{}], { producerId: 5, producerEpoch: 0, baseSequence: 0 })))
})

test('PRD-19 timestamps must lie within the bounds around now; -1 is exempt', () => {
  const bounds = { timestampBeforeMaxMs: 1000, timestampAfterMaxMs: 500 }
  const inside = [NOW - 1000, NOW, NOW + 500, -1].map((timestamp) => ({ timestamp }))
  accepted(check(batchOf(inside), bounds))
  const outside = [NOW, NOW - 1001, -1, NOW + 501, 0].map((timestamp) => ({ timestamp }))
  const result = rejected(check(batchOf(outside), bounds))
  expect(result.errorCode).toBe(ErrorCode.INVALID_TIMESTAMP)
  expect(result.recordErrors.map((e) => e.batchIndex)).toEqual([1, 3, 4])
  accepted(check(batchOf(outside), { ...bounds, timestampType: 'LogAppendTime' }))
  accepted(check(batchOf([{ timestamp: 0 }])))
  expect(rejected(check(batchOf([{ timestamp: NOW + HOUR + 1 }]))).errorCode).toBe(
    ErrorCode.INVALID_TIMESTAMP,
  )
})

test('PRD-19 an invalid timestamp outweighs a missing key', () => {
  const inputs = [{ key: null }, { timestamp: NOW + 2 * HOUR }]
  const result = rejected(check(batchOf(inputs), { isCompacted: true }))
  expect(result.errorCode).toBe(ErrorCode.INVALID_TIMESTAMP)
  expect(result.recordErrors.map((e) => e.batchIndex)).toEqual([0, 1])
})

test('PRD-20 a producer may not claim log append time', () => {
  for (const timestampType of ['CreateTime', 'LogAppendTime'] as const) {
    const batch = batchOf([{}, {}], { logAppendTimeMs: NOW })
    const result = rejected(check(batch, { timestampType }))
    expect(result.errorCode).toBe(ErrorCode.INVALID_TIMESTAMP)
    expect(result.recordErrors.length).toBe(2)
  }
})

test('a largest timestamp that a producer got wrong is corrected', () => {
  const batch = batchOf([{ timestamp: NOW - 5 }, { timestamp: NOW - 9 }])
  batch.stampMaxTimestamp(NOW + 77)
  expect(accepted(check(batch)).batch.maxTimestamp).toBe(NOW - 5)
})

test('codec numbers without a codec are not supported', () => {
  const batch = batchOf([{}])
  batch.buffer.writeInt16BE(6, 21)
  batch.updateCrc()
  expect(rejected(check(batch)).errorCode).toBe(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE)
})

test('PRD-23 the level of the topic is used', () => {
  const inputs = Array.from({ length: 400 }, (_, n) => ({
    value: `value ${(n * 7919) % 1009} ${n % 13}`,
  }))
  for (const [type, low, high] of [
    ['gzip', 1, 9],
    ['lz4', 1, 17],
    ['zstd', 1, 19],
  ] as const) {
    const sizes = [low, high].map(
      (compressionLevel) =>
        accepted(check(batchOf(inputs), { compression: type, compressionLevel })).batch.sizeBytes,
    )
    expect(sizes[1]).toBeLessThan(sizes[0]!)
  }
})

test('record errors are bounded', () => {
  const inputs = Array.from({ length: 12_000 }, () => ({ key: null, value: null }))
  const result = rejected(check(batchOf(inputs), { isCompacted: true }))
  expect(result.recordErrors.length).toBe(10_000)
  expect(result.message).toContain('12000')
})
