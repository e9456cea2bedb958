/** Gathers what is kept of a piece of log, so that it is written at once. Used again for each piece. */
import { BatchView } from '@barnabas/protocol'
import { OUTPUT_INITIAL_BYTES } from './limits.ts'

export class OutputBuffer {
  private buffer = Buffer.allocUnsafeSlow(OUTPUT_INITIAL_BYTES)
  private size = 0
  private positions: number[] = []

  get sizeBytes(): number {
    return this.size
  }

  /** Copies the batch. */
  add(batch: BatchView): void {
    const { sizeBytes } = batch
    const needed = this.size + sizeBytes
    if (needed > this.buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2))
      this.buffer.copy(grown, 0, 0, this.size)
      this.buffer = grown
    }
    batch.buffer.copy(this.buffer, this.size, batch.position, batch.position + sizeBytes)
    this.positions.push(this.size)
    this.size = needed
  }

  /** The bytes, valid until `clear`. */
  get bytes(): Buffer {
    return this.buffer.subarray(0, this.size)
  }

  get batches(): BatchView[] {
    return this.positions.map((position) => new BatchView(this.buffer, position))
  }

  clear(): void {
    this.size = 0
    this.positions = []
  }
}
