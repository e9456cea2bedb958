import { array, int16, int32, int64, message, struct, uint32 } from '../dsl.ts'

const ProducerEntry = struct('ProducerEntry', {
  producerId: int64(),
  epoch: int16(),
  lastSequence: int32(),
  lastOffset: int64(),
  offsetDelta: int32(),
  timestamp: int64({ as: 'saturate' }),
  coordinatorEpoch: int32(),
  currentTxnFirstOffset: int64(),
})

export const ProducerSnapshot = message({
  name: 'ProducerSnapshot',
  kind: 'data',
  versions: '1',
  flexible: 'none',
  doc: "The state of a partition's producers, as the snapshot files beside its segments hold it.",
  fields: {
    crc: uint32(),
    producerEntries: array(ProducerEntry),
  },
})
