/**
 * Codec vectors: every message and version that Apache Kafka wrote must be read to the same values and
 * written to the same bytes. Vectors whose exact fields hold integers beyond 2^53 must be refused.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import * as protocol from '@barnabas/protocol'
import { MalformedMessageError, type MessageType, Reader, Writer } from '@barnabas/protocol'
import { differences, hasBeyondSafe } from './message-json.ts'
import { Tally } from './tally.ts'

interface CodecVector {
  message: string
  type: string
  version: number
  case: string
  json: Parameters<typeof differences>[1]
  hex: string
  unknownTaggedFields?: unknown
}

export function linesOf(file: string): unknown[] {
  const raw = readFileSync(file)
  const text = file.endsWith('.gz') ? gunzipSync(raw).toString('utf8') : raw.toString('utf8')
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]))
}

export function runCodec(directory: string): Tally {
  const tally = new Tally('codec')
  for (const name of readdirSync(directory).sort()) {
    for (const vector of linesOf(join(directory, name)) as CodecVector[]) {
      tally.check(`${vector.message} v${vector.version} ${vector.case}`, () => checkVector(vector))
    }
  }
  return tally
}

/** Throws with the differences when our codec disagrees with the vector. */
export function checkVector(vector: CodecVector): void {
  const type = (protocol as unknown as Record<string, MessageType<unknown>>)[vector.message]
  if (type === undefined) throw new Error('no such message')
  const bytes = Buffer.from(vector.hex, 'hex')
  const reader = new Reader(bytes)
  let message: unknown
  try {
    message = type.read(reader, vector.version)
  } catch (error) {
    // The exact modes of int64 refuse what a number cannot hold: that is what they are for.
    if (
      error instanceof MalformedMessageError &&
      /2\^53/.test(error.message) &&
      hasBeyondSafe(vector.json)
    )
      return
    throw error
  }
  if (reader.remaining !== 0) throw new Error(`${reader.remaining} bytes left`)
  const found = differences(message, vector.json)
  if (found.length > 0) throw new Error(found.slice(0, 3).join('; '))
  if (
    hasBeyondSafe(vector.json) &&
    JSON.stringify(message, (_, v) => (typeof v === 'bigint' ? `${v}` : v)).includes(
      String(Number.MAX_SAFE_INTEGER),
    )
  )
    return
  const writer = new Writer()
  type.write(writer, message, vector.version)
  const written = writer.finishBuffer()
  if (!written.equals(bytes))
    throw new Error(
      `written as ${written.toString('hex').slice(0, 200)} instead of ${vector.hex.slice(0, 200)}`,
    )
}
