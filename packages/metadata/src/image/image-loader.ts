/**
 * Follows a metadata log: takes its batches in order and gives the image after each. A metadata
 * transaction (KIP-868) spreads one change over several batches; until it ends, the image stays as it was
 * before, and an aborted one leaves no trace.
 */
import { assert } from '@barnabas/base'
import type { MetadataRecord } from '../records/metadata-record.ts'
import { type ClusterImage, EMPTY_IMAGE, type Provenance } from './cluster-image.ts'
import { ImageBuilder } from './image-builder.ts'

export class ImageLoader {
  private current: ClusterImage
  /** The change so far of an open transaction; null when none is open. */
  private transaction: ImageBuilder | null = null

  constructor(image: ClusterImage = EMPTY_IMAGE) {
    this.current = image
  }

  /** The newest image; what an open transaction did is not in it. */
  get image(): ClusterImage {
    return this.current
  }

  /** Whether the log stands within a transaction. */
  get isInTransaction(): boolean {
    return this.transaction !== null
  }

  /** Applies one batch, whose last record stands where `provenance` says. */
  loadBatch(records: Iterable<MetadataRecord>, provenance: Provenance): ClusterImage {
    let builder = this.transaction ?? new ImageBuilder(this.current)
    for (const record of records) {
      switch (record.type) {
        case 'BeginTransactionRecord':
          assert(this.transaction === null, 'a metadata transaction begins within another')
          // Records of this batch before it stand on their own.
          this.current = builder.build(provenance)
          builder = new ImageBuilder(this.current)
          this.transaction = builder
          break
        case 'EndTransactionRecord':
          assert(this.transaction !== null, 'a metadata transaction ends that never began')
          this.transaction = null
          break
        case 'AbortTransactionRecord':
          assert(this.transaction !== null, 'a metadata transaction is aborted that never began')
          this.transaction = null
          builder = new ImageBuilder(this.current)
          break
        default:
          builder.replay(record)
      }
    }
    if (this.transaction === null) this.current = builder.build(provenance)
    return this.current
  }

  /** Starts anew from the records of a snapshot. */
  loadSnapshot(records: Iterable<MetadataRecord>, provenance: Provenance): ClusterImage {
    const builder = new ImageBuilder(EMPTY_IMAGE)
    for (const record of records) builder.replay(record)
    this.transaction = null
    this.current = builder.build(provenance)
    return this.current
  }
}
