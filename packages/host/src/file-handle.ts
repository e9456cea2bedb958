/**
 * An open file. Small writes and reads that probably hit the page cache are synchronous: they take a few
 * microseconds, a way through Node's thread pool takes 25 and more. Large ones, and all that may wait
 * for the disk, go through the pool.
 *
 * A descriptor is closed only when nothing uses it: its number may be another file's a moment later.
 */
import fs from 'node:fs'
import { type Awaitable, type FileHandle, type OpenMode, storageError } from '@barnabas/base'
import { toStorageError } from './file-errors.ts'
import { SYNCHRONOUS_READ_MAX_BYTES, SYNCHRONOUS_WRITE_MAX_BYTES } from './limits.ts'

const FLAGS = {
  read: fs.constants.O_RDONLY,
  readwrite: fs.constants.O_RDWR | fs.constants.O_CREAT,
}

/** Read and write for the owner, read for the group and others, less what the umask takes away. */
const NEW_FILE_MODE = 0o644

export function openFile(path: string, mode: OpenMode): Promise<FileHandle> {
  return new Promise((resolve, reject) => {
    fs.open(path, FLAGS[mode], NEW_FILE_MODE, (error, descriptor) => {
      if (error) reject(toStorageError('open', path, error))
      else resolve(new NodeFileHandle(path, descriptor))
    })
  })
}

class NodeFileHandle implements FileHandle {
  private readonly path: string
  private readonly descriptor: number
  private closing: Promise<void> | null = null
  /** Operations in the thread pool. */
  private pending = 0
  private onIdle: (() => void) | null = null

  constructor(path: string, descriptor: number) {
    this.path = path
    this.descriptor = descriptor
  }

  read(into: Uint8Array, position: number, likelyCached = false): Awaitable<number> {
    this.mustBeOpen()
    if (!likelyCached && into.length > SYNCHRONOUS_READ_MAX_BYTES) {
      return this.readAsync(into, position)
    }
    let done = 0
    try {
      while (done < into.length) {
        const count = fs.readSync(this.descriptor, into, done, into.length - done, position + done)
        if (count === 0) break
        done += count
      }
    } catch (error) {
      throw toStorageError('read', this.path, error)
    }
    return done
  }

  writev(parts: readonly Uint8Array[], position: number): Awaitable<void> {
    this.mustBeOpen()
    let total = 0
    for (const part of parts) total += part.length
    if (total === 0) return
    if (total > SYNCHRONOUS_WRITE_MAX_BYTES) return this.writeAsync(parts, position, total)
    try {
      const written =
        parts.length === 1
          ? fs.writeSync(this.descriptor, parts[0]!, 0, total, position)
          : fs.writevSync(this.descriptor, parts as Uint8Array[], position)
      if (written < total) this.writeRest(parts, position, written, total)
    } catch (error) {
      throw toStorageError('write to', this.path, error)
    }
  }

  truncate(sizeBytes: number): Awaitable<void> {
    this.mustBeOpen()
    try {
      fs.ftruncateSync(this.descriptor, sizeBytes)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      // The system says EINVAL when the descriptor is for reading.
      if (code === 'EINVAL') throw storageError('truncate', this.path, 'EBADF', error)
      throw toStorageError('truncate', this.path, error)
    }
  }

  async datasync(): Promise<void> {
    this.mustBeOpen()
    await this.inPool('sync', (done) => fs.fdatasync(this.descriptor, done))
  }

  size(): Awaitable<number> {
    this.mustBeOpen()
    try {
      return fs.fstatSync(this.descriptor).size
    } catch (error) {
      throw toStorageError('look at', this.path, error)
    }
  }

  close(): Awaitable<void> {
    this.closing ??= this.closeWhenIdle()
    return this.closing
  }

  private async readAsync(into: Uint8Array, position: number): Promise<number> {
    let done = 0
    while (done < into.length) {
      const from = done
      const count = await this.inPool<number>('read', (callback) =>
        fs.read(this.descriptor, into, from, into.length - from, position + from, callback),
      )
      if (count === 0) break
      done += count
    }
    return done
  }

  private async writeAsync(
    parts: readonly Uint8Array[],
    position: number,
    total: number,
  ): Promise<void> {
    let written = 0
    let rest = parts
    while (written < total) {
      const from = position + written
      const now = rest as Uint8Array[]
      const count = await this.inPool<number>('write to', (callback) =>
        fs.writev(this.descriptor, now, from, callback),
      )
      written += count
      rest = withoutFirst(rest, count)
    }
  }

  /** The system took only a part (a signal, or a disk about to be full): offers it the rest. */
  private writeRest(
    parts: readonly Uint8Array[],
    position: number,
    already: number,
    total: number,
  ): void {
    let written = already
    let rest = withoutFirst(parts, already)
    while (written < total) {
      const count = fs.writevSync(this.descriptor, rest as Uint8Array[], position + written)
      written += count
      rest = withoutFirst(rest, count)
    }
  }

  private inPool<T = void>(
    operation: string,
    start: (callback: (error: NodeJS.ErrnoException | null, result?: T) => void) => void,
  ): Promise<T> {
    this.pending++
    return new Promise((resolve, reject) => {
      start((error, result) => {
        if (--this.pending === 0) this.onIdle?.()
        if (error) reject(toStorageError(operation, this.path, error))
        else resolve(result as T)
      })
    })
  }

  private async closeWhenIdle(): Promise<void> {
    if (this.pending > 0) {
      await new Promise<void>((resolve) => {
        this.onIdle = resolve
      })
    }
    await new Promise<void>((resolve, reject) => {
      fs.close(this.descriptor, (error) => {
        if (error) reject(toStorageError('close', this.path, error))
        else resolve()
      })
    })
  }

  private mustBeOpen(): void {
    if (this.closing !== null) throw storageError('use', this.path, 'EBADF')
  }
}

function withoutFirst(parts: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let skip = count
  let first = 0
  while (first < parts.length && skip >= parts[first]!.length) skip -= parts[first++]!.length
  const rest = parts.slice(first)
  if (skip > 0) rest[0] = rest[0]!.subarray(skip)
  return rest
}
