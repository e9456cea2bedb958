import { bool, int16, int32, int64, message, string } from './dsl.ts'

export const EndTxnRequest = message({
  name: 'EndTxnRequest',
  kind: 'request',
  apiKey: 26,
  versions: '0-5',
  flexible: '3+',
  listeners: ['broker'],
  doc: 'Commits or aborts a transaction.',
  history: {
    2: 'PRODUCER_FENCED may be answered.',
    4: 'TRANSACTION_ABORTABLE may be answered (KIP-890).',
    5: 'Each transaction ends with a new epoch (KIP-890).',
  },
  fields: {
    transactionalId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    committed: bool(),
  },
})

export const EndTxnResponse = message({
  name: 'EndTxnResponse',
  kind: 'response',
  apiKey: 26,
  versions: '0-5',
  flexible: '3+',
  doc: "Whether the outcome was decided; the producer's next epoch.",
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    producerId: int64({ versions: '5+', default: -1, ignorable: true }),
    producerEpoch: int16({ versions: '5+', default: -1, ignorable: true }),
  },
})
