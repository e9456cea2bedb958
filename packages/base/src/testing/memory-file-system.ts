/**
 * A `FileSystem` in memory that fails on demand. It answers synchronously where the port allows, so that
 * a test needs no real time; `delay` makes operations late, to let others come between.
 *
 * It is strict where real systems are kind: nothing survives `crash` that was not synced, neither the
 * bytes of a file (`datasync`) nor its name (`syncDirectory`), and with entropy any part may survive.
 */
import { assert } from '../errors.ts'
import { replaceFileInSteps } from '../replace-file.ts'
import { storageError } from '../storage-error.ts'
import type {
  Awaitable,
  DiskSpace,
  Entropy,
  FileHandle,
  FileInfo,
  FileSystem,
  OpenMode,
} from '../world.ts'
import type { MemoryFile } from './memory-file.ts'
import { type MemoryDirectory, type MemoryNode, MemoryTree } from './memory-tree.ts'

export type FileOperation = Exclude<keyof FileSystem | keyof FileHandle, 'replaceFile' | 'size'>

export interface FileFault {
  /** `replaceFile` fails in one of its steps: open, truncate, writev, datasync, rename, syncDirectory. */
  operation: FileOperation
  /** A path exactly as the code under test names it, or a pattern. */
  path: string | RegExp
  systemCode: string
  /** How often; once when absent. */
  times?: number
  /** Bytes that a failing `writev` writes all the same. */
  writtenBytes?: number
}

export interface MemoryFileSystemOptions {
  /** For the times of files. */
  nowMs?: () => number
  /** Size of the disk; beyond it writes fail with ENOSPC. */
  capacityBytes?: number
}

/** What a disk without a given capacity says of itself. */
const UNLIMITED_BYTES = 2 ** 40

export class MemoryFileSystem implements FileSystem {
  /** May change at any time, also below what is used. */
  capacityBytes: number
  /** Called before an operation; one for which it returns a promise takes place after that resolves. */
  delay: ((operation: FileOperation, path: string) => Promise<void> | null) | null = null
  private readonly nowMs: () => number
  private tree: MemoryTree
  private faults: (FileFault & { left: number })[] = []
  private readonly locked = new Set<string>()
  private dead = false

  constructor(options: MemoryFileSystemOptions = {}) {
    this.nowMs = options.nowMs ?? (() => 0)
    this.capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY
    this.tree = new MemoryTree(this.nowMs)
  }

  /** Lets operations fail. The newest fault that matches counts. */
  fail(fault: FileFault): void {
    this.faults.unshift({ ...fault, left: fault.times ?? 1 })
  }

  clearFaults(): void {
    this.faults = []
  }

  /** Damages a file, on the disk as well as in the cache. */
  flipBit(path: string, position: number, bit = 0): void {
    const node = this.tree.find(path)
    assert(node?.kind === 'file' && position < node.size, `no byte ${position} in ${path}`)
    node.flipBit(position, bit)
  }

  /**
   * The machine loses its power. Returns the files as the next process finds them; this instance is dead
   * and fails every operation from now on, those under way included. Without entropy exactly what was
   * synced is left, with it any part of the rest as well.
   */
  crash(entropy: Entropy | null = null): MemoryFileSystem {
    const next = this.kill()
    next.tree.crash(entropy)
    return next
  }

  /** The process dies, the machine lives: the next process finds all that was written, and no locks. */
  kill(): MemoryFileSystem {
    const next = new MemoryFileSystem({ nowMs: this.nowMs, capacityBytes: this.capacityBytes })
    next.tree = this.tree
    this.tree = new MemoryTree(this.nowMs)
    this.dead = true
    return next
  }

  get usedBytes(): number {
    let sum = 0
    for (const file of this.tree.files()) sum += file.size
    return sum
  }

  async open(path: string, mode: OpenMode): Promise<FileHandle> {
    return this.perform('open', path, () => {
      const node =
        mode === 'read' ? this.mustFind('open', path) : this.tree.createFile('open', path)
      if (node.kind === 'directory') throw storageError('open', path, 'EISDIR')
      return new MemoryFileHandle(this, path, node, mode)
    })
  }

  async readFile(path: string): Promise<Uint8Array> {
    return this.perform('readFile', path, () => {
      const node = this.mustFind('read', path)
      if (node.kind === 'directory') throw storageError('read', path, 'EISDIR')
      const content = new Uint8Array(node.size)
      node.read(content, 0)
      return content
    })
  }

  replaceFile(path: string, content: Uint8Array, options?: { sync?: boolean }): Promise<void> {
    return replaceFileInSteps(this, path, content, options)
  }

  async rename(from: string, to: string): Promise<void> {
    return this.perform('rename', from, () => this.tree.rename(from, to))
  }

  async remove(path: string): Promise<void> {
    return this.perform('remove', path, () => this.tree.remove(path))
  }

  async removeTree(path: string): Promise<void> {
    return this.perform('removeTree', path, () => this.tree.removeTree(path))
  }

  async list(directory: string): Promise<string[]> {
    return this.perform('list', directory, () =>
      [...this.mustFindDirectory('list', directory).entries.keys()].sort(),
    )
  }

  async stat(path: string): Promise<FileInfo | null> {
    return this.perform('stat', path, () => {
      const node = this.tree.find(path)
      if (node === null) return null
      const isDirectory = node.kind === 'directory'
      return { sizeBytes: isDirectory ? 0 : node.size, modifiedMs: node.modifiedMs, isDirectory }
    })
  }

