/** Partition directories that Apache Kafka 4.3.1 wrote: after an orderly stop, and after a kill. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

const packed = readFileSync(new URL('../fixtures/kafka-data.json.gz', import.meta.url))
const files = JSON.parse(gunzipSync(packed).toString()) as Record<string, string>

/** Path below `clean/` or `killed/` -> content. */
export function kafkaFiles(copy: 'clean' | 'killed'): Map<string, Buffer> {
  const found = new Map<string, Buffer>()
  for (const [path, content] of Object.entries(files)) {
    if (path.startsWith(`${copy}/`)) {
      found.set(path.slice(copy.length + 1), Buffer.from(content, 'base64'))
    }
  }
  return found
}

export const allKafkaFiles = (): [path: string, content: Buffer][] => [
  ...[...kafkaFiles('clean')].map(([p, c]): [string, Buffer] => [`clean/${p}`, c]),
  ...[...kafkaFiles('killed')].map(([p, c]): [string, Buffer] => [`killed/${p}`, c]),
]
