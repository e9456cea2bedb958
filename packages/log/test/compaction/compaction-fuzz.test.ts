/**
 * Random logs, compacted at random moments, killed and crashed in the middle of it, against a model that
 * never forgets a record. Whatever happens: offsets and contents of what is left never change, a reader
 * of committed records arrives at the state of all records, tombstones stay their time, and producers are
 * known after any start.
 */
import { type Entropy, randomBelow, seededEntropy } from '@barnabas/base'
import type { MemoryFileSystem } from '@barnabas/base/testing'
import {
  BatchBuilder,
  type BatchBuilderOptions,
  compressionCodecs,
  decodeRecords,
  endTransactionMarkerBatch,
  readBatches,
} from '@barnabas/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PartitionLog } from '../../src/partition-log.ts'
import { type LogUnderTest, mustAppend, openLog } from '../support/partition-log.ts'
import { batchesOf, cleanerOf, COMPACT, ROOT } from './support.ts'

const RETENTION_MS = 5000
const CONFIG = {
  ...COMPACT,
  deleteRetentionMs: RETENTION_MS,
  segmentBytes: 1500,
  indexIntervalBytes: 150,
  producerIdExpirationMs: 9e15,
}
const TRANSACTIONAL = [30, 31, 32]

interface ModelRecord {
  key: string
  value: string | null
  text: string
  /** Null while its transaction is open. */
  isCommitted: boolean | null
}

interface ModelProducer {
  nextSequence: number
  lastOffset: number
  /** Offsets of its open transaction. */
  open: number[] | null
}

type Step =
  | { do: 'append'; producer: number; count: number }
  | { do: 'end'; producer: number; commit: boolean }
  | { do: 'roll' }
  | { do: 'advance'; ms: number }
  | { do: 'compact'; small: boolean }
  | { do: 'compact and crash'; at: number; lose: boolean }
  | { do: 'restart'; how: 'clean' | 'kill' | 'without snapshots' }

class Simulation {
  private under: LogUnderTest
  private readonly random: Entropy
  private readonly records = new Map<number, ModelRecord>()
  private readonly producers = new Map<number, ModelProducer>()
  /** By offset of a tombstone: when it may go. */
  private readonly horizons = new Map<number, number>()
  private cleanedUpTo = 0
  /** What may have been compacted at any time. */
  private touchedUpTo = 0
  private appended = 0

  constructor(under: LogUnderTest, seed: number) {
    this.under = under
    this.random = seededEntropy(seed)
  }

  private get log(): PartitionLog {
    return this.under.log
  }

  private get nowMs(): number {
    return this.under.world.clock.nowMs()
  }

  async run(step: Step): Promise<void> {
    switch (step.do) {
      case 'append':
        return this.append(step.producer, step.count)
      case 'end':
        return this.endTransaction(step.producer, step.commit)
      case 'roll':
        return this.log.rollSegment()
      case 'advance':
        return this.under.world.advance(step.ms)
      case 'compact':
        return this.compact(step.small)
      case 'compact and crash':
        return this.crash(step.at, step.lose)
      case 'restart':
        return this.restart(step.how)
    }
  }

  private below(limit: number): number {
    return randomBelow(this.random, limit)
  }

  private async append(producerId: number, count: number): Promise<void> {
    const isTransactional = TRANSACTIONAL.includes(producerId)
    const producer = this.producers.get(producerId) ?? {
      nextSequence: 0,
      lastOffset: -1,
      open: null,
    }
    const options: BatchBuilderOptions = {
      compression: compressionCodecs[this.below(compressionCodecs.length)]!.type,
    }
    if (producerId > 0) {
      Object.assign(options, { producerId, producerEpoch: 1, isTransactional })
      options.baseSequence = producer.nextSequence
    }
    const builder = new BatchBuilder(options)
    const base = this.log.nextOffset
    for (let n = 0; n < count; n++) {
      const key = `key-${this.below(8)}`
      const value = this.below(5) === 0 ? null : `${this.appended++} ${'x'.repeat(this.below(40))}`
      const timestamp = this.nowMs - 1000 + this.below(2000)
      const header = this.below(3) === 0 ? `header ${n}` : null
      const headers = header === null ? [] : [{ key: 'h', value: Buffer.from(header) }]
      builder.append(
        timestamp,
        Buffer.from(key),
        value === null ? null : Buffer.from(value),
        headers,
      )
      const isCommitted = isTransactional ? null : true
      const text = textOf(key, value, timestamp, header)
      this.records.set(base + n, { key, value, text, isCommitted })
      if (isTransactional) (producer.open ??= []).push(base + n)
    }
    await mustAppend(this.log, builder.build())
    if (producerId === 0) return
    producer.nextSequence += count
    producer.lastOffset = base + count - 1
    this.producers.set(producerId, producer)
  }

