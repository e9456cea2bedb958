import { BufferPool, InvariantError } from '@barnabas/base'
import {
  CHUNK_BYTES,
  FIRST_READ_BYTES,
  type Frame,
  FrameError,
  FrameReceiver,
  FrameSizeError,
  OWN_BUFFER_MIN_BYTES,
  WrongProtocolError,
} from '@barnabas/network'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { framed } from './support.ts'

const MAX_FRAME_BYTES = 1 << 20

function receiver(onFrame: (frame: Frame) => void, pool = new BufferPool(1 << 22)): FrameReceiver {
  return new FrameReceiver(pool, MAX_FRAME_BYTES, onFrame)
}

/** Gives the bytes in pieces of the sizes given (then in pieces of the last size). */
function feed(to: FrameReceiver, bytes: Buffer, pieces: readonly number[]): void {
  let piece = 0
  for (let at = 0; at < bytes.length; ) {
    const place = to.nextBuffer()
    const wanted = pieces[Math.min(piece++, pieces.length - 1)]!
    const length = Math.min(place.length, wanted, bytes.length - at)
    place.set(bytes.subarray(at, at + length))
    at += length
    to.onBytes(length)
  }
}

const frameSizes = fc.array(
  fc.oneof(
    fc.nat(40),
    fc.nat(5000),
    fc.integer({ min: FIRST_READ_BYTES - 10, max: FIRST_READ_BYTES + 10 }),
    fc.integer({ min: OWN_BUFFER_MIN_BYTES - 3, max: OWN_BUFFER_MIN_BYTES + 3 }),
    fc.integer({ min: CHUNK_BYTES - 10, max: CHUNK_BYTES + 10 }),
    fc.nat(300_000),
  ),
  { minLength: 1, maxLength: 12 },
)
const pieceSizes = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 100_000 })),
  { minLength: 1, maxLength: 20 },
)

test('WIRE-01 frames of every size arrive whole and in order, however the stream is cut', () => {
  fc.assert(
    fc.property(frameSizes, pieceSizes, (sizes, pieces) => {
      const bodies = sizes.map((bytes, index) => Buffer.alloc(bytes, index + 1))
      const pool = new BufferPool(1 << 22)
      const frames: Frame[] = []
      const to = receiver((frame) => frames.push(frame), pool)
      feed(to, Buffer.concat(bodies.map(framed)), [...pieces, 100_000])
      // Frames are looked at only now: their memory must not have been used again meanwhile.
      expect(frames.length).toBe(bodies.length)
      frames.forEach((frame, index) => {
        expect(frame.bytes().equals(bodies[index]!)).toBe(true)
        frame.release()
      })
      expect(to.isMidFrame).toBe(false)
      to.close()
      expect(pool.stats.usedBytes).toBe(0)
    }),
    { seed: 5, numRuns: 300 },
  )
})

test('WIRE-01 frames released at once do not disturb those that follow', () => {
  fc.assert(
    fc.property(frameSizes, pieceSizes, (sizes, pieces) => {
      const bodies = sizes.map((bytes, index) => Buffer.alloc(bytes, index + 1))
      const pool = new BufferPool(1 << 22)
      let count = 0
      const to = receiver((frame) => {
        expect(frame.bytes().equals(bodies[count++]!)).toBe(true)
        frame.buffer.fill(0xdd, frame.start, frame.end)
        frame.release()
      }, pool)
      feed(to, Buffer.concat(bodies.map(framed)), [...pieces, 100_000])
      expect(count).toBe(bodies.length)
      to.close()
      expect(pool.stats.usedBytes).toBe(0)
    }),
    { seed: 6, numRuns: 300 },
  )
})

test('WIRE-01 a receiver stopped or closed inside a frame hands out no more, and keeps no memory', () => {
  fc.assert(
    fc.property(
      frameSizes,
      pieceSizes,
      fc.nat(11),
      fc.boolean(),
      (sizes, pieces, stopAfter, close) => {
        const pool = new BufferPool(1 << 22)
        let count = 0
        const to: FrameReceiver = receiver((frame) => {
          frame.release()
          if (count++ !== stopAfter) return
          if (close) to.close()
          else to.stop()
        }, pool)
        const stream = Buffer.concat(sizes.map((bytes) => framed(Buffer.alloc(bytes))))
        feed(to, stream, [...pieces, 100_000])
        to.close()
        expect(count).toBe(Math.min(sizes.length, stopAfter + 1))
        expect(pool.stats.usedBytes).toBe(0)
      },
    ),
    { seed: 7, numRuns: 200 },
  )
})

