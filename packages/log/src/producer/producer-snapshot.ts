/**
 * `%020d.snapshot`: what a log knew of its producers when it ended at the offset in the file's name.
 * Version 1, a CRC-32C over all that follows it, then 46 bytes a producer. Only the last batch of each
 * producer is kept, so after a restart a retry of an older batch is out of order, as in Kafka.
 */
import { crc32c } from '@barnabas/base'
import { Reader, Writer } from '@barnabas/protocol'
import { CorruptFileError } from '../errors.ts'

const VERSION = 1
const CRC_AT = 2
const ENTRIES_AT = 6

export interface ProducerSnapshotEntry {
  producerId: number
  epoch: number
  /** -1 when the producer has no data in the log, as after a marker of a new epoch. */
  lastSequence: number
  /** -1 likewise. */
  lastOffset: number
  /** Offsets between first and last record of the last batch. */
  offsetDelta: number
  timestamp: number
  /** -1 when no marker was seen. */
  coordinatorEpoch: number
  /** -1 when no transaction is open. */
  currentTransactionFirstOffset: number
}

export function formatProducerSnapshot(entries: readonly ProducerSnapshotEntry[]): Buffer {
  const w = new Writer(ENTRIES_AT + 4 + entries.length * 46)
  w.int16(VERSION)
  w.uint32(0)
  w.arrayLength(entries.length)
  for (const entry of entries) {
    w.int64(entry.producerId)
    w.int16(entry.epoch)
    w.int32(entry.lastSequence)
    w.int64(entry.lastOffset)
    w.int32(entry.offsetDelta)
    w.int64(entry.timestamp)
    w.int32(entry.coordinatorEpoch)
    w.int64(entry.currentTransactionFirstOffset)
  }
  const bytes = w.finishBuffer()
  bytes.writeUInt32BE(crc32c(bytes.subarray(ENTRIES_AT)), CRC_AT)
  return bytes
}

/** Anything but a whole, valid snapshot raises `CorruptFileError`. */
export function parseProducerSnapshot(path: string, content: Uint8Array): ProducerSnapshotEntry[] {
  if (content.length < ENTRIES_AT + 4) throw new CorruptFileError(path, 'too short')
  const r = new Reader(content)
  const version = r.int16()
  if (version !== VERSION) throw new CorruptFileError(path, `version ${version}, known is 1`)
  const crc = r.uint32()
  if (crc !== crc32c(content.subarray(ENTRIES_AT))) throw new CorruptFileError(path, 'wrong CRC')
  const entries: ProducerSnapshotEntry[] = []
  try {
    for (let n = r.arrayLength(); n > 0; n--) {
      entries.push({
        producerId: r.int64(),
        epoch: r.int16(),
        lastSequence: r.int32(),
        lastOffset: r.int64(),
        offsetDelta: r.int32(),
        timestamp: r.int64Saturated(),
        coordinatorEpoch: r.int32(),
        currentTransactionFirstOffset: r.int64(),
      })
    }
  } catch (error) {
    throw new CorruptFileError(path, `entries end early: ${String(error)}`)
  }
  return entries
}
