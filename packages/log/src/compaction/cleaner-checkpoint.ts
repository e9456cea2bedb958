/**
 * How far the logs of one directory are compacted, kept in its `cleaner-offset-checkpoint`. Losing it
 * costs work, never records: the next round begins at the start of each log.
 */
import type { FileSystem, Logger } from '@barnabas/base'
import { CorruptFileError } from '../errors.ts'
import { CLEANER_CHECKPOINT } from '../files/file-names.ts'
import { type PartitionOffset, readOffsets, writeOffsets } from '../files/offset-checkpoint.ts'

export class CleanerCheckpoint {
  private readonly files: FileSystem
  private readonly path: string
  private readonly offsets: Map<string, PartitionOffset>
  private isChanged = false

  private constructor(files: FileSystem, path: string, offsets: Map<string, PartitionOffset>) {
    this.files = files
    this.path = path
    this.offsets = offsets
  }

  static async open(files: FileSystem, directory: string, log: Logger): Promise<CleanerCheckpoint> {
    const path = `${directory}/${CLEANER_CHECKPOINT}`
    const offsets = new Map<string, PartitionOffset>()
    try {
      for (const one of await readOffsets(files, path)) {
        offsets.set(`${one.topic}-${one.partition}`, one)
      }
    } catch (error) {
      if (!(error instanceof CorruptFileError)) throw error
      log.warn('a cleaner checkpoint cannot be read; its logs are compacted from their start', {
        reason: error.message,
      })
    }
    return new CleanerCheckpoint(files, path, offsets)
  }

  get(name: string): number | null {
    return this.offsets.get(name)?.offset ?? null
  }

  set(topic: string, partition: number, offset: number): void {
    this.offsets.set(`${topic}-${partition}`, { topic, partition, offset })
    this.isChanged = true
  }

  /** What lies behind `offset` is new. */
  lower(name: string, offset: number): void {
    const known = this.offsets.get(name)
    if (known === undefined || known.offset <= offset) return
    this.offsets.set(name, { ...known, offset })
    this.isChanged = true
  }

  delete(name: string): void {
    if (this.offsets.delete(name)) this.isChanged = true
  }

  /** Forgets logs that do not exist any more. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.offsets.keys()) if (!names.has(name)) this.delete(name)
  }

  async store(): Promise<void> {
    if (!this.isChanged) return
    this.isChanged = false
    try {
      await writeOffsets(this.files, this.path, this.offsets.values())
    } catch (error) {
      this.isChanged = true
      throw error
    }
  }
}
