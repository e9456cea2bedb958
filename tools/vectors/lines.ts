/** Reads vector files: one JSON object a line, gzipped or not. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

export function linesOf(file: string): unknown[] {
  const raw = readFileSync(file)
  const text = file.endsWith('.gz') ? gunzipSync(raw).toString('utf8') : raw.toString('utf8')
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]))
}
