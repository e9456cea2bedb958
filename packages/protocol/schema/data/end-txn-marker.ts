import { int32, message } from '../dsl.ts'

export const EndTxnMarker = message({
  name: 'EndTxnMarker',
  kind: 'data',
  versions: '0',
  flexible: 'none',
  doc: 'Value of the control record that ends a transaction in a partition.',
  fields: {
    coordinatorEpoch: int32(),
  },
})
