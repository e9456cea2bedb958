/**
 * Files of the operating system behind the `FileSystem` port. Operations on names go through Node's
 * thread pool; see `file-handle.ts` for what is synchronous. Every failure is a `StorageError`.
 */
import { promises as fs } from 'node:fs'
import {
  type DiskSpace,
  type FileHandle,
  type FileInfo,
  type FileSystem,
  type OpenMode,
  replaceFileInSteps,
} from '@barnabas/base'
import { codeOf, toStorageError } from './file-errors.ts'
import { openFile } from './file-handle.ts'
import { acquireLock } from './lock.ts'

export function createFileSystem(): FileSystem {
  return new NodeFileSystem()
}

class NodeFileSystem implements FileSystem {
  open(path: string, mode: OpenMode): Promise<FileHandle> {
    return openFile(path, mode)
  }

  readFile(path: string): Promise<Uint8Array> {
    return attempt('read', path, fs.readFile(path))
  }

  replaceFile(path: string, content: Uint8Array, options?: { sync?: boolean }): Promise<void> {
    return replaceFileInSteps(this, path, content, options)
  }

  rename(from: string, to: string): Promise<void> {
    return attempt('rename', from, fs.rename(from, to))
  }

  async remove(path: string): Promise<void> {
    try {
      await fs.unlink(path)
    } catch (error) {
      if (!isMissing(error)) throw toStorageError('remove', path, error)
    }
  }

  async removeTree(path: string): Promise<void> {
    try {
      await fs.rm(path, { recursive: true, force: true })
    } catch (error) {
      if (!isMissing(error)) throw toStorageError('remove', path, error)
    }
  }

  async list(directory: string): Promise<string[]> {
    const names = await attempt('list', directory, fs.readdir(directory))
    return names.sort()
  }

  async stat(path: string): Promise<FileInfo | null> {
    try {
      const stats = await fs.stat(path)
      return {
        sizeBytes: stats.isDirectory() ? 0 : stats.size,
        modifiedMs: Math.round(stats.mtimeMs),
        isDirectory: stats.isDirectory(),
      }
    } catch (error) {
      if (isMissing(error)) return null
      throw toStorageError('look at', path, error)
    }
  }

  setModified(path: string, modifiedMs: number): Promise<void> {
    const seconds = modifiedMs / 1000
    return attempt('set the time of', path, fs.utimes(path, seconds, seconds))
  }

  async makeDirectories(path: string): Promise<void> {
    await attempt('make directory', path, fs.mkdir(path, { recursive: true }))
  }

  async syncDirectory(path: string): Promise<void> {
    if (process.platform === 'win32') return // it keeps names safe by itself and refuses to open a directory
    const directory = await attempt('open', path, fs.open(path, 'r'))
    try {
      await attempt('sync', path, directory.sync())
    } finally {
      await directory.close()
    }
  }

  async diskSpace(path: string): Promise<DiskSpace> {
    const { blocks, bavail, bsize } = await attempt('look at the disk of', path, fs.statfs(path))
    return { totalBytes: blocks * bsize, usableBytes: bavail * bsize }
  }

  lock(path: string): Promise<{ unlock(): Promise<void> } | null> {
    return attempt('lock', path, acquireLock(path))
  }
}

async function attempt<T>(operation: string, path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw toStorageError(operation, path, error)
  }
}

/** Nothing of that name is there; a file stands where a directory was expected counts as well. */
function isMissing(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}
