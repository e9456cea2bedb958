/** Files that a node of Apache Kafka 4.3.1 wrote, and their batches. */
import { readFileSync } from 'node:fs'
import { readBatches } from '@barnabas/protocol'
import { decodeMetadataBatch, type MetadataBatch, type MetadataRecord } from '../../src/index.ts'

export function kafkaFile(name: string): Buffer {
  return readFileSync(new URL(`../fixtures/kafka-4.3.1/${name}`, import.meta.url))
}

export function batchesOf(bytes: Buffer): MetadataBatch[] {
  return readBatches(bytes).batches.map(decodeMetadataBatch)
}

export const KAFKA_LOG = '00000000000000000000.log'
export const KAFKA_SNAPSHOTS = [
  '00000000000000000192-0000000001.checkpoint',
  '00000000000000000371-0000000002.checkpoint',
] as const

export function snapshotRecords(name: string): MetadataRecord[] {
  return batchesOf(kafkaFile(name)).flatMap((batch) => batch.records)
}
