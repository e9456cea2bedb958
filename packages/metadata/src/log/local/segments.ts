/**
 * The segment files of a metadata log: found and read at the start, the last one appended to, closed ones
 * deleted once a snapshot stands for them.
 *
 * A crash may leave half a batch at the end of the last segment; it was never acknowledged, and is cut
 * off. Damage anywhere else means that acknowledged records are lost: the log refuses to start.
 */
import { type FileHandle, type FileSystem, type Logger, MalformedError } from '@barnabas/base'
import { decodeMetadataBatch, type MetadataBatch } from '../../records/metadata-batch.ts'
import { segmentBaseOffset, segmentFileName } from './files.ts'
import { SegmentIndex } from './segment-index.ts'
import { scanSegment } from './segment-scan.ts'

interface ActiveSegment {
  readonly baseOffset: number
  readonly file: FileHandle
  readonly index: SegmentIndex
  sizeBytes: number
}

/** Bytes to append and what is in them. */
export interface SegmentAppend {
  readonly bytes: Buffer
  readonly lastOffset: number
  readonly timestampMs: number
}

type OnBatch = (batch: MetadataBatch, sizeBytes: number) => Promise<void>

export interface SegmentsOptions {
  readonly files: FileSystem
  readonly directory: string
  readonly logger: Logger
  readonly segmentBytes: number
  /** Whether an append is forced to disk before it counts. */
  readonly sync: boolean
}

export class Segments {
  private readonly options: SegmentsOptions
  /** Base offsets of all segments, the active one last. */
  private bases: number[] = []
  private active: ActiveSegment | null = null

  constructor(options: SegmentsOptions) {
    this.options = options
  }

  get activeBytes(): number {
    return this.active?.sizeBytes ?? 0
  }

  /**
   * Reads everything from `fromOffset` on, and opens the last segment for appending. `onBatch` is called in
   * order; the result is the offset of the next record, or null when nothing reaches `fromOffset`.
   */
  async load(fromOffset: number, onBatch: OnBatch): Promise<number | null> {
    const names = await this.options.files.list(this.options.directory)
    this.bases = names
      .map(segmentBaseOffset)
      .filter((base) => base !== null)
      .sort((a, b) => a - b)
    let next: number | null = null
    for (const base of [...this.bases]) {
      const following = this.bases[this.bases.indexOf(base) + 1]
      if (following !== undefined && following <= fromOffset) continue
      this.checkStart(base, next, fromOffset)
      next = await this.loadSegment(base, following ?? null, fromOffset, onBatch)
    }
    return next !== null && next < fromOffset ? null : next
  }

  /** Deletes all segments and begins one at `offset`: a snapshot is newer than the whole log. */
  async restartAt(offset: number): Promise<void> {
    await this.active?.file.close()
    this.active = null
    for (const base of this.bases.splice(0)) await this.removeSegment(base)
    await this.openNew(offset)
  }

  /** Appends in order, in one write. The bytes are on disk when it resolves, if they are to be. */
  async append(appends: readonly SegmentAppend[], firstOffset: number): Promise<void> {
    const sizeBytes = appends.reduce((sum, each) => sum + each.bytes.length, 0)
    if (this.active === null) await this.openNew(firstOffset)
    else if (this.mustRoll(sizeBytes)) await this.roll(firstOffset)
    const active = this.active!
    const parts = appends.map((each) => each.bytes)
    await active.file.writev(parts, active.sizeBytes)
    if (this.options.sync) await active.file.datasync()
    for (const { bytes, lastOffset, timestampMs } of appends) {
      active.index.add(lastOffset, active.sizeBytes, bytes.length, timestampMs)
      active.sizeBytes += bytes.length
    }
  }

  /** Closes the last segment; the next append begins another. */
  async roll(nextOffset: number): Promise<void> {
    if (this.active === null || this.active.sizeBytes === 0) return
    await this.closeActive()
    await this.openNew(nextOffset)
  }

  /** Deletes closed segments that end before `offset`. */
  async deleteBefore(offset: number): Promise<void> {
    while (this.bases.length > 1 && this.bases[1]! <= offset) {
      await this.removeSegment(this.bases.shift()!)
    }
  }

  async close(): Promise<void> {
    await this.closeActive()
  }

  private checkStart(base: number, next: number | null, fromOffset: number): void {
    if (next === null ? base <= fromOffset : base === next) return
    throw new MalformedError(
      `${this.path(base)} begins at ${base}, but records from ${next ?? fromOffset} on are needed; restore the missing segment or the snapshot before it`,
    )
  }

  private async loadSegment(
    base: number,
    following: number | null,
    fromOffset: number,
    onBatch: OnBatch,
  ): Promise<number> {
    const { files, logger } = this.options
    const path = this.path(base)
    const file = await files.open(path, following === null ? 'readwrite' : 'read')
    const sizeBytes = await file.size()
    const index = new SegmentIndex(base)
    const scan = scanSegment(file, sizeBytes)
    let next = base
    let step = await scan.next()
    while (!step.done) {
      const { batch, position } = step.value
      if (batch.baseOffset !== next) {
        throw new MalformedError(`${path} goes on at ${batch.baseOffset} behind ${next - 1}`)
      }
      index.add(batch.lastOffset, position, batch.sizeBytes, batch.maxTimestamp)
      next = batch.nextOffset
      if (batch.lastOffset >= fromOffset) await onBatch(decodeMetadataBatch(batch), batch.sizeBytes)
      step = await scan.next()
    }
    const validBytes = step.value
    if (following !== null) {
      await file.close()
      if (validBytes < sizeBytes) throw new MalformedError(`${path} is damaged at ${validBytes}`)
      return next
    }
    if (validBytes < sizeBytes) {
      logger.warn('cut off an unfinished write', { path, bytes: sizeBytes - validBytes })
      await file.truncate(validBytes)
      await file.datasync()
    }
    this.active = { baseOffset: base, file, index, sizeBytes: validBytes }
    return next
  }

  private mustRoll(sizeBytes: number): boolean {
    const active = this.active!
    return active.sizeBytes > 0 && active.sizeBytes + sizeBytes > this.options.segmentBytes
  }

  private async openNew(baseOffset: number): Promise<void> {
    const { files, directory, sync } = this.options
    const file = await files.open(this.path(baseOffset), 'readwrite')
    if (sync) await files.syncDirectory(directory)
    this.active = { baseOffset, file, index: new SegmentIndex(baseOffset), sizeBytes: 0 }
    this.bases.push(baseOffset)
  }

  private async closeActive(): Promise<void> {
    const { active } = this
    if (active === null) return
    this.active = null
    const { files, sync } = this.options
    await active.file.close()
    const { baseOffset, index } = active
    await files.replaceFile(this.path(baseOffset, 'index'), index.offsetIndexBytes(), { sync })
    await files.replaceFile(this.path(baseOffset, 'timeindex'), index.timeIndexBytes(), { sync })
  }

  private async removeSegment(base: number): Promise<void> {
    const { files } = this.options
    for (const part of ['log', 'index', 'timeindex'] as const) {
      await files.remove(this.path(base, part))
    }
  }

  private path(base: number, part: 'log' | 'index' | 'timeindex' = 'log'): string {
    return `${this.options.directory}/${segmentFileName(base, part)}`
  }
}
