/**
 * The text format that all of Kafka's checkpoints share: a version line (`0`), the number of entries,
 * and one line for each. Anything else is an error, never a guess. Written through
 * `FileSystem.replaceFile`, so a reader finds the old or the new content, never a mixture.
 */
import { StorageError, type FileSystem } from '@barnabas/base'
import { CorruptFileError } from '../errors.ts'
import { MAX_CHECKPOINT_LINES } from '../limits.ts'

const VERSION = '0'

export function formatCheckpoint(lines: readonly string[]): string {
  let text = `${VERSION}\n${lines.length}\n`
  for (const line of lines) text += `${line}\n`
  return text
}

/** The entry lines. `path` only serves the error's text. */
export function parseCheckpoint(path: string, text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  if (lines[0] !== VERSION) {
    throw new CorruptFileError(path, `version ${JSON.stringify(lines[0] ?? '')}, known is 0`)
  }
  const countText = lines[1] ?? ''
  const count = /^\d{1,9}$/.test(countText) ? Number(countText) : -1
  if (count < 0 || count > MAX_CHECKPOINT_LINES) {
    throw new CorruptFileError(path, `no count in line 2: ${JSON.stringify(countText)}`)
  }
  if (lines.length !== count + 2) {
    throw new CorruptFileError(path, `${lines.length - 2} entries, announced are ${count}`)
  }
  return lines.slice(2)
}

/** A whole number as checkpoints write them. */
export function checkpointNumber(path: string, text: string | undefined): number {
  const value = text !== undefined && /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new CorruptFileError(path, `not a number: ${text}`)
  return value
}

/** The text of a small file, null when it does not exist. */
export async function readTextIfPresent(files: FileSystem, path: string): Promise<string | null> {
  const bytes = await readIfPresent(files, path)
  return bytes === null ? null : Buffer.from(bytes).toString('utf8')
}

/** The content of a small file, null when it does not exist. */
export async function readIfPresent(files: FileSystem, path: string): Promise<Uint8Array | null> {
  try {
    return await files.readFile(path)
  } catch (error) {
    if (error instanceof StorageError && error.systemCode === 'ENOENT') return null
    throw error
  }
}
