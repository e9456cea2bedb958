/**
 * The records of the cluster metadata log, Kafka's own. A record is its type's name, the version it is
 * written in and its fields; in the log it stands as `uvarint 1, uvarint type, uvarint version, fields`.
 */
import { assert, MalformedError } from '@barnabas/base'
import {
  AbortTransactionRecord,
  AccessControlEntryRecord,
  BeginTransactionRecord,
  BrokerRegistrationChangeRecord,
  ClearElrRecord,
  ClientQuotaRecord,
  ConfigRecord,
  DelegationTokenRecord,
  EndTransactionRecord,
  FeatureLevelRecord,
  FenceBrokerRecord,
  type MessageType,
  NoOpRecord,
  PartitionChangeRecord,
  PartitionRecord,
  ProducerIdsRecord,
  Reader,
  RegisterBrokerRecord,
  RegisterControllerRecord,
  RemoveAccessControlEntryRecord,
  RemoveDelegationTokenRecord,
  RemoveTopicRecord,
  RemoveUserScramCredentialRecord,
  TopicRecord,
  UnfenceBrokerRecord,
  UnregisterBrokerRecord,
  UserScramCredentialRecord,
  Writer,
  ZkMigrationStateRecord,
} from '@barnabas/protocol'

/** Every type of record that may stand in the log, by its name. */
const RECORD_TYPES = {
  AbortTransactionRecord,
  AccessControlEntryRecord,
  BeginTransactionRecord,
  BrokerRegistrationChangeRecord,
  ClearElrRecord,
  ClientQuotaRecord,
  ConfigRecord,
  DelegationTokenRecord,
  EndTransactionRecord,
  FeatureLevelRecord,
  FenceBrokerRecord,
  NoOpRecord,
  PartitionChangeRecord,
  PartitionRecord,
  ProducerIdsRecord,
  RegisterBrokerRecord,
  RegisterControllerRecord,
  RemoveAccessControlEntryRecord,
  RemoveDelegationTokenRecord,
  RemoveTopicRecord,
  RemoveUserScramCredentialRecord,
  TopicRecord,
  UnfenceBrokerRecord,
  UnregisterBrokerRecord,
  UserScramCredentialRecord,
  ZkMigrationStateRecord,
}

type RecordTypes = typeof RECORD_TYPES
export type MetadataRecordName = keyof RecordTypes
type DataOf<N extends MetadataRecordName> = RecordTypes[N] extends MessageType<infer D> ? D : never

export interface RecordOf<N extends MetadataRecordName> {
  readonly type: N
  readonly version: number
  readonly data: DataOf<N>
}

/** One record; `type` tells which fields `data` has. */
export type MetadataRecord = { [N in MetadataRecordName]: RecordOf<N> }[MetadataRecordName]

/** A record whose fields are the defaults, overwritten by `fields`. */
export function metadataRecord<N extends MetadataRecordName>(
  type: N,
  version: number,
  fields: Partial<DataOf<N>>,
): MetadataRecord {
  const data = messageType(type).create(fields as never)
  return { type, version, data } as unknown as MetadataRecord
}

const FRAME_VERSION = 1
const NAMES_BY_KEY = new Map(
  Object.entries(RECORD_TYPES).map(([name, type]) => [type.apiKey, name as MetadataRecordName]),
)

/** The record as the value of a log record. */
export function encodeMetadataRecord(record: MetadataRecord): Uint8Array {
  const type = messageType(record.type)
  const writer = new Writer(256)
  writer.unsignedVarint(FRAME_VERSION)
  writer.unsignedVarint(type.apiKey)
  writer.unsignedVarint(record.version)
  type.write(writer, record.data as never, record.version)
  return writer.finishBuffer()
}

/** The record that stands in the value of a log record. Byte fields are views into `bytes`. */
export function decodeMetadataRecord(bytes: Uint8Array): MetadataRecord {
  const reader = new Reader(bytes)
  const frame = reader.unsignedVarint()
  if (frame !== FRAME_VERSION) {
    throw new MalformedError(`metadata record in frame version ${frame}; known is ${FRAME_VERSION}`)
  }
  const key = reader.unsignedVarint()
  const name = NAMES_BY_KEY.get(key)
  if (name === undefined) throw new MalformedError(`metadata record of unknown type ${key}`)
  const version = reader.unsignedVarint()
  const type = messageType(name)
  if (version > type.maxVersion) {
    throw new MalformedError(
      `${name} of version ${version}; the newest known is ${type.maxVersion}`,
    )
  }
  const data = type.read(reader, version)
  if (reader.remaining > 0) {
    throw new MalformedError(`${reader.remaining} bytes left behind a ${name}`)
  }
  return { type: name, version, data } as unknown as MetadataRecord
}

function messageType(name: MetadataRecordName): MessageType<object> {
  const type = RECORD_TYPES[name]
  assert(type !== undefined, `no metadata record is called ${name}`)
  return type as unknown as MessageType<object>
}
