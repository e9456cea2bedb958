import { int32, message } from '../dsl.ts'

export const EndTxnMarker = message({
  name: 'EndTxnMarker',
  kind: 'data',
  versions: '0',
  flexible: 'none',
  fields: {
    coordinatorEpoch: int32(),
  },
})
