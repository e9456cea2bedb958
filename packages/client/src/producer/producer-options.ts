/** The options of a producer, checked and completed with Kafka's defaults. */
import { type CompressionType, codecByType, isCompressionType } from '@barnabas/protocol'
import { ConfigError } from '../errors.ts'
import { IDEMPOTENT_MAX_IN_FLIGHT } from '../limits.ts'
import { atLeast } from '../options.ts'
import type { Serializer } from '../serialization/serializers.ts'
import type { Partitioner } from './partitioner.ts'
import type { RecordMetadata } from './delivery.ts'

export interface ProducerInterceptor {
  /** Sees each record before it is serialised, and may answer with another one. */
  onSend?(record: ProducerRecordLike): ProducerRecordLike
  /** Sees what became of each record. */
  onAcknowledgement?(metadata: RecordMetadata | null, error: Error | null): void
}

/** A record of any types, for interceptors. */
export interface ProducerRecordLike {
  topic: string
  key?: unknown
  value?: unknown
  headers?: unknown
  partition?: number
  timestamp?: number
}

export interface ProducerOptions<K = unknown, V = unknown> {
  keySerializer?: Serializer<K>
  valueSerializer?: Serializer<V>
  /** `acks`: 'all' (-1) for all in-sync replicas, 1 for the leader alone, 0 for none. */
  acks?: 'all' | -1 | 0 | 1
  /** `enable.idempotence`: no duplicates and no gaps by retries. */
  idempotent?: boolean
  /** `transactional.id`. */
  transactionalId?: string
  /** `transaction.timeout.ms`: the coordinator aborts what takes longer. */
  transactionTimeoutMs?: number
  /** `compression.type`, and its level where it has some. */
  compression?: CompressionType
  compressionLevel?: number
  /** `linger.ms`: how long a batch may wait for more records. */
  lingerMs?: number
  /** False: a batch lingers only while others are under way to its broker. True: always, as Java's does. */
  lingerWhenIdle?: boolean
  /**
   * `batch.size`: from this size on a batch is sent without lingering. One that cannot be sent yet goes on
   * growing, up to `maxRequestBytes`.
   */
  batchSizeBytes?: number
  /** `max.request.size`. */
  maxRequestBytes?: number
  /** `buffer.memory`: bytes of records that are not yet acknowledged; then `send` waits. */
  bufferMemoryBytes?: number
  /** `max.block.ms`: how long `send` may wait for metadata and memory. */
  maxBlockMs?: number
  /** `max.in.flight.requests.per.connection`. */
  maxInFlight?: number
  /** `retries`. */
  retries?: number
  /** `delivery.timeout.ms`: from `send` to the acknowledgement, with all retries. */
  deliveryTimeoutMs?: number
  /** `request.timeout.ms` of produce requests; the client's when absent. */
  requestTimeoutMs?: number
  /** `partitioner.class`. */
  partitioner?: Partitioner
  /** `partitioner.ignore.keys`. */
  partitionerIgnoresKeys?: boolean
  /** `partitioner.adaptive.partitioning.enable`: partitions whose brokers keep up get more. */
  adaptivePartitioning?: boolean
  /** `partitioner.availability.timeout.ms`: a partition that could not be sent to for so long gets nothing. */
  partitionAvailabilityTimeoutMs?: number
  interceptors?: readonly ProducerInterceptor[]
}

export interface ProducerSettings {
  acks: -1 | 0 | 1
  idempotent: boolean
  transactionalId: string | null
  transactionTimeoutMs: number
  compression: CompressionType
  compressionLevel: number | null
  lingerMs: number
  lingerWhenIdle: boolean
  batchSizeBytes: number
  maxRequestBytes: number
  bufferMemoryBytes: number
  maxBlockMs: number
  maxInFlight: number
  retries: number
  deliveryTimeoutMs: number
  requestTimeoutMs: number
  partitioner: Partitioner | null
  ignoresKeys: boolean
  adaptivePartitioning: boolean
  partitionAvailabilityTimeoutMs: number
}

