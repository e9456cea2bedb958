/**
 * Group commit: one gathered write is under way at a time, and what arrives in the meantime goes out
 * together in the next one. While nothing is under way and the file is open, a write is tried at once,
 * and when the system takes it without a wait there is no promise at all.
 *
 * The first failure is final: what is on the disk behind it is unknown, so nothing may follow.
 */
import type { Awaitable } from '@barnabas/base'
import { MAX_WRITE_PARTS } from '../limits.ts'
import type { FileSegment } from './file-segment.ts'
import type { HandleCache, OpenFile } from './handle-cache.ts'

interface Group {
  segment: FileSegment
  position: number
  sizeBytes: number
  parts: Uint8Array[]
  promise: Promise<void>
  resolve: () => void
  reject: (error: unknown) => void
}

export class WriteQueue {
  private readonly handles: HandleCache
  private readonly onFailure: (error: unknown) => void
  private readonly groups: Group[] = []
  private isBusy = false
  /** The write under way. Settled or never read while `isBusy` is false. */
  private underway: Promise<void> = Promise.resolve()
  private onIdle: (() => void)[] = []
  private failure: unknown = null

  constructor(handles: HandleCache, onFailure: (error: unknown) => void) {
    this.handles = handles
    this.onFailure = onFailure
  }

  /** Writes `bytes` at `position`, where what was queued for the segment before ends. */
  write(segment: FileSegment, position: number, bytes: Uint8Array): Awaitable<void> {
    if (this.failure !== null) throw this.failure
    if (!this.isBusy) {
      const file = segment.acquireForWriting()
      if (!(file instanceof Promise)) return this.writeNow(segment, file, position, bytes)
      const group = this.add(segment, position, bytes)
      this.isBusy = true
      void this.run(file)
      return group.promise
    }
    const last = this.groups.at(-1)
    if (last !== undefined && last.segment === segment && last.parts.length < MAX_WRITE_PARTS) {
      last.parts.push(bytes)
      last.sizeBytes += bytes.length
      return last.promise
    }
    return this.add(segment, position, bytes).promise
  }

  /** Resolves when all that was accepted before the call is written. */
  written(): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure)
    if (!this.isBusy) return Promise.resolve()
    return this.groups.at(-1)?.promise ?? this.underway
  }

  /** Resolves when nothing is under way or waiting; rejects with the failure, if there was one. */
  async idle(): Promise<void> {
    while (this.isBusy) await new Promise<void>((resolve) => void this.onIdle.push(resolve))
    if (this.failure !== null) throw this.failure
  }

  private add(segment: FileSegment, position: number, bytes: Uint8Array): Group {
    let resolve = () => {}
    let reject = (_error: unknown) => {}
    const promise = new Promise<void>((onDone, onFail) => {
      resolve = onDone
      reject = onFail
    })
    const parts = [bytes]
    const group = { segment, position, sizeBytes: bytes.length, parts, promise, resolve, reject }
    this.groups.push(group)
    return group
  }

  private writeNow(
    segment: FileSegment,
    file: OpenFile,
    position: number,
    bytes: Uint8Array,
  ): Awaitable<void> {
    let written: Awaitable<void>
    try {
      written = file.handle!.writev([bytes], position)
    } catch (error) {
      this.handles.release(file)
      throw this.fail(error)
    }
    if (!(written instanceof Promise)) {
      this.handles.release(file)
      this.onWritten(segment, position + bytes.length)
      return
    }
    this.isBusy = true
    this.underway = this.follow(written, segment, file, position + bytes.length)
    return this.underway
  }

  private async follow(
    written: Promise<void>,
    segment: FileSegment,
    file: OpenFile,
    end: number,
  ): Promise<void> {
    try {
      await written
    } catch (error) {
      this.handles.release(file)
      this.fail(error)
      this.rest()
      throw error
    }
    this.handles.release(file)
    this.onWritten(segment, end)
    if (this.groups.length === 0) this.rest()
    else void this.run(null)
  }

  /** Writes group after group until none is left. `opened` is the lease of the first one's file. */
  private async run(opened: Awaitable<OpenFile> | null): Promise<void> {
    let lease = opened
    for (let group = this.groups[0]; group !== undefined; group = this.groups[0]) {
      try {
        const file = await (lease ?? group.segment.acquireForWriting())
        lease = null
        // From here on nothing joins this group.
        this.groups.shift()
        this.underway = group.promise
        try {
          await file.handle!.writev(group.parts, group.position)
        } finally {
          this.handles.release(file)
        }
        this.onWritten(group.segment, group.position + group.sizeBytes)
        group.resolve()
      } catch (error) {
        group.reject(error)
        if (this.groups[0] === group) this.groups.shift()
        this.fail(error)
      }
    }
    this.rest()
  }

  private onWritten(segment: FileSegment, end: number): void {
    segment.writtenBytes = end
    segment.hasUnsyncedData = true
  }

  private fail(error: unknown): unknown {
    if (this.failure === null) {
      this.failure = error
      for (const waiting of this.groups) waiting.reject(error)
      this.groups.length = 0
      this.onFailure(error)
    }
    return error
  }

  private rest(): void {
    this.isBusy = false
    const waiting = this.onIdle
    this.onIdle = []
    for (const resolve of waiting) resolve()
  }
}
