/** Every message in every version, filled at random: what is written is read back the same. */
import { seededEntropy } from '@barnabas/base'
import * as protocol from '@barnabas/protocol'
import { type MessageType, Reader, UnsupportedFieldError, Writer } from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { loadModels } from '../../../../tools/vectors/codec.ts'
import { differences } from '../../../../tools/vectors/message-json.ts'
import { randomMessage } from '../support/random-message.ts'

const ROUNDS = 6

type Message = Record<string, unknown>
const models = [...(await loadModels()).values()]
const typeOf = (name: string) =>
  (protocol as unknown as Record<string, MessageType<Message>>)[name]!

function encode(type: MessageType<Message>, message: Message, version: number): Buffer {
  const writer = new Writer()
  type.write(writer, message, version)
  return writer.finishBuffer()
}

test.each(models)('$schema.name comes back as it was written', (model) => {
  const type = typeOf(model.root.name)
  const entropy = seededEntropy(model.root.name)
  for (let version = type.minVersion; version <= type.maxVersion; version++) {
    for (let round = 0; round < ROUNDS; round++) {
      const message = randomMessage(model, entropy, { version, everywhere: false })
      const bytes = encode(type, message, version)
      const reader = new Reader(bytes)
      const read = type.read(reader, version)
      expect(differences(read, message), `version ${version}`).toEqual([])
      expect(reader.remaining).toBe(0)
      expect(encode(type, read, version).equals(bytes)).toBe(true)
    }
  }
})

test('fields that a version lacks are refused, or dropped where the schema allows it', () => {
  let refused = 0
  let dropped = 0
  for (const model of models) {
    const type = typeOf(model.root.name)
    const entropy = seededEntropy(`everywhere ${model.root.name}`)
    for (let version = type.minVersion; version <= type.maxVersion; version++) {
      const message = randomMessage(model, entropy, { version, everywhere: true })
      try {
        const bytes = encode(type, message, version)
        const read = type.read(new Reader(bytes), version)
        expect(encode(type, read, version).equals(bytes)).toBe(true)
        if (differences(read, message).length > 0) dropped++
      } catch (error) {
        expect(error).toBeInstanceOf(UnsupportedFieldError)
        refused++
      }
    }
  }
  expect(refused).toBeGreaterThan(50)
  expect(dropped).toBeGreaterThan(50)
})
