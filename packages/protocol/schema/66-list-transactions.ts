import { array, int16, int32, int64, message, string, struct } from './dsl.ts'

export const ListTransactionsRequest = message({
  name: 'ListTransactionsRequest',
  kind: 'request',
  apiKey: 66,
  versions: '0-2',
  flexible: '0+',
  listeners: ['broker'],
  doc: 'Asks for the transactional ids of a coordinator (KIP-664).',
  history: {
    1: 'A filter by duration (KIP-994).',
    2: 'A filter by pattern (KIP-1152).',
  },
  fields: {
    stateFilters: array(string()),
    producerIdFilters: array(int64()),
    durationFilter: int64({ versions: '1+', default: -1, as: 'saturate' }),
    transactionalIdPattern: string({ versions: '2+', nullable: '2+', default: null }),
  },
})

const TransactionState = struct('TransactionState', {
  transactionalId: string(),
  producerId: int64(),
  transactionState: string(),
})

export const ListTransactionsResponse = message({
  name: 'ListTransactionsResponse',
  kind: 'response',
  apiKey: 66,
  versions: '0-2',
  flexible: '0+',
  doc: 'Ids with producer and state.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    unknownStateFilters: array(string()),
    transactionStates: array(TransactionState),
  },
})
