/**
 * Records of one partition on their way together. They are encoded as they come; what remains of each is
 * at most whom to tell. The life of a batch:
 *
 *   open ──(full, or taken to be sent)──> built ──> in flight ──(answer)──> done
 *                                           ^          │
 *                                           └─(retry)──┘
 */
import {
  BATCH_HEADER_BYTES,
  BatchBuilder,
  type BatchBuilderOptions,
  type BatchView,
  openRecords,
  RecordCursor,
  type RecordHeader,
  recordBytesMax,
} from '@barnabas/protocol'
import type { ClientError } from '../errors.ts'
import type { SendGroup, SingleSend } from './delivery.ts'

/** Consecutive records of one group. */
interface GroupPart {
  group: SendGroup
  firstDelta: number
  count: number
}

export class ProducerBatch {
  readonly topic: string
  readonly partition: number
  readonly createdMs: number
  /** Bytes of the producer's memory that it holds. */
  reservedBytes = 0
  attempts = 0
  /** Not to be sent again before. */
  retryAtMs = 0
  /** A request with it is not answered yet. */
  isInFlight = false
  /** It was sent, and it is not known whether it was appended. */
  isUnresolved = false
  /** Set by idempotent producers when it is first sent; kept for retries. */
  producerId = -1
  producerEpoch = -1
  baseSequence = -1
  isDone = false
  lastError: ClientError | null = null

  private readonly options: BatchBuilderOptions
  private builder: BatchBuilder | null
  private built: BatchView | null = null
  private stampIsStale = false
  private singles: SingleSend[] = []
  private singleDeltas: number[] = []
  private singleTimestamps: number[] = []
  private parts: GroupPart[] = []
  private lastPart: GroupPart | null = null

  constructor(topic: string, partition: number, createdMs: number, options: BatchBuilderOptions) {
    this.topic = topic
    this.partition = partition
    this.createdMs = createdMs
    this.options = options
    this.builder = new BatchBuilder(options)
  }

  get recordCount(): number {
    return this.builder?.recordCount ?? this.built!.recordCount
  }

  /** Of the batch as it will be sent, as far as it can be told. */
  get estimatedSizeBytes(): number {
    return this.builder?.estimatedSizeBytes ?? this.built!.sizeBytes
  }

  get uncompressedSizeBytes(): number {
    return this.builder?.uncompressedSizeBytes ?? this.built!.sizeBytes
  }

  get isOpen(): boolean {
    return this.builder !== null
  }

  /** Whether a record of so many bytes keeps the batch within `maxBytes`. The first one always fits. */
  hasRoomFor(recordBytes: number, maxBytes: number): boolean {
    const { builder } = this
    if (builder === null) return false
    return builder.recordCount === 0 || builder.estimatedSizeBytes + recordBytes <= maxBytes
  }

  appendSingle(
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[],
    waiter: SingleSend,
  ): void {
    this.noteSingle(this.builder!.append(timestamp, key, value, headers), timestamp, waiter)
  }

  appendOfGroup(
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[],
    group: SendGroup,
  ): void {
    this.noteOfGroup(this.builder!.append(timestamp, key, value, headers), group)
  }

  /** The bytes to send, with the producer's stamps of now. */
  build(): BatchView {
    if (this.built === null) {
      if (this.producerId >= 0) {
        this.options.producerId = this.producerId
        this.options.producerEpoch = this.producerEpoch
        this.options.baseSequence = this.baseSequence
      }
      this.built = this.builder!.build()
      this.builder = null
      this.stampIsStale = false
    }
    if (this.stampIsStale) {
      this.built.stampProducer(this.producerId, this.producerEpoch, this.baseSequence)
      this.stampIsStale = false
    }
    return this.built
  }

  stamp(producerId: number, producerEpoch: number, baseSequence: number): void {
    this.producerId = producerId
    this.producerEpoch = producerEpoch
    this.baseSequence = baseSequence
    this.stampIsStale = true
  }

