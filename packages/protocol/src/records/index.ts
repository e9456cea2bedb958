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
