/** What one round of compaction did, for its log line and the metrics. */
export class CompactionStatistics {
  startedMs = 0
  /** When the offset map was complete. */
  indexedMs = 0
  endedMs = 0
  mapBytesRead = 0
  mapRecordsRead = 0
  bytesRead = 0
  bytesWritten = 0
  recordsRead = 0
  recordsWritten = 0
  /** A compacted topic takes none; those from before it was one are dropped (CMP-08). */
  recordsWithoutKey = 0
  /** Share of the offset map in use, of 1. */
  mapUtilization = 0
  /** Segments before and after. */
  segmentsRead = 0
  segmentsWritten = 0

  get elapsedMs(): number {
    return this.endedMs - this.startedMs
  }

  /** Share of the bytes read that had to be written again, of 1. */
  get recopyRatio(): number {
    return this.bytesRead === 0 ? 0 : this.bytesWritten / this.bytesRead
  }
}