test('WIRE-01 a negative or too large size is refused before memory is taken for it', () => {
  for (const hex of ['ffffffff', '80000000', '7fffffff', '00100001']) {
    const pool = new BufferPool(1 << 22)
    const frames: Frame[] = []
    const to = receiver((frame) => frames.push(frame), pool)
    const bytes = Buffer.concat([framed('sound'), Buffer.from(hex, 'hex')])
    expect(() => feed(to, bytes, [bytes.length])).toThrow(FrameSizeError)
    expect(frames.map((frame) => String(frame.bytes()))).toEqual(['sound'])
    expect(pool.stats.usedBytes).toBe(0)
    feed(to, framed('after'), [100])
    expect(frames.length).toBe(1)
  }
})

test('WIRE-01 the largest size allowed is accepted, and the limit may change between frames', () => {
  const sizes: number[] = []
  const to = receiver((frame) => {
    sizes.push(frame.sizeBytes)
    frame.release()
  })
  feed(to, framed(Buffer.alloc(MAX_FRAME_BYTES)), [MAX_FRAME_BYTES])
  to.maxFrameBytes = 10
  feed(to, framed(Buffer.alloc(10)), [14])
  expect(() => feed(to, framed(Buffer.alloc(11)), [15])).toThrow(/socket.request.max.bytes/)
  expect(sizes).toEqual([MAX_FRAME_BYTES, 10])
})

test('TLS and HTTP spoken to a plain port are recognised, with the fix', () => {
  const refusal = (bytes: Buffer, role: 'server' | 'client') => {
    const to = new FrameReceiver(new BufferPool(0), MAX_FRAME_BYTES, () => {}, role)
    try {
      feed(to, bytes, [1])
    } catch (error) {
      return error as WrongProtocolError
    }
    throw new Error('not refused')
  }
  const hello = refusal(Buffer.from('160301020001', 'hex'), 'server')
  expect(hello).toBeInstanceOf(WrongProtocolError)
  expect(hello).toBeInstanceOf(FrameError)
  expect(hello).toMatchObject({ protocol: 'tls', code: 'BARNABAS_TLS_ON_PLAIN_PORT' })
  expect(hello.message).toMatch(/speaks TLS.*PLAINTEXT/)
  for (const verb of ['GET /', 'POST /', 'HEAD /', 'PUT /', 'OPTIONS /', 'DELETE /']) {
    const request = refusal(Buffer.from(`${verb} HTTP/1.1\r\n`), 'server')
    expect(request).toMatchObject({ protocol: 'http', code: 'BARNABAS_HTTP_ON_KAFKA_PORT' })
    expect(request.message).toMatch(/speaks HTTP/)
  }
  // What a TLS server answers to a client that does not speak TLS, and a web server.
  expect(refusal(Buffer.from('15030100020250', 'hex'), 'client').message).toMatch(/SASL_SSL/)
  expect(refusal(Buffer.from('HTTP/1.1 400'), 'client').message).toMatch(/bootstrap.servers/)
})

test('a quiet connection holds little memory, also after a busy time', () => {
  const pool = new BufferPool(1 << 22)
  const to = receiver((frame) => frame.release(), pool)
  const many = Buffer.concat(Array.from({ length: 1000 }, () => framed(Buffer.alloc(300))))
  feed(to, many, [many.length])
  feed(to, framed(Buffer.alloc(500_000)), [100_000])
  feed(to, framed('ping'), [8])
  expect(to.nextBuffer().length).toBeLessThanOrEqual(2048)
  expect(pool.stats.usedBytes).toBe(0)
})

test('pipelined small frames share one read, and large ones are read in place', () => {
  const pool = new BufferPool(1 << 22)
  const frames: Frame[] = []
  const to = receiver((frame) => frames.push(frame), pool)
  const reads = (bytes: Buffer) => {
    let count = 0
    for (let at = 0; at < bytes.length; count++) {
      const place = to.nextBuffer()
      const length = Math.min(place.length, bytes.length - at)
      place.set(bytes.subarray(at, at + length))
      at += length
      to.onBytes(length)
    }
    return count
  }
  const small = Array.from({ length: 400 }, () => framed(Buffer.alloc(300)))
  expect(reads(Buffer.concat(small))).toBeLessThanOrEqual(3)
  const large = Array.from({ length: 8 }, () => framed(Buffer.alloc(1_000_000)))
  expect(reads(Buffer.concat(large))).toBeLessThanOrEqual(10)
  expect(frames.length).toBe(408)
  expect(new Set(frames.slice(400).map((frame) => frame.start))).toEqual(new Set([0]))
})

test('a frame released too often, or used after that, is a broken promise', () => {
  let frame!: Frame
  feed(
    receiver((one) => {
      frame = one.retain()
    }),
    framed('x'),
    [5],
  )
  frame.release()
  expect(String(frame.bytes())).toBe('x')
  frame.release()
  expect(() => frame.release()).toThrow(InvariantError)
  expect(() => frame.retain()).toThrow(InvariantError)
  expect(() => frame.bytes()).toThrow(InvariantError)
})
