/**
 * The files that a broker's logs hold open, bounded for all of them together: a file is opened when it
 * is first needed and closed when others need the room. Ten thousand idle partitions hold none.
 *
 * An entry is leased while it is used and never closed under its user; the limit gives way when more
 * files than it allows are in use at once. Which one goes is decided by second chance: one not used since
 * the last look.
 */
import {
  assert,
  type Awaitable,
  type FileHandle,
  type FileSystem,
  type OpenMode,
} from '@barnabas/base'

export class OpenFile {
  readonly path: string
  readonly mode: OpenMode
  /** Present from the moment the file is open. */
  handle: FileHandle | null = null
  /** @internal */ users = 0
  /** @internal */ wasUsed = true
  /** @internal No longer in the cache; closed by the last user. */ isDiscarded = false
  /** @internal */ opening: Promise<OpenFile> | null = null
  /** @internal */ onIdle: (() => void) | null = null

  constructor(path: string, mode: OpenMode) {
    this.path = path
    this.mode = mode
  }
}

export class HandleCache {
  readonly maxOpen: number
  private readonly files: FileSystem
  private readonly byPath = new Map<string, OpenFile>()

  constructor(files: FileSystem, maxOpen: number) {
    assert(maxOpen > 0, 'a cache of no handles')
    this.files = files
    this.maxOpen = maxOpen
  }

  get openCount(): number {
    return this.byPath.size
  }

  /** Leases the file, opening it when needed; each lease ends with `release`. */
  acquire(path: string, mode: OpenMode): Awaitable<OpenFile> {
    let file = this.byPath.get(path)
    if (file !== undefined && mode === 'readwrite' && file.mode === 'read') {
      void this.discard(path)
      file = undefined
    }
    if (file === undefined) return this.open(path, mode)
    file.users++
    file.wasUsed = true
    return file.opening ?? file
  }

  release(file: OpenFile): void {
    file.users--
    assert(file.users >= 0, `${file.path} released twice`)
    if (file.users > 0) return
    if (file.isDiscarded) this.close(file)
    else if (this.byPath.size > this.maxOpen) this.shrink()
  }

  /**
   * Takes a file out of the cache, as before it is renamed or removed. Resolves when its last user is
   * done with it; a later `acquire` opens the path anew.
   */
  async discard(path: string): Promise<void> {
    const file = this.byPath.get(path)
    if (file === undefined) return
    this.byPath.delete(path)
    file.isDiscarded = true
    if (file.users === 0) return this.close(file)
    return new Promise((resolve) => {
      file.onIdle = resolve
    })
  }

  /** Closes what nobody uses; with everything at rest, all. */
  async closeIdle(): Promise<void> {
    for (const file of [...this.byPath.values()]) {
      if (file.users === 0) await this.discard(file.path)
    }
  }

  private open(path: string, mode: OpenMode): Promise<OpenFile> {
    const file = new OpenFile(path, mode)
    file.users = 1
    this.byPath.set(path, file)
    file.opening = this.files.open(path, mode).then(
      (handle) => {
        file.handle = handle
        file.opening = null
        return file
      },
      (error: unknown) => {
        if (this.byPath.get(path) === file) this.byPath.delete(path)
        file.isDiscarded = true
        file.onIdle?.()
        throw error
      },
    )
    if (this.byPath.size > this.maxOpen) this.shrink()
    return file.opening
  }

  /** Closes one file that is not in use, if there is one. */
  private shrink(): void {
    // Twice around: the first time may only take second chances away.
    let left = this.byPath.size * 2
    for (const file of this.byPath.values()) {
      if (left-- === 0 || this.byPath.size <= this.maxOpen) return
      if (file.users === 0 && !file.wasUsed) {
        this.byPath.delete(file.path)
        file.isDiscarded = true
        this.close(file)
        continue
      }
      // To the end of the order; the loop meets it again.
      file.wasUsed = file.users > 0
      this.byPath.delete(file.path)
      this.byPath.set(file.path, file)
    }
  }

  private close(file: OpenFile): void {
    const { handle } = file
    file.handle = null
    if (handle !== null) void closeQuietly(handle)
    file.onIdle?.()
  }
}

/** What was written is with the operating system; a failing close has nothing more to tell. */
async function closeQuietly(handle: FileHandle): Promise<void> {
  try {
    await handle.close()
  } catch {
    // See above.
  }
}
