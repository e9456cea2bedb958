/** Recorded sessions of Kafka's clients with a broker: each frame's header and body, read and written. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  type ApiDescriptor,
  apiByKey,
  Reader,
  readRequestHeader,
  readResponseHeader,
  requestHeaderVersion,
  responseHeaderVersion,
  writeRequestHeader,
  writeResponseHeader,
  Writer,
} from '@barnabas/protocol'
import { checkMessage, loadModels, type Models } from './codec.ts'
import { linesOf } from './lines.ts'
import type { Json } from './message-json.ts'
import { Tally } from './tally.ts'

interface WireVector {
  session: string
  seq: number
  direction: 'request' | 'response'
  apiKey: number
  apiVersion: number
  correlationId: number
  hex: string
  headerVersion: number
  header: { clientId?: string | null }
  body: Json
}

export async function runWire(directory: string): Promise<Tally> {
  const models = await loadModels()
  const tally = new Tally('wire')
  for (const name of readdirSync(directory).sort()) {
    if (!name.endsWith('.jsonl.gz')) continue
    for (const vector of linesOf(join(directory, name)) as WireVector[])
      tally.check(`${vector.session} ${vector.seq}`, () => checkFrame(vector, models))
  }
  return tally
}

function checkFrame(vector: WireVector, models: Models): void {
  const api = apiByKey(vector.apiKey)
  if (api === undefined) throw new Error(`no API ${vector.apiKey}`)
  const frame = Buffer.from(vector.hex, 'hex')
  const reader = new Reader(frame)
  const header = new Writer()
  if (vector.direction === 'request') checkRequestHeader(vector, api, reader, header)
  else checkResponseHeader(vector, api, reader, header)
  same(
    'header bytes',
    header.finishBuffer().toString('hex'),
    vector.hex.slice(0, reader.position * 2),
  )
  const { name } = vector.direction === 'request' ? api.request : api.response
  const expected = { message: name, version: vector.apiVersion, json: vector.body }
  checkMessage(expected, frame.subarray(reader.position), models)
}

function checkRequestHeader(
  { headerVersion, header, correlationId, apiKey, apiVersion }: WireVector,
  api: ApiDescriptor,
  reader: Reader,
  writer: Writer,
): void {
  same('header version', requestHeaderVersion(api, apiVersion), headerVersion)
  const clientId = header.clientId ?? null
  const expected = { apiKey, apiVersion, correlationId, clientId }
  same('header', JSON.stringify(readRequestHeader(reader)), JSON.stringify(expected))
  writeRequestHeader(writer, api, apiVersion, correlationId, clientId)
}

function checkResponseHeader(
  { headerVersion, correlationId, apiVersion }: WireVector,
  api: ApiDescriptor,
  reader: Reader,
  writer: Writer,
): void {
  same('header version', responseHeaderVersion(api, apiVersion), headerVersion)
  same('correlation id', readResponseHeader(reader, headerVersion), correlationId)
  writeResponseHeader(writer, headerVersion, correlationId)
}

function same(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected)
    throw new Error(`${what}: ${String(actual)} instead of ${String(expected)}`)
}
