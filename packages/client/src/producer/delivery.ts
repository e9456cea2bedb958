/**
 * What becomes of records, told to whoever waits for it: to each caller that sent one record, and once to
 * each that sent many together.
 */
import { ClientError } from '../errors.ts'

export interface RecordMetadata {
  topic: string
  partition: number
  /** -1 when the broker did not tell (acks 0, or a duplicate that it had already). */
  offset: number
  /** The broker's for topics of log append time, else the record's. */
  timestamp: number
}

/** Records that went together into one batch of one partition. */
export interface SentRange {
  topic: string
  partition: number
  /** Offset of the first; -1 when the broker did not tell. */
  baseOffset: number
  count: number
}

export interface SendResult {
  count: number
  ranges: readonly SentRange[]
}

/** Some of the records that were sent together failed; the others are in `sent`. */
export class SendError extends ClientError {
  override readonly name = 'SendError'
  readonly sent: readonly SentRange[]
  readonly failed: readonly {
    topic: string
    partition: number
    count: number
    error: ClientError
  }[]

  constructor(sent: SendError['sent'], failed: SendError['failed']) {
    const first = failed[0]!.error
    let lost = 0
    for (const { count } of failed) lost += count
    super(first.code, `${lost} records were not sent: ${first.message}`, {
      cause: first,
      retriable: first.retriable,
      broker: null,
    })
    this.sent = sent
    this.failed = failed
  }
}

/** One call that sent many records. */
export class SendGroup {
  readonly promise: Promise<SendResult>
  private resolve!: (result: SendResult) => void
  private reject!: (error: ClientError) => void
  private readonly sent: SentRange[] = []
  private readonly failed: {
    topic: string
    partition: number
    count: number
    error: ClientError
  }[] = []
  private count = 0
  /** Parts that are in batches or wait for a place in one; and one until `seal`. */
  private pending = 1

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }

  /** A part more to wait for. */
  begin(): void {
    this.pending++
  }

  /** All parts have begun. */
  seal(): void {
    this.end()
  }

  /** A part has been counted twice, since it moved to another batch. */
  onMoved(): void {
    this.pending--
  }

  onSent(range: SentRange): void {
    this.sent.push(range)
    this.count += range.count
    this.end()
  }

  onFailed(topic: string, partition: number, count: number, error: ClientError): void {
    this.failed.push({ topic, partition, count, error })
    this.end()
  }

  private end(): void {
    if (--this.pending > 0) return
    if (this.failed.length > 0) this.reject(new SendError(this.sent, this.failed))
    else this.resolve({ count: this.count, ranges: this.sent })
  }
}

/** One call that sent one record. */
export interface SingleSend {
  resolve(metadata: RecordMetadata): void
  reject(error: Error): void
}
