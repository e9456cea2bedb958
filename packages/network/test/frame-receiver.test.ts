import { BufferPool } from '@barnabas/base'
import { FrameError, FrameReceiver, type Frame } from '@barnabas/network'
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

test('WIRE-01 frames of every size arrive whole and in order, however the stream is cut', () => {
  const size = fc.oneof(
    fc.nat(40),
    fc.nat(5000),
    fc.integer({ min: 60_000, max: 70_000 }),
    fc.nat(300_000),
  )
  fc.assert(
    fc.property(
      fc.array(size, { minLength: 1, maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 20 }),
      (sizes, pieces) => {
        const bodies = sizes.map((bytes, index) => Buffer.alloc(bytes, index + 1))
        const pool = new BufferPool(1 << 22)
        const frames: Frame[] = []
        const to = receiver((frame) => frames.push(frame), pool)
        feed(to, Buffer.concat(bodies.map(framed)), pieces)
        // Frames are looked at only now: their memory must not have been used again meanwhile.
        expect(frames.length).toBe(bodies.length)
        frames.forEach((frame, index) => {
          expect(frame.buffer.subarray(frame.start, frame.end).equals(bodies[index]!)).toBe(true)
          frame.release()
        })
        expect(to.isMidFrame).toBe(false)
        to.close()
        expect(pool.stats.usedBytes).toBe(0)
      },
    ),
    { seed: 5, numRuns: 300 },
  )
})

test('WIRE-01 a negative or too large size is refused before memory is taken for it', () => {
  for (const hex of ['ffffffff', '7fffffff', '00100001']) {
    const pool = new BufferPool(1 << 22)
    const to = receiver(() => {}, pool)
    expect(() => feed(to, Buffer.from(hex, 'hex'), [4])).toThrow(/socket.request.max.bytes/)
    expect(pool.stats.usedBytes).toBe(0)
  }
})

test('TLS and HTTP spoken to a plain port are recognised, with the fix', () => {
  expect(() =>
    feed(
      receiver(() => {}),
      Buffer.from('160301020001', 'hex'),
      [6],
    ),
  ).toThrow(/speaks TLS.*PLAINTEXT/)
  expect(() =>
    feed(
      receiver(() => {}),
      Buffer.from('GET / HTTP/1.1\r\n'),
      [16],
    ),
  ).toThrow(/speaks HTTP/)
  expect(() =>
    feed(
      receiver(() => {}),
      Buffer.from('POST /'),
      [6],
    ),
  ).toThrow(FrameError)
})

test('a quiet connection holds little memory', () => {
  const to = receiver((frame) => frame.release())
  feed(to, framed('ping'), [8])
  expect(to.nextBuffer().length).toBeLessThanOrEqual(1024)
})
