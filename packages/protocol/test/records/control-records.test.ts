import {
  BatchBuilder,
  BatchView,
  ControlRecordType,
  controlBatch,
  controlRecordKey,
  controlRecordType,
  controlTypeOf,
  decodeRecords,
  endTransactionMarkerBatch,
  LeaderChangeMessage,
  leaderChangeBatch,
  quorumControlMessages,
  readEndTransactionMarker,
  readQuorumControlValue,
  Writer,
} from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { recordVectors } from './vectors.ts'

const vectors = recordVectors('control')
const batchOf = (name: string) =>
  new BatchView(Buffer.from(vectors.find((v) => v.case === name)!.hex, 'hex'))

test.each(vectors)('BAT-01 $case is recognised by its key', (vector) => {
  const batch = new BatchView(Buffer.from(vector.hex, 'hex'))
  const name = vector.batches[0]!.records![0]!.controlType as keyof typeof ControlRecordType
  expect(controlTypeOf(batch)).toBe(ControlRecordType[name])
})

test('BAT-01 unknown kinds are ignored, and batches of data have none', () => {
  expect(controlRecordType(Buffer.from([0, 0, 0, 7]))).toBeNull()
  expect(controlRecordType(Buffer.from([0, 0, 1, 1]))).toBeNull()
  expect(controlRecordType(Buffer.from([0xff, 0xff, 0, 1]))).toBeNull()
  expect(controlRecordType(Buffer.from([0, 0, 0]))).toBeNull()
  expect(controlRecordType(null)).toBeNull()
  expect(controlRecordType(Buffer.from([0, 1, 0, 1, 9]))).toBe(ControlRecordType.COMMIT)
  const data = new BatchBuilder()
  data.append(1, controlRecordKey(ControlRecordType.COMMIT), null)
  expect(controlTypeOf(data.build())).toBeNull()
  expect(readEndTransactionMarker(data.build())).toBeNull()
  expect(controlTypeOf(new BatchBuilder({ isControl: true }).build())).toBeNull()
})

test.each([0, 1, 2147483647])(
  'BAT-02 markers of coordinator epoch %i are the bytes of Apache Kafka',
  (coordinatorEpoch) => {
    for (const commit of [true, false]) {
      const expected = batchOf(
        `${commit ? 'commit' : 'abort'}/coordinator-epoch-${coordinatorEpoch}`,
      )
      const built = endTransactionMarkerBatch({
        commit,
        coordinatorEpoch,
        producerId: 4711,
        producerEpoch: 2,
        timestampMs: expected.baseTimestamp,
        partitionLeaderEpoch: 5,
        baseOffset: expected.baseOffset,
      })
      expect(built.bytes.toString('hex')).toBe(expected.bytes.toString('hex'))
      expect(built.isControl && built.isTransactional).toBe(true)
      expect(built.baseSequence).toBe(-1)
      expect(readEndTransactionMarker(built)).toEqual({ commit, coordinatorEpoch })
    }
  },
)

test('BAT-02 a marker without a value or of another kind is none', () => {
  const builder = new BatchBuilder({ isControl: true })
  builder.append(1, controlRecordKey(ControlRecordType.COMMIT), null)
  expect(readEndTransactionMarker(builder.build())).toBeNull()
  expect(readEndTransactionMarker(batchOf('kraft-version'))).toBeNull()
  expect(readEndTransactionMarker(new BatchBuilder({ isControl: true }).build())).toBeNull()
})

test('BAT-01 the leader change is read and written as by Apache Kafka', () => {
  const expected = batchOf('leader-change/v0')
  const message = readQuorumControlValue(LeaderChangeMessage, decodeRecords(expected)[0]!.value!)
  expect(message.voters.length).toBe(2)
  const built = leaderChangeBatch(message, 0, expected.baseTimestamp, {
    baseOffset: expected.baseOffset,
    partitionLeaderEpoch: expected.partitionLeaderEpoch,
  })
  expect(built.bytes.toString('hex')).toBe(expected.bytes.toString('hex'))
})

test.each(['snapshot-header', 'snapshot-footer', 'kraft-version', 'voters'])(
  'BAT-01 %s is read and written as by Apache Kafka',
  (name) => {
    const expected = batchOf(name)
    const kind = controlTypeOf(expected) as keyof typeof quorumControlMessages
    const type = quorumControlMessages[kind] as typeof LeaderChangeMessage
    const message = readQuorumControlValue(type, decodeRecords(expected)[0]!.value!)
    const writer = new Writer()
    type.write(writer, message, message.version)
    const built = controlBatch(kind, writer.finishBuffer(), expected.baseTimestamp, {
      baseOffset: expected.baseOffset,
      partitionLeaderEpoch: expected.partitionLeaderEpoch,
    })
    expect(built.bytes.toString('hex')).toBe(expected.bytes.toString('hex'))
  },
)