  get hasSequence(): boolean {
    return this.baseSequence >= 0
  }

  /** `baseOffset` is -1 when the broker does not tell. */
  succeed(baseOffset: number, logAppendTimeMs: number): void {
    if (this.isDone) return
    this.isDone = true
    const { topic, partition, singles, singleDeltas, singleTimestamps } = this
    for (let n = 0; n < singles.length; n++) {
      singles[n]!.resolve({
        topic,
        partition,
        offset: baseOffset < 0 ? -1 : baseOffset + singleDeltas[n]!,
        timestamp: logAppendTimeMs >= 0 ? logAppendTimeMs : singleTimestamps[n]!,
      })
    }
    for (const { group, firstDelta, count } of this.parts) {
      const first = baseOffset < 0 ? -1 : baseOffset + firstDelta
      group.onSent({ topic, partition, baseOffset: first, count })
    }
    this.forget()
  }

  /** `errorOf` gives records errors of their own, when the broker has named those at fault. */
  fail(error: ClientError, errorOf?: (delta: number) => ClientError): void {
    if (this.isDone) return
    this.isDone = true
    for (let n = 0; n < this.singles.length; n++) {
      this.singles[n]!.reject(errorOf?.(this.singleDeltas[n]!) ?? error)
    }
    for (const { group, count } of this.parts) {
      group.onFailed(this.topic, this.partition, count, error)
    }
    this.forget()
  }

  /** The same records in batches of about `maxBytes`, or of one record. */
  split(maxBytes: number): ProducerBatch[] {
    const whole = this.build()
    const { baseTimestamp } = whole
    const records = openRecords(whole)
    const ratio = whole.sizeBytes / (BATCH_HEADER_BYTES + records.length)
    const pieces: ProducerBatch[] = []
    const cursor = new RecordCursor(records, whole.recordCount)
    let piece: ProducerBatch | null = null
    let delta = 0
    let single = 0
    let part = 0
    while (cursor.next()) {
      const key = cursor.key()
      const value = cursor.value()
      const headers = cursor.headerCount === 0 ? [] : cursor.headers()
      if (!piece?.hasRoomFor(recordBytesMax(key, value, headers), maxBytes)) {
        piece = new ProducerBatch(this.topic, this.partition, this.createdMs, {
          ...this.options,
          compressionRatio: ratio,
          initialBytes: whole.sizeBytes,
        })
        pieces.push(piece)
      }
      const timestamp = baseTimestamp + cursor.timestampDelta
      const at = piece.builder!.append(timestamp, key, value, headers)
      if (this.singleDeltas[single] === delta) {
        piece.noteSingle(at, timestamp, this.singles[single++]!)
      }
      const owner = this.parts[part]
      if (owner !== undefined && delta >= owner.firstDelta) {
        piece.noteOfGroup(at, owner.group)
        // The parts in the pieces take the place of this one.
        if (delta === owner.firstDelta) owner.group.onMoved()
        if (delta === owner.firstDelta + owner.count - 1) part++
      }
      delta++
    }
    this.isDone = true
    this.forget()
    return pieces
  }

  private noteSingle(delta: number, timestamp: number, waiter: SingleSend): void {
    this.singles.push(waiter)
    this.singleDeltas.push(delta)
    this.singleTimestamps.push(timestamp)
  }

  private noteOfGroup(delta: number, group: SendGroup): void {
    const { lastPart } = this
    if (
      lastPart !== null &&
      lastPart.group === group &&
      delta === lastPart.firstDelta + lastPart.count
    ) {
      lastPart.count++
      return
    }
    this.lastPart = { group, firstDelta: delta, count: 1 }
    this.parts.push(this.lastPart)
    group.begin()
  }

  private forget(): void {
    this.singles = []
    this.singleDeltas = []
    this.singleTimestamps = []
    this.parts = []
    this.lastPart = null
    this.builder = null
  }
}
