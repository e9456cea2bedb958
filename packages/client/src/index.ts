export * from './admin/admin-topics.ts'
export { Admin } from './admin/admin.ts'
export { ACL_OPERATIONS, type AclOperation } from './admin/operations.ts'
export { Client } from './client.ts'
export type { CallOptions } from './core/caller.ts'
export * from './diagnostics.ts'
export * from './errors.ts'
export type { ClientOptions } from './options.ts'
export type { OauthToken, SaslExchange, SaslMechanism, SaslOptions } from './sasl/index.ts'
export type { RecordMetadata, SendResult, SentRange } from './producer/delivery.ts'
export { SendError } from './producer/delivery.ts'
export { type Partitioner, type PartitionerInput, partitionOfKey } from './producer/partitioner.ts'
export type { ProducerInterceptor, ProducerOptions } from './producer/producer-options.ts'
export {
  Producer,
  type ProducerRecord,
  type SendOptions,
  type Transaction,
} from './producer/producer.ts'
export type { GroupIdentity, OffsetToCommit } from './producer/transaction-manager.ts'
export type { HeadersInit, HeaderValue } from './serialization/headers.ts'
export * as serdes from './serialization/serializers.ts'
export type {
  BytesLike,
  Deserializer,
  Serde,
  SerializationContext,
  Serializer,
} from './serialization/serializers.ts'
