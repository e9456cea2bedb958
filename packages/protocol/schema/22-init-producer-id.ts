import { bool, int16, int32, int64, message, string } from './dsl.ts'

export const InitProducerIdRequest = message({
  name: 'InitProducerIdRequest',
  kind: 'request',
  apiKey: 22,
  versions: '0-6',
  flexible: '2+',
  listeners: ['broker'],
  latestVersionUnstable: true,
  doc: 'Gives a producer its id and epoch; fences older ones and ends their transaction.',
  history: {
    3: 'A producer may go on with the id and epoch it has (KIP-360).',
    4: 'PRODUCER_FENCED may be answered.',
    5: 'TRANSACTION_ABORTABLE may be answered (KIP-890).',
    6: 'Two-phase commit (KIP-939).',
  },
  fields: {
    transactionalId: string({ nullable: '0+' }),
    transactionTimeoutMs: int32(),
    producerId: int64({ versions: '3+', default: -1 }),
    producerEpoch: int16({ versions: '3+', default: -1 }),
    enable2Pc: bool({ versions: '6+', default: false }),
    keepPreparedTxn: bool({ versions: '6+', default: false }),
  },
})

export const InitProducerIdResponse = message({
  name: 'InitProducerIdResponse',
  kind: 'response',
  apiKey: 22,
  versions: '0-6',
  flexible: '2+',
  doc: "The producer's id and epoch.",
  fields: {
    throttleTimeMs: int32({ ignorable: true }),
    errorCode: int16(),
    producerId: int64({ default: -1 }),
    producerEpoch: int16(),
    ongoingTxnProducerId: int64({ versions: '6+', default: -1 }),
    ongoingTxnProducerEpoch: int16({ versions: '6+', default: -1 }),
  },
})
