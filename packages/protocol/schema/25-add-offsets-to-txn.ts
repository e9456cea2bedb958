import { int16, int32, int64, message, string } from './dsl.ts'

export const AddOffsetsToTxnRequest = message({
  name: 'AddOffsetsToTxnRequest',
  kind: 'request',
  apiKey: 25,
  versions: '0-4',
  flexible: '3+',
  listeners: ['broker'],
  doc: 'Enlists the offsets partition of a group in a transaction.',
  history: {
    2: 'PRODUCER_FENCED may be answered.',
    4: 'TRANSACTION_ABORTABLE may be answered (KIP-890).',
  },
  fields: {
    transactionalId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    groupId: string(),
  },
})

export const AddOffsetsToTxnResponse = message({
  name: 'AddOffsetsToTxnResponse',
  kind: 'response',
  apiKey: 25,
  versions: '0-4',
  flexible: '3+',
  doc: 'Whether it was enlisted.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
  },
})
