/**
 * Verification of transactional writes (KIP-890): before a producer's first write of a transaction to a
 * partition, the broker asks the transaction coordinator whether the partition is part of it. The guard
 * handed out before asking must come back with the append; a marker written in between takes it away, so
 * that a late "yes" cannot begin a transaction nobody would end.
 */

/** Compared by identity. */
export type VerificationGuard = { readonly guardsProducerId: number }

export interface Verification {
  guard: VerificationGuard
  epoch: number
  /** Smallest first sequence seen while verifying: a later batch must not get in first. */
  lowestSequence: number
  /** The client knows transaction version 2. */
  supportsEpochBump: boolean
  timestampMs: number
}

export class TransactionVerifications {
  private readonly byProducer = new Map<number, Verification>()

  get(producerId: number): Verification | null {
    return this.byProducer.get(producerId) ?? null
  }

  start(
    producerId: number,
    sequence: number,
    epoch: number,
    supportsEpochBump: boolean,
    nowMs: number,
  ): VerificationGuard {
    const known = this.byProducer.get(producerId)
    if (known === undefined) {
      const guard: VerificationGuard = { guardsProducerId: producerId }
      this.byProducer.set(producerId, {
        guard,
        epoch,
        lowestSequence: sequence,
        supportsEpochBump,
        timestampMs: nowMs,
      })
      return guard
    }
    if (known.epoch === epoch) {
      known.lowestSequence = Math.min(known.lowestSequence, sequence)
    } else if (known.epoch < epoch) {
      known.epoch = epoch
      known.lowestSequence = sequence
    }
    return known.guard
  }

  isVerified(producerId: number, guard: VerificationGuard | null): boolean {
    return guard !== null && this.byProducer.get(producerId)?.guard === guard
  }

  clear(producerId: number): void {
    if (this.byProducer.size > 0) this.byProducer.delete(producerId)
  }

  removeExpired(nowMs: number, expirationMs: number): void {
    for (const [producerId, { timestampMs }] of this.byProducer) {
      if (nowMs - timestampMs >= expirationMs) this.byProducer.delete(producerId)
    }
  }
}
