/**
 * One offset for each partition of a log directory: recovery points, log start offsets, high watermarks
 * and cleaner points all use this file.
 */
import type { FileSystem } from '@barnabas/base'
import { CorruptFileError } from '../errors.ts'
import {
  checkpointNumber,
  formatCheckpoint,
  parseCheckpoint,
  readTextIfPresent,
} from './checkpoint-file.ts'

export interface PartitionOffset {
  topic: string
  partition: number
  offset: number
}

export function formatOffsets(offsets: Iterable<PartitionOffset>): string {
  const lines: string[] = []
  for (const { topic, partition, offset } of offsets) lines.push(`${topic} ${partition} ${offset}`)
  return formatCheckpoint(lines)
}

export function parseOffsets(path: string, text: string): PartitionOffset[] {
  return parseCheckpoint(path, text).map((line) => {
    const fields = line.split(/\s+/)
    if (fields.length !== 3) throw new CorruptFileError(path, `not an entry: ${line}`)
    return {
      topic: fields[0]!,
      partition: checkpointNumber(path, fields[1]),
      offset: checkpointNumber(path, fields[2]),
    }
  })
}

/** A missing file holds no offsets. */
export async function readOffsets(files: FileSystem, path: string): Promise<PartitionOffset[]> {
  const text = await readTextIfPresent(files, path)
  return text === null ? [] : parseOffsets(path, text)
}

export function writeOffsets(
  files: FileSystem,
  path: string,
  offsets: Iterable<PartitionOffset>,
): Promise<void> {
  return files.replaceFile(path, Buffer.from(formatOffsets(offsets)))
}
