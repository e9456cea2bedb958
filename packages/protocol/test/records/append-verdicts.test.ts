/**
 * Batches, good and bad, with what the validator of Apache Kafka 4.3.1 made of them at the same rules and
 * the same time: error code and record errors, or the batch and records it would have stored at offset 0.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import {
  type AppendRules,
  BatchView,
  codecByCode,
  decodeRecords,
  validateForAppend,
} from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { hexOf } from './vectors.ts'

interface Verdict {
  compression: AppendRules['compression']
  isCompacted: boolean
  timestampType: AppendRules['timestampType']
  timestampBeforeMaxMs: number
  timestampAfterMaxMs: number
  hex: string
  errorCode?: number
  recordErrors?: number[]
  batch?: unknown
  records?: unknown
}

const NOW = 1_800_000_000_000
const file = new URL('../fixtures/records/append-verdicts.jsonl.gz', import.meta.url)
const verdicts = gunzipSync(readFileSync(file))
  .toString('utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Verdict)

function outcome(verdict: Verdict): unknown {
  const { compression, isCompacted, timestampType } = verdict
  const { timestampBeforeMaxMs, timestampAfterMaxMs } = verdict
  const rules: AppendRules = {
    origin: 'client',
    topicPartition: 'orders-3',
    compression,
    isCompacted,
    timestampType,
    timestampBeforeMaxMs,
    timestampAfterMaxMs,
    maxMessageBytes: 1_000_000,
    segmentBytes: 1_000_000,
  }
  const result = validateForAppend(new BatchView(Buffer.from(verdict.hex, 'hex')), rules, NOW)
  if (!result.accepted) {
    const recordErrors = result.recordErrors.map((error) => error.batchIndex)
    return { errorCode: result.errorCode, recordErrors }
  }
  const { batch } = result
  expect(batch.hasValidCrc()).toBe(true)
  expect(result.logAppendTimeMs).toBe(timestampType === 'LogAppendTime' ? NOW : -1)
  return {
    batch: {
      baseOffset: batch.baseOffset,
      lastOffset: batch.lastOffset,
      count: batch.recordCount,
      maxTimestamp: batch.maxTimestamp,
      timestampType: batch.isLogAppendTime ? 'LogAppendTime' : 'CreateTime',
      compression: codecByCode(batch.compressionCode).type,
      producerId: batch.producerId,
      producerEpoch: batch.producerEpoch,
      baseSequence: batch.baseSequence,
      transactional: batch.isTransactional,
    },
    records: decodeRecords(batch).map((record) => ({
      offset: record.offset,
      timestamp: record.timestamp,
      key: hexOf(record.key),
      value: hexOf(record.value),
      headers: record.headers.length,
    })),
  }
}

const titles: [title: string, errorCode: number][] = [
  ['PRD-15 PRD-16 PRD-17 PRD-18 invalid records are rejected as by Apache Kafka', 87],
  ['PRD-19 invalid timestamps are rejected as by Apache Kafka', 32],
  ['PRD-21 PRD-22 PRD-23 what is accepted is stored as by Apache Kafka', 0],
]

test.each(titles)('%s', (_title, code) => {
  const chosen = verdicts.filter((verdict) => (verdict.errorCode ?? 0) === code)
  expect(chosen.length).toBeGreaterThan(50)
  for (const verdict of chosen) {
    const { errorCode, recordErrors, batch, records } = verdict
    expect(outcome(verdict)).toEqual(
      errorCode === undefined ? { batch, records } : { errorCode, recordErrors },
    )
  }
})
