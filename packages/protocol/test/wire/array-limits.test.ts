/** An array may neither be longer than its message can hold, nor fill the memory. */
import {
  FetchRequest,
  MalformedMessageError,
  MAX_MESSAGE_ELEMENTS,
  Reader,
} from '@barnabas/protocol'
import { expect, test } from 'vitest'

test('an array is refused when its elements cannot fit into the rest of the message', () => {
  const bytes = Buffer.alloc(4 + 12)
  bytes.writeInt32BE(3)
  expect(new Reader(bytes).arrayLength(4)).toBe(3)
  expect(() => new Reader(bytes).arrayLength(5)).toThrow(MalformedMessageError)
})

test('the elements of all arrays of a message are bounded', () => {
  const half = MAX_MESSAGE_ELEMENTS / 2 + 1
  const bytes = Buffer.alloc(half + 8)
  bytes.writeInt32BE(half, 0)
  bytes.writeInt32BE(half, 4)
  const reader = new Reader(bytes)
  expect(reader.arrayLength(1)).toBe(half)
  expect(() => reader.arrayLength(1)).toThrow(/more than 8000000 array elements/)
  expect(reader.reset(bytes).arrayLength(1)).toBe(half)
})

test('generated readers know the least size of their elements', () => {
  // Up to its topics, Fetch v4 has 17 bytes. A topic takes 3 at least, in version 12.
  const head = Buffer.alloc(17)
  const topics = Buffer.alloc(4 + 20)
  topics.writeInt32BE(7)
  expect(() => FetchRequest.read(new Reader(Buffer.concat([head, topics])), 4)).toThrow(
    /array of 7 elements in 20 bytes/,
  )
})
