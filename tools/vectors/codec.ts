/**
 * Codec vectors: every message and version that Apache Kafka wrote must be read to the same values and
 * written to the same bytes. Vectors whose exact fields hold integers beyond 2^53 must be refused.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as protocol from '@barnabas/protocol'
import { MalformedMessageError, type MessageType, Reader, Writer } from '@barnabas/protocol'
import { type MessageModel, modelOf } from '../codegen/model.ts'
import { loadSchemaFiles } from '../codegen/schema-files.ts'
import { linesOf } from './lines.ts'
import {
  differences,
  type Json,
  messageFromJson,
  type UnknownTaggedFields,
} from './message-json.ts'
import { Tally } from './tally.ts'

export { linesOf }

const SHOWN_HEX_DIGITS = 200

export interface CodecVector {
  message: string
  type: string
  version: number
  case: string
  json: Json
  hex: string
  unknownTaggedFields?: UnknownTaggedFields[]
}

export type Models = ReadonlyMap<string, MessageModel>

export async function loadModels(): Promise<Models> {
  const schemas = (await loadSchemaFiles()).flatMap((file) => file.schemas)
  return new Map(schemas.map((schema) => [schema.name, modelOf(schema)]))
}

export async function runCodec(directory: string): Promise<Tally> {
  const models = await loadModels()
  const tally = new Tally('codec')
  for (const name of readdirSync(directory).sort()) {
    for (const vector of linesOf(join(directory, name)) as CodecVector[]) {
      const title = `${vector.message} v${vector.version} ${vector.case}`
      tally.check(title, () => checkVector(vector, models))
    }
  }
  return tally
}

/** Throws with the differences when our codec disagrees with the vector. */
export function checkVector(vector: CodecVector, models: Models): void {
  checkMessage(vector, Buffer.from(vector.hex, 'hex'), models)
}

export type ExpectedBody = Pick<CodecVector, 'message' | 'version' | 'json' | 'unknownTaggedFields'>

/** Throws when the bytes are not read as expected, or the expected message not written as these bytes. */
export function checkMessage(vector: ExpectedBody, bytes: Buffer, models: Models): void {
  const type = (protocol as unknown as Record<string, MessageType<unknown>>)[vector.message]
  const model = models.get(vector.message)
  if (type === undefined || model === undefined) throw new Error('no such message')
  const { version, json } = vector
  const expected = messageFromJson(model, version, json, vector.unknownTaggedFields ?? [])
  if (expected.unreadable) return expectMalformed(type, bytes, version)
  const reader = new Reader(bytes)
  const found = differences(type.read(reader, version), expected.message)
  if (found.length > 0) throw new Error(found.slice(0, 3).join('; '))
  if (reader.remaining !== 0) throw new Error(`${reader.remaining} bytes left`)
  if (expected.clamped) return
  const writer = new Writer()
  type.write(writer, expected.message, version)
  const written = writer.finishBuffer()
  if (!written.equals(bytes)) {
    const [ours, theirs] = [shorten(written.toString('hex')), shorten(bytes.toString('hex'))]
    throw new Error(`written as ${ours} instead of ${theirs}`)
  }
}

function expectMalformed(type: MessageType<unknown>, bytes: Buffer, version: number): void {
  try {
    type.read(new Reader(bytes), version)
  } catch (error) {
    if (error instanceof MalformedMessageError) return
    throw error
  }
  throw new Error('an int64 beyond 2^53 in an exact field was not refused')
}

const shorten = (hex: string) => hex.slice(0, SHOWN_HEX_DIGITS)
