/** Texts take one of two ways through the writer, by length and characters: both give the same bytes. */
import { Reader, SHORT_TEXT_LENGTH, Writer } from '@barnabas/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const texts = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: SHORT_TEXT_LENGTH * 2 }),
  fc.string({ unit: 'grapheme', maxLength: SHORT_TEXT_LENGTH * 2 }),
)

test('WIRE-13 texts are written as their length and UTF-8, plain and compact, across chunks', () => {
  fc.assert(
    fc.property(
      fc.array(texts, { maxLength: 20 }),
      fc.integer({ min: 1, max: 100 }),
      (all, chunk) => {
        const writer = new Writer(chunk)
        for (const text of all) {
          writer.string(text)
          writer.compactString(text)
        }
        const bytes = writer.finishBuffer()
        expect(writer.size).toBe(bytes.length)
        const expected = all.flatMap((text) => {
          const utf8 = Buffer.from(text)
          const plain = Buffer.alloc(2)
          plain.writeInt16BE(utf8.length)
          const compact = new Writer()
          compact.unsignedVarint(utf8.length + 1)
          return [plain, utf8, compact.finishBuffer(), utf8]
        })
        expect(bytes.equals(Buffer.concat(expected))).toBe(true)
        const reader = new Reader(bytes)
        for (const text of all) {
          expect(reader.string()).toBe(text)
          expect(reader.compactString()).toBe(text)
        }
      },
    ),
    { seed: 7, numRuns: 500 },
  )
})
