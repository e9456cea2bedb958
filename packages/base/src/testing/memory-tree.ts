/**
 * Directories in memory, with the names that would survive a crash of the machine.
 *
 * Changes of names stand in a journal until a directory they touch is synced. A crash keeps a first part
 * of the journal and loses the rest, as journaling file systems do: names change in the order of the
 * operations, a rename happens as a whole or not at all, but no name is safe before its directory is.
 */
import { randomBelow } from '../entropy.ts'
import { storageError } from '../storage-error.ts'
import type { Entropy } from '../world.ts'
import { MemoryFile } from './memory-file.ts'

export class MemoryDirectory {
  readonly kind = 'directory'
  entries = new Map<string, MemoryNode>()
  readonly synced = new Map<string, MemoryNode>()
  modifiedMs: number

  constructor(modifiedMs: number) {
    this.modifiedMs = modifiedMs
  }
}

export type MemoryNode = MemoryFile | MemoryDirectory

interface NameChange {
  directory: MemoryDirectory
  name: string
  /** Null: the name is gone. */
  node: MemoryNode | null
}

interface Place {
  directory: MemoryDirectory
  name: string
}

export class MemoryTree {
  private readonly root: MemoryDirectory
  private readonly nowMs: () => number
  /** Operations not known to survive a crash, oldest first. */
  private journal: NameChange[][] = []

  constructor(nowMs: () => number) {
    this.nowMs = nowMs
    this.root = new MemoryDirectory(nowMs())
  }

  find(path: string): MemoryNode | null {
    let node: MemoryNode = this.root
    for (const name of namesOf(path)) {
      const next: MemoryNode | undefined =
        node.kind === 'directory' ? node.entries.get(name) : undefined
      if (next === undefined) return null
      node = next
    }
    return node
  }

  /** The file at `path`, made when it is missing. */
  createFile(operation: string, path: string): MemoryFile {
    const place = this.placeOf(operation, path)
    const existing = place.directory.entries.get(place.name)
    if (existing?.kind === 'directory') throw storageError(operation, path, 'EISDIR')
    if (existing) return existing
    const file = new MemoryFile(this.nowMs())
    this.change([{ ...place, node: file }])
    return file
  }

  makeDirectories(path: string): void {
    let directory = this.root
    for (const name of namesOf(path)) {
      let node = directory.entries.get(name)
      if (node === undefined) {
        node = new MemoryDirectory(this.nowMs())
        this.change([{ directory, name, node }])
      }
      if (node.kind !== 'directory') throw storageError('make directory', path, 'EEXIST')
      directory = node
    }
  }

  rename(from: string, to: string): void {
    const source = this.placeOf('rename', from)
    const node = source.directory.entries.get(source.name)
    if (node === undefined) throw storageError('rename', from, 'ENOENT')
    const target = this.placeOf('rename', to)
    if (node.kind === 'directory' && this.passes(node, to)) {
      throw storageError('rename', from, 'EINVAL') // into itself
    }
    const replaced = target.directory.entries.get(target.name)
    if (replaced === node) return
    if (replaced?.kind === 'directory') {
      if (node.kind !== 'directory') throw storageError('rename to', to, 'EISDIR')
      if (replaced.entries.size > 0) throw storageError('rename to', to, 'ENOTEMPTY')
    } else if (replaced && node.kind === 'directory') {
      throw storageError('rename to', to, 'ENOTDIR')
    }
    this.change([
      { ...source, node: null },
      { ...target, node },
    ])
  }

  remove(path: string): void {
    const node = this.find(path)
    if (node === null) return
    if (node.kind === 'directory') throw storageError('remove', path, 'EISDIR')
    this.change([{ ...this.placeOf('remove', path), node: null }])
  }

  removeTree(path: string): void {
    const node = this.find(path)
    if (node === null) return
    if (node.kind === 'directory') {
      for (const name of [...node.entries.keys()]) this.removeTree(`${path}/${name}`)
    }
    this.change([{ ...this.placeOf('remove', path), node: null }])
  }

  /**
   * Makes the names in a directory survive. Older operations on the other directories of its renames
   * become safe with it, for they must not be undone underneath.
   */
  sync(directory: MemoryDirectory): void {
    const touched = new Set([directory])
    const safe = new Set<NameChange[]>()
    for (const operation of this.journal.toReversed()) {
      if (!operation.some((change) => touched.has(change.directory))) continue
      safe.add(operation)
      for (const change of operation) touched.add(change.directory)
    }
    for (const operation of this.journal) if (safe.has(operation)) commit(operation)
    this.journal = this.journal.filter((operation) => !safe.has(operation))
  }

  /** Without entropy all that was not synced is lost. */
  crash(entropy: Entropy | null): void {
    const kept = entropy === null ? 0 : randomBelow(entropy, this.journal.length + 1)
    for (const operation of this.journal.slice(0, kept)) commit(operation)
    this.journal = []
    this.restore(this.root, entropy)
  }

  /** All files that have a name. */
  *files(directory: MemoryDirectory = this.root): Iterable<MemoryFile> {
    for (const node of directory.entries.values()) {
      if (node.kind === 'file') yield node
      else yield* this.files(node)
    }
  }

  private restore(directory: MemoryDirectory, entropy: Entropy | null): void {
    directory.entries = new Map(directory.synced)
    for (const node of directory.entries.values()) {
      if (node.kind === 'directory') this.restore(node, entropy)
      else {
        node.links = 1
        node.crash(entropy)
      }
    }
  }

  /** Whether the directory stands on the way to `path`, above its last name. */
  private passes(directory: MemoryDirectory, path: string): boolean {
    let node: MemoryNode | undefined = this.root
    for (const name of namesOf(path)) {
      if (node === directory) return true
      node = node?.kind === 'directory' ? node.entries.get(name) : undefined
    }
    return false
  }

  private change(operation: NameChange[]): void {
    for (const { directory, name, node } of operation) {
      const old = directory.entries.get(name)
      if (old?.kind === 'file') old.links--
      if (node?.kind === 'file') node.links++
      if (node === null) directory.entries.delete(name)
      else directory.entries.set(name, node)
      directory.modifiedMs = this.nowMs()
    }
    this.journal.push(operation)
  }

  private placeOf(operation: string, path: string): Place {
    const names = namesOf(path)
    const name = names.pop()
    if (name === undefined) throw storageError(operation, path, 'EISDIR')
    const directory = this.find(names.join('/'))
    if (directory === null) throw storageError(operation, path, 'ENOENT')
    if (directory.kind === 'file') throw storageError(operation, path, 'ENOTDIR')
    return { directory, name }
  }
}

function commit(operation: NameChange[]): void {
  for (const { directory, name, node } of operation) {
    if (node === null) directory.synced.delete(name)
    else directory.synced.set(name, node)
  }
}

/** The names on the way from the root; a relative path starts there as well. */
function namesOf(path: string): string[] {
  const names: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') names.pop()
    else if (part !== '' && part !== '.') names.push(part)
  }
  return names
}
