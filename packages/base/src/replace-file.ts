/**
 * `FileSystem.replaceFile` in terms of the other operations, for every implementation.
 *
 *   1. write `path.tmp` whole           a crash leaves the old file, and perhaps a stray `.tmp`
 *   2. sync it                          before the rename: else the new name could point at no bytes
 *   3. rename it over `path`            readers see the old or the new content, never a mixture
 *   4. sync the directory               a crash after this cannot bring the old content back
 */
import type { FileSystem } from './world.ts'

export const TEMPORARY_SUFFIX = '.tmp'

export async function replaceFileInSteps(
  files: FileSystem,
  path: string,
  content: Uint8Array,
  options: { sync?: boolean } = {},
): Promise<void> {
  const sync = options.sync ?? true
  const temporary = path + TEMPORARY_SUFFIX
  try {
    await writeWhole(files, temporary, content, sync)
    await files.rename(temporary, path)
  } catch (error) {
    await files.remove(temporary).catch(() => {}) // the first failure is the one to tell
    throw error
  }
  if (sync) await files.syncDirectory(parentDirectory(path))
}

/** The directory that holds the name; `.` for a bare name. */
export function parentDirectory(path: string): string {
  const slash = path.lastIndexOf('/')
  if (slash < 0) return '.'
  return slash === 0 ? '/' : path.slice(0, slash)
}

async function writeWhole(
  files: FileSystem,
  path: string,
  content: Uint8Array,
  sync: boolean,
): Promise<void> {
  const file = await files.open(path, 'readwrite')
  try {
    await file.truncate(0) // a stray one may be longer
    await file.writev([content], 0)
    if (sync) await file.datasync()
  } finally {
    await file.close()
  }
}