  private async endTransaction(producerId: number, commit: boolean): Promise<void> {
    const producer = this.producers.get(producerId)
    if (producer === undefined || producer.open === null) return
    const marker = endTransactionMarkerBatch({
      commit,
      coordinatorEpoch: 2,
      producerId,
      producerEpoch: 1,
      timestampMs: this.nowMs,
    })
    await mustAppend(this.log, marker, { origin: 'coordinator' })
    for (const offset of producer.open) this.records.get(offset)!.isCommitted = commit
    producer.open = null
  }

  private async compact(small: boolean): Promise<void> {
    this.touchedUpTo = Math.max(this.touchedUpTo, this.log.segments.at(-1)!.baseOffset)
    const cleaner = cleanerOf(this.under, {
      pieceBytes: 50 + this.below(3000),
      config: small ? { dedupeBufferBytes: 24 * 5 } : {},
    })
    if (!(await cleaner.cleanFilthiest())) return
    expect(cleaner.uncleanableLogs).toEqual([])
    this.cleanedUpTo = (await cleaner.cleanedUpTo({ log: this.log, directory: ROOT }))!
    await this.check()
    await this.checkCompacted()
  }

  /** The machine stops at the n-th operation on its disk. */
  private async crash(at: number, lose: boolean): Promise<void> {
    await this.log.flush()
    this.touchedUpTo = Math.max(this.touchedUpTo, this.log.segments.at(-1)!.baseOffset)
    const { files, world, log } = this.under
    let left: MemoryFileSystem | null = null
    let operations = 0
    const stop = () => (lose ? files.crash(this.random.fork(`crash ${at}`)) : files.kill())
    files.delay = () => {
      if (operations++ === at) left = stop()
      return null
    }
    const cleaner = cleanerOf(this.under, { pieceBytes: 50 + this.below(3000) })
    await cleaner.cleanFilthiest().catch(() => {})
    files.delay = null
    this.under = await openLog({
      world,
      files: left ?? stop(),
      config: CONFIG,
      recoveryPoint: log.recoveryPoint,
      logStartOffset: log.logStartOffset,
      highWatermark: log.highWatermark,
    })
    const names = await this.under.files.list(`${ROOT}/t-0`)
    expect(names.filter((name) => /cleaned|swap|deleted/.test(name))).toEqual([])
    await this.check()
  }

  private async restart(how: 'clean' | 'kill' | 'without snapshots'): Promise<void> {
    await this.log.flush()
    if (how !== 'without snapshots') {
      this.under = await this.under.reopen(how, { config: CONFIG })
    } else {
      const { world, log } = this.under
      const files = this.under.files.kill()
      for (const name of await files.list(`${ROOT}/t-0`)) {
        if (name.endsWith('.snapshot')) await files.remove(`${ROOT}/t-0/${name}`)
      }
      this.under = await openLog({ world, files, config: CONFIG, highWatermark: log.highWatermark })
    }
    await this.check()
    for (const [id, { nextSequence, lastOffset, open }] of this.producers) {
      const entry = this.log.producers.get(id)
      expect([
        id,
        entry?.epoch,
        entry?.lastSequence,
        entry?.lastDataOffset,
        entry?.hasOpenTransaction,
      ]).toEqual([id, 1, nextSequence - 1, lastOffset, open !== null])
    }
  }

  /** What holds at any time. */
  async check(): Promise<void> {
    const { log } = this
    const end = Math.max(-1, ...this.records.keys()) + 1
    expect(log.logEndOffset).toBeGreaterThanOrEqual(end)
    let previous = -1
    const present = new Set<number>()
    for (const batch of await batchesOf(log)) {
      expect(batch.baseOffset).toBeGreaterThan(previous)
      expect(batch.hasValidCrc()).toBe(true)
      previous = batch.lastOffset
      if (batch.isControl) continue
      for (const record of decodeRecords(batch)) {
        const { offset, timestamp, key, value, headers } = record
        const header = headers[0]?.value?.toString() ?? null
        const text = textOf(key!.toString(), value?.toString() ?? null, timestamp, header)
        expect(`${offset} ${text}`).toBe(`${offset} ${this.records.get(offset)?.text}`)
        present.add(offset)
        const horizon = batch.deleteHorizonMs
        if (value !== null || horizon === null) continue
        expect(this.horizons.get(offset) ?? horizon).toBe(horizon)
        expect(horizon).toBeLessThanOrEqual(this.nowMs + RETENTION_MS)
        this.horizons.set(offset, horizon)
      }
    }
    for (const [offset, { isCommitted }] of this.records) {
      if (offset >= this.touchedUpTo || isCommitted === null) expect(present.has(offset)).toBe(true)
    }
    this.checkState(await this.readCommitted(), log.lastStableOffset)
    const from = this.below(log.logEndOffset + 1)
    const run = await log.read(from, 1, 'logEnd', true)
    const expected = (await batchesOf(log)).find(({ lastOffset }) => lastOffset >= from)
    expect(run.sizeBytes === 0 ? undefined : run.startOffset).toBe(expected?.baseOffset)
  }

