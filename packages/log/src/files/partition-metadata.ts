/** `partition.metadata`: which topic a partition's directory belongs to, by id. */
import type { FileSystem } from '@barnabas/base'
import { ZERO_UUID, type Uuid } from '@barnabas/protocol'
import { CorruptFileError } from '../errors.ts'
import { readTextIfPresent } from './checkpoint-file.ts'

export function formatPartitionMetadata(topicId: Uuid): string {
  return `version: 0\ntopic_id: ${topicId}`
}

export function parsePartitionMetadata(path: string, text: string): Uuid {
  const lines = text.split('\n')
  if (lines[0]?.trim() !== 'version: 0') {
    throw new CorruptFileError(path, `${JSON.stringify(lines[0])}, known is "version: 0"`)
  }
  const topicId = /^topic_id: ([A-Za-z0-9_-]{22})$/.exec(lines[1]?.trim() ?? '')?.[1]
  if (topicId === undefined || topicId === ZERO_UUID) {
    throw new CorruptFileError(path, `no topic id: ${JSON.stringify(lines[1] ?? '')}`)
  }
  return topicId
}

/** Null when the file is missing, as in directories older than topic ids. */
export async function readPartitionMetadata(files: FileSystem, path: string): Promise<Uuid | null> {
  const text = await readTextIfPresent(files, path)
  return text === null ? null : parsePartitionMetadata(path, text)
}
