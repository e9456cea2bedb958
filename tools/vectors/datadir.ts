/**
 * Opens the data directories that Kafka's own broker left, after an orderly stop and after a kill, and
 * compares every partition with what that broker answered just before: offsets, epochs, every record as
 * readers of all and of committed records see it, and the producers. Each copy is opened twice, the
 * second time as this log left it.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHostWorld } from '@barnabas/host'
import { DEFAULT_LOG_CONFIG, LogManager, type PartitionLog } from '@barnabas/log'
import { decodeRecords, readBatches } from '@barnabas/protocol'
import { Tally } from './tally.ts'

interface ExpectedRecords {
  records: number
  sha256: string
}

interface ExpectedPartition {
  topic: string
  partition: number
  logStartOffset: number
  endOffset: number
  lastStableOffset: number
  leaderEpoch: number
  maxTimestamp: number
  maxTimestampOffset: number
  read_uncommitted: ExpectedRecords
  read_committed: ExpectedRecords
  producers: {
    producerId: number
    epoch: number
    lastSequence: number
    lastTimestamp: number
    coordinatorEpoch: number | null
    currentTransactionStartOffset: number | null
  }[]
}

interface Expected {
  clusterId: string
  topics: Record<string, { topicId: string }>
  partitions: ExpectedPartition[]
}

const CONFIG = {
  ...DEFAULT_LOG_CONFIG,
  retentionMs: -1,
  cleanup: { delete: false, compact: false },
  // The records are years old; their producers are to be kept all the same.
  producerIdExpirationMs: Number.MAX_SAFE_INTEGER,
}

export async function runDatadir(directory: string): Promise<Tally> {
  const tally = new Tally('datadir')
  for (const copy of ['clean', 'killed']) {
    const expected = JSON.parse(
      readFileSync(join(directory, `expected-${copy}.json`), 'utf8'),
    ) as Expected
    const data = mkdtempSync(join(tmpdir(), `barnabas-${copy}-`))
    try {
      const { status, stderr } = spawnSync(
        'tar',
        ['xzf', join(directory, `${copy}.tar.gz`), '-C', data],
        { encoding: 'utf8' },
      )
      if (status !== 0) throw new Error(`tar: ${stderr}`)
      for (const round of ['first', 'second']) {
        await compareCopy(tally, `${copy}, ${round} start`, data, expected)
      }
    } finally {
      rmSync(data, { recursive: true, force: true })
    }
  }
  return tally
}

async function compareCopy(
  tally: Tally,
  title: string,
  data: string,
  expected: Expected,
): Promise<void> {
  const epochsOf = ({ topic, partition }: ExpectedPartition) =>
    readFileSync(join(data, `${topic}-${partition}`, 'leader-epoch-checkpoint'), 'utf8')
  const epochs = expected.partitions.map(epochsOf)
  const manager = await LogManager.open({
    directories: [data],
    identity: { clusterId: expected.clusterId, nodeId: 1 },
    world: createHostWorld({ logLevel: 'error' }),
    configOf: () => CONFIG,
    foreignTopics: ['__cluster_metadata'],
  })
  try {
    const names = new Set([...manager.logs()].map(({ name }) => name))
    for (const { topic, partition } of expected.partitions) names.delete(`${topic}-${partition}`)
    tally.check(`${title}: no other partition`, () => assert.deepEqual([...names], []))
    for (const partition of expected.partitions) {
      const log = manager.get(partition.topic, partition.partition)
      const at = `${title}: ${partition.topic}-${partition.partition}`
      tally.check(at, () => assert.ok(log, 'missing'))
      if (log === undefined) continue
      await comparePartition(tally, at, log, partition, expected.topics[log.topic]?.topicId)
    }
  } finally {
    await manager.close(1)
  }
  for (const [n, partition] of expected.partitions.entries()) {
    tally.check(`${title}: leader epochs of ${partition.topic}-${partition.partition}`, () =>
      assert.equal(epochsOf(partition), epochs[n]),
    )
  }
}

async function comparePartition(
  tally: Tally,
  title: string,
  log: PartitionLog,
  expected: ExpectedPartition,
  topicId: string | undefined,
): Promise<void> {
  log.setHighWatermark(log.logEndOffset)
  // An epoch that wrote nothing is forgotten at start, and known again once it leads.
  log.startEpoch(expected.leaderEpoch)
  tally.check(`${title} offsets`, () => {
    const { logStartOffset, endOffset, lastStableOffset, leaderEpoch } = expected
    assert.deepEqual(
      [log.logStartOffset, log.logEndOffset, log.lastStableOffset, log.latestEpoch, log.topicId],
      [logStartOffset, endOffset, lastStableOffset, leaderEpoch, topicId],
    )
  })
  const max = await log.offsetOfMaxTimestamp()
  tally.check(`${title} largest timestamp`, () => {
    assert.deepEqual(
      [max?.timestamp ?? -1, max?.offset ?? -1],
      [expected.maxTimestamp, expected.maxTimestampOffset],
    )
  })
  for (const isolation of ['uncommitted', 'committed'] as const) {
    const found = await digest(log, isolation === 'committed')
    tally.check(`${title} ${isolation} records`, () =>
      assert.deepEqual(found, expected[`read_${isolation}`]),
    )
  }
  for (const producer of expected.producers) {
    tally.check(`${title} producer ${producer.producerId}`, () => {
      const entry = log.producers.get(producer.producerId)
      assert.deepEqual(
        [
          entry?.epoch,
          entry?.lastSequence,
          entry?.lastTimestamp,
          entry?.coordinatorEpoch,
          entry?.currentTransactionFirstOffset,
        ],
        [
          producer.epoch,
          producer.lastSequence,
          producer.lastTimestamp,
          producer.coordinatorEpoch ?? -1,
          producer.currentTransactionStartOffset ?? -1,
        ],
      )
    })
  }
}

/** Reads as a consumer does, leaving out control records and, when asked, aborted ones. */
async function digest(log: PartitionLog, onlyCommitted: boolean): Promise<ExpectedRecords> {
  const hash = createHash('sha256')
  let records = 0
  const aborted = new Set<number>()
  for (let offset = log.logStartOffset; ; ) {
    const isolation = onlyCommitted ? 'committed' : 'highWatermark'
    const run = await log.read(offset, 4096, isolation, true)
    if (run.sizeBytes === 0) return { records, sha256: hash.digest('hex') }
    const begin = [...(run.aborted ?? [])].sort((a, b) => a.firstOffset - b.firstOffset)
    for (const batch of readBatches(Buffer.concat(run.parts)).batches) {
      while (begin[0] !== undefined && begin[0].firstOffset <= batch.lastOffset) {
        aborted.add(begin.shift()!.producerId)
      }
      if (batch.isControl) {
        aborted.delete(batch.producerId)
        continue
      }
      if (batch.isTransactional && aborted.has(batch.producerId)) continue
      for (const record of decodeRecords(batch, { fromOffset: offset })) {
        const text = (bytes: Uint8Array | null) =>
          bytes === null ? '-' : Buffer.from(bytes).toString('hex')
        hash.update(
          `${record.offset} ${record.timestamp} ${text(record.key)} ${text(record.value)}\n`,
        )
        records++
      }
    }
    offset = run.endOffset
  }
}