  /** Below the end of the round: one record for a key, nothing that was aborted. */
  private async checkCompacted(): Promise<void> {
    const keys = new Map<string, number>()
    for (const batch of await batchesOf(this.log)) {
      if (batch.isControl) continue
      for (const { offset, key } of decodeRecords(batch)) {
        if (offset >= this.cleanedUpTo) return
        expect(this.records.get(offset)!.isCommitted).toBe(true)
        const text = key!.toString()
        expect(keys.get(text)).toBeUndefined()
        keys.set(text, offset)
      }
    }
  }

  private checkState(state: Map<string, number>, lastStableOffset: number): void {
    const newest = new Map<string, number>()
    for (const [offset, { key, isCommitted }] of this.records) {
      if (isCommitted === true && offset < lastStableOffset) newest.set(key, offset)
    }
    for (const [key, offset] of newest) {
      const found = state.get(key)
      const horizon = this.horizons.get(offset)
      const mayBeGone =
        this.records.get(offset)!.value === null && horizon !== undefined && horizon <= this.nowMs
      if (found === undefined && mayBeGone) continue
      expect(`${key} ${found}`).toBe(`${key} ${offset}`)
    }
    for (const key of state.keys()) expect(newest.has(key)).toBe(true)
  }

  /** As a consumer of committed records: the offset of the newest record of each key. */
  private async readCommitted(): Promise<Map<string, number>> {
    const state = new Map<string, number>()
    const aborted = new Set<number>()
    for (let offset = this.log.logStartOffset; ; ) {
      const run = await this.log.read(offset, 700, 'committed', true)
      if (run.sizeBytes === 0) return state
      const ahead = [...run.aborted!].sort((a, b) => a.firstOffset - b.firstOffset)
      for (const batch of readBatches(Buffer.concat(run.parts)).batches) {
        while (ahead[0] !== undefined && ahead[0].firstOffset <= batch.lastOffset) {
          aborted.add(ahead.shift()!.producerId)
        }
        if (batch.isControl) aborted.delete(batch.producerId)
        else if (!batch.isTransactional || !aborted.has(batch.producerId)) {
          for (const record of decodeRecords(batch))
            state.set(record.key!.toString(), record.offset)
        }
      }
      offset = run.endOffset
    }
  }
}

function textOf(key: string, value: string | null, timestamp: number, header: string | null) {
  return JSON.stringify([key, value, timestamp, header])
}

const producer = fc.constantFrom(0, 0, 10, 11, ...TRANSACTIONAL)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      producer,
      count: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      producer: fc.constantFrom(...TRANSACTIONAL),
      commit: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'roll' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.integer({ min: 1, max: 2 * RETENTION_MS }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('compact' as const), small: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('compact and crash' as const),
      at: fc.integer({ min: 0, max: 120 }),
      lose: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('restart' as const),
      how: fc.constantFrom('clean' as const, 'kill' as const, 'without snapshots' as const),
    }),
  },
)

const RUNS = Number(process.env.BARNABAS_FUZZ_RUNS ?? 30)
const SEED = Number(process.env.BARNABAS_FUZZ_SEED ?? 20)

test(
  'CMP-03 CMP-04 CMP-05 CMP-07 CMP-09 CMP-10 random logs keep their meaning through compaction and crashes',
  async () => {
    const steps = fc.array(step, { minLength: 30, maxLength: 120, size: 'max' })
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(), async (list, seed) => {
        const under = await openLog({ config: CONFIG })
        for (const path of ['/', ROOT]) await under.files.syncDirectory(path)
        const simulation = new Simulation(under, seed)
        for (const one of list) await simulation.run(one)
        await simulation.check()
        await simulation.run({ do: 'restart', how: 'without snapshots' })
      }),
      { numRuns: RUNS, seed: SEED },
    )
  },
  RUNS * 5000,
)