export function producerSettings(
  options: ProducerOptions<never, never>,
  requestTimeoutMs: number,
): ProducerSettings {
  const settings: ProducerSettings = {
    acks: options.acks === 'all' || options.acks === undefined ? -1 : options.acks,
    idempotent: options.idempotent ?? defaultIdempotence(options),
    transactionalId: options.transactionalId ?? null,
    transactionTimeoutMs: atLeast(
      'transactionTimeoutMs',
      options.transactionTimeoutMs ?? 60_000,
      1,
    ),
    compression: options.compression ?? 'none',
    compressionLevel: options.compressionLevel ?? null,
    lingerMs: atLeast('lingerMs', options.lingerMs ?? 5, 0),
    lingerWhenIdle: options.lingerWhenIdle ?? false,
    batchSizeBytes: atLeast('batchSizeBytes', options.batchSizeBytes ?? 16_384, 0),
    maxRequestBytes: atLeast('maxRequestBytes', options.maxRequestBytes ?? 1_048_576, 1),
    bufferMemoryBytes: atLeast('bufferMemoryBytes', options.bufferMemoryBytes ?? 33_554_432, 1),
    maxBlockMs: atLeast('maxBlockMs', options.maxBlockMs ?? 60_000, 0),
    maxInFlight: atLeast('maxInFlight', options.maxInFlight ?? 5, 1),
    retries: atLeast('retries', options.retries ?? 2_147_483_647, 0),
    deliveryTimeoutMs: 0,
    requestTimeoutMs: options.requestTimeoutMs ?? requestTimeoutMs,
    partitioner: options.partitioner ?? null,
    ignoresKeys: options.partitionerIgnoresKeys ?? false,
    adaptivePartitioning: options.adaptivePartitioning ?? true,
    partitionAvailabilityTimeoutMs: options.partitionAvailabilityTimeoutMs ?? 0,
  }
  const leastMs = settings.lingerMs + settings.requestTimeoutMs
  settings.deliveryTimeoutMs = options.deliveryTimeoutMs ?? Math.max(120_000, leastMs)
  check(settings, leastMs)
  return settings
}

/** On, unless another choice that was made explicitly rules it out. */
function defaultIdempotence(options: ProducerOptions<never, never>): boolean {
  const { acks, retries, maxInFlight } = options
  if (options.transactionalId !== undefined) return true
  if (acks === 0 || acks === 1 || retries === 0) return false
  return maxInFlight === undefined || maxInFlight <= IDEMPOTENT_MAX_IN_FLIGHT
}

function check(settings: ProducerSettings, leastMs: number): void {
  if (![-1, 0, 1].includes(settings.acks)) throw new ConfigError("acks must be 'all', 1 or 0")
  if (!isCompressionType(settings.compression)) {
    throw new ConfigError(`unknown compression ${String(settings.compression)}`, {
      hint: 'choose none, gzip, snappy, lz4 or zstd',
    })
  }
  const { levels } = codecByType(settings.compression)
  const level = settings.compressionLevel
  if (level !== null && levels !== null && !(level >= levels.min && level <= levels.max)) {
    throw new ConfigError(
      `compressionLevel of ${settings.compression} must be ${levels.min} to ${levels.max}`,
    )
  }
  if (settings.deliveryTimeoutMs < leastMs) {
    throw new ConfigError(
      `deliveryTimeoutMs (${settings.deliveryTimeoutMs}) must be at least lingerMs + requestTimeoutMs (${leastMs})`,
    )
  }
  if (settings.transactionalId !== null && !settings.idempotent) {
    throw new ConfigError('transactionalId needs idempotent: true')
  }
  if (settings.transactionalId === '') throw new ConfigError('transactionalId must not be empty')
  if (!settings.idempotent) return
  if (settings.acks !== -1) throw new ConfigError("idempotent: true needs acks: 'all'")
  if (settings.retries === 0) throw new ConfigError('idempotent: true needs retries above 0')
  if (settings.maxInFlight > IDEMPOTENT_MAX_IN_FLIGHT) {
    throw new ConfigError(
      `idempotent: true needs maxInFlight of at most ${IDEMPOTENT_MAX_IN_FLIGHT}`,
    )
  }
}