  async setModified(path: string, modifiedMs: number): Promise<void> {
    return this.perform('setModified', path, () => {
      this.mustFind('set the time of', path).modifiedMs = modifiedMs
    })
  }

  async makeDirectories(path: string): Promise<void> {
    return this.perform('makeDirectories', path, () => this.tree.makeDirectories(path))
  }

  async syncDirectory(path: string): Promise<void> {
    return this.perform('syncDirectory', path, () =>
      this.tree.sync(this.mustFindDirectory('sync', path)),
    )
  }

  async diskSpace(path: string): Promise<DiskSpace> {
    return this.perform('diskSpace', path, () => {
      this.mustFind('look at the disk of', path)
      const totalBytes = Math.min(this.capacityBytes, UNLIMITED_BYTES)
      return { totalBytes, usableBytes: Math.max(0, totalBytes - this.usedBytes) }
    })
  }

  async lock(path: string): Promise<{ unlock(): Promise<void> } | null> {
    return this.perform('lock', path, () => {
      if (this.locked.has(path)) return null
      this.tree.createFile('lock', path)
      this.locked.add(path)
      let held = true
      const unlock = async () => {
        if (held) this.locked.delete(path)
        held = false
      }
      return { unlock }
    })
  }

  /** @internal Runs one operation, after its delay and unless it is to fail. */
  perform<T>(operation: FileOperation, path: string, run: () => T): Awaitable<T> {
    const wait = this.delay === null ? null : this.delay(operation, path)
    if (wait === null) return this.attempt(operation, path, run)
    return wait.then(() => this.attempt(operation, path, run))
  }

  /** @internal */
  write(file: MemoryFile, path: string, parts: readonly Uint8Array[], position: number): void {
    const fault = this.takeFault('writev', path)
    let room = fault ? (fault.writtenBytes ?? 0) : Number.POSITIVE_INFINITY
    let systemCode = fault?.systemCode
    const sizeMax = this.sizeMax(file)
    let at = position
    for (const part of parts) {
      const space = sizeMax - at
      if (space < Math.min(room, part.length)) {
        room = Math.max(0, space)
        systemCode = 'ENOSPC'
      }
      const bytes = part.length > room ? part.subarray(0, room) : part
      file.write(bytes, at)
      at += bytes.length
      room -= bytes.length
      if (bytes.length < part.length) break
    }
    file.modifiedMs = this.nowMs()
    if (systemCode !== undefined) throw storageError('write to', path, systemCode)
  }

  /** How large a file can become before the disk is full. */
  private sizeMax(file: MemoryFile): number {
    if (this.capacityBytes === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY
    return file.size + Math.max(0, this.capacityBytes - this.usedBytes)
  }

  private attempt<T>(operation: FileOperation, path: string, run: () => T): T {
    if (this.dead) throw storageError(operation, path, 'EIO', new Error('this process has crashed'))
    if (operation !== 'writev') {
      const fault = this.takeFault(operation, path)
      if (fault) throw storageError(operation, path, fault.systemCode)
    }
    return run()
  }

  private takeFault(operation: FileOperation, path: string): FileFault | null {
    for (const fault of this.faults) {
      if (fault.operation !== operation || fault.left === 0) continue
      if (typeof fault.path === 'string' ? fault.path !== path : !fault.path.test(path)) continue
      fault.left--
      return fault
    }
    return null
  }

  private mustFind(operation: string, path: string): MemoryNode {
    const node = this.tree.find(path)
    if (node === null) throw storageError(operation, path, 'ENOENT')
    return node
  }

  private mustFindDirectory(operation: string, path: string): MemoryDirectory {
    const node = this.mustFind(operation, path)
    if (node.kind === 'file') throw storageError(operation, path, 'ENOTDIR')
    return node
  }
}

class MemoryFileHandle implements FileHandle {
  private readonly files: MemoryFileSystem
  private readonly path: string
  private readonly file: MemoryFile
  private readonly mode: OpenMode
  private closed = false

  constructor(files: MemoryFileSystem, path: string, file: MemoryFile, mode: OpenMode) {
    this.files = files
    this.path = path
    this.file = file
    this.mode = mode
  }

  read(into: Uint8Array, position: number): Awaitable<number> {
    return this.perform('read', () => this.file.read(into, position))
  }

  writev(parts: readonly Uint8Array[], position: number): Awaitable<void> {
    return this.perform('writev', () => {
      this.mustBeWritable('write to')
      this.files.write(this.file, this.path, parts, position)
    })
  }

  truncate(sizeBytes: number): Awaitable<void> {
    return this.perform('truncate', () => {
      this.mustBeWritable('truncate')
      this.file.truncate(sizeBytes)
    })
  }

  async datasync(): Promise<void> {
    return this.perform('datasync', () => this.file.sync())
  }

  size(): Awaitable<number> {
    if (this.closed) throw storageError('use', this.path, 'EBADF')
    return this.file.size
  }

  close(): Awaitable<void> {
    if (this.closed) return
    const closing = this.perform('close', () => {})
    this.closed = true
    return closing
  }

  private perform<T>(operation: FileOperation, run: () => T): Awaitable<T> {
    if (this.closed) throw storageError('use', this.path, 'EBADF')
    return this.files.perform(operation, this.path, run)
  }

  private mustBeWritable(operation: string): void {
    if (this.mode === 'read') throw storageError(operation, this.path, 'EBADF')
  }
}
