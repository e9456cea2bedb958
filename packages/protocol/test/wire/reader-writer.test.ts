import { MalformedMessageError, Reader, Writer } from '@barnabas/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'

function roundTrip<T>(write: (w: Writer) => void, read: (r: Reader) => T): T {
  const writer = new Writer()
  write(writer)
  const size = writer.size
  const bytes = writer.finishBuffer()
  expect(bytes.length).toBe(size)
  const reader = new Reader(bytes)
  const value = read(reader)
  expect(reader.remaining).toBe(0)
  return value
}

test('WIRE-13 integers of every width come back', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.maxSafeInteger(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      (small, large, big) => {
        expect(
          roundTrip(
            (w) => w.int32(small),
            (r) => r.int32(),
          ),
        ).toBe(small)
        expect(
          roundTrip(
            (w) => w.varint(small),
            (r) => r.varint(),
          ),
        ).toBe(small)
        expect(
          roundTrip(
            (w) => w.unsignedVarint(small >>> 0),
            (r) => r.unsignedVarint(),
          ),
        ).toBe(small >>> 0)
        expect(
          roundTrip(
            (w) => w.int16(small),
            (r) => r.int16(),
          ),
        ).toBe((small << 16) >> 16)
        expect(
          roundTrip(
            (w) => w.int8(small),
            (r) => r.int8(),
          ),
        ).toBe((small << 24) >> 24)
        expect(
          roundTrip(
            (w) => w.int64(large),
            (r) => r.int64(),
          ),
        ).toBe(large)
        expect(
          roundTrip(
            (w) => w.int64Big(big),
            (r) => r.int64Big(),
          ),
        ).toBe(big)
      },
    ),
  )
})

test('WIRE-13 strings and bytes come back, null apart from empty', () => {
  fc.assert(
    fc.property(
      fc.option(fc.string({ unit: 'binary' })),
      fc.option(fc.uint8Array({ maxLength: 5000 })),
      (text, bytes) => {
        expect(
          roundTrip(
            (w) => w.nullableString(text),
            (r) => r.nullableString(),
          ),
        ).toBe(text)
        expect(
          roundTrip(
            (w) => w.compactNullableString(text),
            (r) => r.compactNullableString(),
          ),
        ).toBe(text)
        const plain = (b: Uint8Array | null) => (b === null ? null : [...b])
        expect(
          plain(
            roundTrip(
              (w) => w.nullableBytes(bytes),
              (r) => r.nullableBytes(),
            ),
          ),
        ).toEqual(plain(bytes))
        expect(
          plain(
            roundTrip(
              (w) => w.compactNullableBytes(bytes),
              (r) => r.compactNullableBytes(),
            ),
          ),
        ).toEqual(plain(bytes))
      },
    ),
  )
})

test('WIRE-13 a uuid is 16 bytes and base64url text', () => {
  const id = 'abcdefghijklmnopqrst_w'
  expect(
    roundTrip(
      (w) => w.uuid(id),
      (r) => r.uuid(),
    ),
  ).toBe(id)
})

test('an int64 beyond 2^53 is malformed where it must be exact, and clamped where it is only compared', () => {
  const bytes = Buffer.from('7fffffffffffffff', 'hex')
  expect(() => new Reader(bytes).int64()).toThrow(MalformedMessageError)
  expect(new Reader(bytes).int64Saturated()).toBe(Number.MAX_SAFE_INTEGER)
})

test('lengths beyond the end are refused before anything is allocated', () => {
  const absurd = Buffer.from('7fffffff', 'hex')
  expect(() => new Reader(absurd).bytes()).toThrow(MalformedMessageError)
  expect(() => new Reader(absurd).arrayLength()).toThrow(MalformedMessageError)
  expect(() => new Reader(Buffer.from('ffffffff7f', 'hex')).unsignedVarint()).toThrow(
    MalformedMessageError,
  )
})

test('large byte arrays are referenced, not copied', () => {
  const large = new Uint8Array(4096)
  const writer = new Writer()
  writer.int32(1)
  writer.bytes(large)
  writer.int32(2)
  expect(writer.finish().some((part) => part === large)).toBe(true)
})
