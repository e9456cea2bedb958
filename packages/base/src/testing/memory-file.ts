/**
 * The bytes of one file in memory, in two images: what the process sees, and what would survive a crash
 * of the machine. Pages are shared between the images until one is written to.
 */
import { chance, randomBelow } from '../entropy.ts'
import type { Entropy } from '../world.ts'

const PAGE_BYTES = 16 * 1024

/** What a disk writes as a unit: a torn page has some of these old and some new. */
const SECTOR_BYTES = 512

/** A page that was never written reads as zeros. */
type Page = Uint8Array | undefined

export class MemoryFile {
  readonly kind = 'file'
  size = 0
  modifiedMs: number
  /** Names that lead to it: one while it exists, none once it is removed. */
  links = 0
  private pages: Page[] = []
  private syncedSize = 0
  private syncedPages: Page[] = []
  private readonly dirty = new Set<number>()

  constructor(modifiedMs: number) {
    this.modifiedMs = modifiedMs
  }

  /** Bytes copied; less than asked for at the end of the file. */
  read(into: Uint8Array, position: number): number {
    const length = Math.max(0, Math.min(into.length, this.size - position))
    for (let done = 0; done < length; ) {
      const at = position + done
      const within = at % PAGE_BYTES
      const count = Math.min(PAGE_BYTES - within, length - done)
      const page = this.pages[(at - within) / PAGE_BYTES]
      if (page) into.set(page.subarray(within, within + count), done)
      else into.fill(0, done, done + count)
      done += count
    }
    return length
  }

  write(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; ) {
      const at = position + done
      const within = at % PAGE_BYTES
      const count = Math.min(PAGE_BYTES - within, bytes.length - done)
      this.ownPage((at - within) / PAGE_BYTES).set(bytes.subarray(done, done + count), within)
      done += count
    }
    if (bytes.length > 0) this.size = Math.max(this.size, position + bytes.length)
  }

  /** Also extends, with zeros. */
  truncate(size: number): void {
    if (size < this.size) {
      const kept = Math.ceil(size / PAGE_BYTES)
      for (let n = kept; n < this.pages.length; n++) this.dirty.add(n)
      this.pages.length = Math.min(this.pages.length, kept)
      // What is cut off must read as zeros should the file grow again.
      const within = size % PAGE_BYTES
      if (within > 0 && this.pages[kept - 1]) this.ownPage(kept - 1).fill(0, within)
    }
    this.size = size
  }

  /** Everything written so far survives a crash from now on. */
  sync(): void {
    for (const n of this.dirty) this.syncedPages[n] = this.pages[n]
    this.syncedPages.length = this.pages.length
    this.syncedSize = this.size
    this.dirty.clear()
  }

  get isSynced(): boolean {
    return this.dirty.size === 0 && this.size === this.syncedSize
  }

  /**
   * What a crash of the machine leaves. Without entropy that is exactly what was synced; with it, each
   * page written since may be there, be missing or be torn, and the size may be old, new or between.
   */
  crash(entropy: Entropy | null): void {
    const size = entropy === null ? this.syncedSize : this.sizeAfterCrash(entropy)
    for (const n of this.dirty) {
      const synced = this.syncedPages[n]
      if (entropy === null || chance(entropy, 0.4)) this.pages[n] = synced
      else if (chance(entropy, 0.3)) this.pages[n] = tornPage(this.pages[n], synced, entropy)
    }
    this.dirty.clear()
    // Cut from the end of the last page, whatever of it came back beyond the size.
    this.size = Math.max(size, this.pages.length * PAGE_BYTES)
    this.truncate(size)
    this.sync()
  }

  /** Damage that no sync prevents: one bit changes, on the disk as well. */
  flipBit(position: number, bit: number): void {
    const within = position % PAGE_BYTES
    const n = (position - within) / PAGE_BYTES
    const clean = !this.dirty.has(n)
    const page = this.ownPage(n)
    page[within] = page[within]! ^ (1 << bit)
    if (!clean) return
    this.syncedPages[n] = page
    this.dirty.delete(n)
  }

  private sizeAfterCrash(entropy: Entropy): number {
    const least = Math.min(this.size, this.syncedSize)
    const most = Math.max(this.size, this.syncedSize)
    const choice = randomBelow(entropy, 3)
    if (choice === 0) return this.syncedSize
    if (choice === 1) return this.size
    return least + (most > least ? randomBelow(entropy, most - least) : 0)
  }

  /** A page to write to, not shared with the synced image. */
  private ownPage(n: number): Uint8Array {
    let page = this.pages[n]
    if (page && this.dirty.has(n)) return page
    page = page ? page.slice() : new Uint8Array(PAGE_BYTES)
    this.pages[n] = page
    this.dirty.add(n)
    return page
  }
}

function tornPage(written: Page, synced: Page, entropy: Entropy): Uint8Array {
  const torn = synced ? synced.slice() : new Uint8Array(PAGE_BYTES)
  for (let at = 0; at < PAGE_BYTES; at += SECTOR_BYTES) {
    if (chance(entropy, 0.5)) continue
    if (written) torn.set(written.subarray(at, at + SECTOR_BYTES), at)
    else torn.fill(0, at, at + SECTOR_BYTES)
  }
  return torn
}
