export type {
  AcceptedBatch,
  AppendOrigin,
  AppendRejection,
  AppendRules,
  AppendValidation,
  RecordError,
} from './append-rules.ts'
export { validateForAppend } from './append-validation.ts'
export * from './batch-builder.ts'
export { emptyBatchOf } from './batch-header.ts'
export { BatchView, clampInt64, type RunEnd, readBatches } from './batch-view.ts'
export * from './control-records.ts'
export * from './layout.ts'
export { checkProducePayload } from './produce-payload.ts'
export * from './record-cursor.ts'
export * from './record-decode.ts'
export { type RecordScan, scanRecords } from './record-scan.ts'
export { recordBytesMax } from './record-writer.ts'
export { downConvert, upConvert } from './legacy-convert.ts'
export { decodeLegacyRecords, LegacyMessage, legacyMessageAt } from './legacy-message.ts'
export {
  type LegacyMagic,
  type LegacyRecord,
  type LegacySetOptions,
  writeLegacySet,
} from './legacy-writer.ts'
export { decodeStoredRecords, readStoredBatches, type StoredBatch } from './stored-batches.ts'
