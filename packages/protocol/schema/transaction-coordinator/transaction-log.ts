import { array, int16, int32, int64, int8, message, string, struct } from '../dsl.ts'

export const TransactionLogKey = message({
  name: 'TransactionLogKey',
  kind: 'coordinator-key',
  apiKey: 0,
  versions: '0',
  flexible: 'none',
  doc: 'Key of TransactionLogValue.',
  fields: {
    transactionalId: string(),
  },
})

const PartitionsSchema = struct('PartitionsSchema', {
  topic: string(),
  partitionIds: array(int32()),
})

export const TransactionLogValue = message({
  name: 'TransactionLogValue',
  kind: 'coordinator-value',
  apiKey: 0,
  versions: '0-1',
  flexible: '1+',
  doc: 'A transactional id: its producer, state and partitions.',
  fields: {
    producerId: int64(),
    previousProducerId: int64({ versions: '1+', tag: 0, default: -1 }),
    nextProducerId: int64({ versions: '1+', tag: 1, default: -1 }),
    producerEpoch: int16(),
    nextProducerEpoch: int16({ versions: '1+', tag: 3, default: -1 }),
    transactionTimeoutMs: int32(),
    transactionStatus: int8(),
    transactionPartitions: array(PartitionsSchema, { nullable: '0+' }),
    transactionLastUpdateTimestampMs: int64({ as: 'saturate' }),
    transactionStartTimestampMs: int64({ as: 'saturate' }),
    clientTransactionVersion: int16({ versions: '1+', tag: 2, default: 0 }),
  },
})
