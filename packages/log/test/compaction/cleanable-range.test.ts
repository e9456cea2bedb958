import { describe, expect, test } from 'vitest'
import { cleanableRange } from '../../src/compaction/cleanable-range.ts'
import type { CompactableLog } from '../../src/compaction/compactable-log.ts'
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../../src/log-config.ts'
import type { Segment } from '../../src/store/segment-store.ts'

const NOW = 1_000_000

interface TestSegment {
  base: number
  size?: number
  first?: number
  largest?: number
}

function logOf(
  segments: TestSegment[],
  options: { start?: number; stable?: number; end?: number; config?: Partial<LogConfig> } = {},
): CompactableLog {
  const end = options.end ?? segments.at(-1)!.base + 10
  return {
    topic: 't',
    partition: 0,
    name: 't-0',
    config: { ...DEFAULT_LOG_CONFIG, ...options.config },
    logStartOffset: options.start ?? 0,
    logEndOffset: end,
    lastStableOffset: options.stable ?? end,
    isOffline: false,
    segments: segments.map(
      ({ base, size, first, largest }) =>
        ({
          baseOffset: base,
          sizeBytes: size ?? 100,
          readFirstTimestamp: () => first ?? -1,
          maxTimestamp: () => ({ timestamp: largest ?? -1, offset: base }),
        }) as unknown as Segment,
    ),
    producers: { entries: () => [] },
    flush: () => Promise.resolve(),
    maintain: () => Promise.reject(new Error('not asked for')),
  }
}

const four = [{ base: 0 }, { base: 10 }, { base: 20 }, { base: 30 }]

describe('what may be compacted', () => {
  test('CMP-02 everything before the active segment', async () => {
    expect(await cleanableRange(logOf(four), null, NOW)).toMatchObject({
      firstDirtyOffset: 0,
      firstUncleanableOffset: 30,
      cleanBytes: 0,
      cleanableBytes: 300,
      dirtyRatio: 1,
    })
    expect(await cleanableRange(logOf([{ base: 0 }]), null, NOW)).toMatchObject({
      cleanableBytes: 0,
      dirtyRatio: 0,
    })
  })

  test('CMP-02 nothing from the segment of the last stable offset on', async () => {
    for (const [stable, limit] of [
      [30, 30],
      [29, 20],
      [20, 20],
      [15, 10],
      [3, 0],
    ] as const) {
      const range = await cleanableRange(logOf(four, { stable }), null, NOW)
      expect(range).toMatchObject({ firstUncleanableOffset: limit, cleanableBytes: limit * 10 })
    }
  })

  test('CMP-02 nothing from the first segment on that has a record younger than the lag', async () => {
    const segments = [
      { base: 0, largest: NOW - 5000 },
      { base: 10, largest: NOW - 1000 },
      { base: 20, largest: NOW - 5000 },
      { base: 30 },
    ]
    const limit = async (minCompactionLagMs: number) =>
      (await cleanableRange(logOf(segments, { config: { minCompactionLagMs } }), null, NOW))
        .firstUncleanableOffset
    expect(await limit(0)).toBe(30)
    expect(await limit(1000)).toBe(30)
    expect(await limit(1001)).toBe(10)
    expect(await limit(6000)).toBe(0)
  })

  test('CMP-01 the ratio counts what was compacted before', async () => {
    expect(await cleanableRange(logOf(four), 20, NOW)).toMatchObject({
      firstDirtyOffset: 20,
      cleanBytes: 200,
      cleanableBytes: 100,
      dirtyRatio: 1 / 3,
    })
    // A segment compacted in part counts as dirty as a whole.
    expect(await cleanableRange(logOf(four), 15, NOW)).toMatchObject({
      firstDirtyOffset: 15,
      cleanBytes: 200,
      cleanableBytes: 200,
    })
    expect(await cleanableRange(logOf(four), 30, NOW)).toMatchObject({
      firstUncleanableOffset: 30,
      cleanableBytes: 0,
      dirtyRatio: 0,
    })
  })

  test('a checkpoint outside of the log begins again at its start', async () => {
    const before = await cleanableRange(logOf(four, { start: 12 }), 5, NOW)
    expect(before).toMatchObject({ firstDirtyOffset: 12, isCheckpointInvalid: true })
    const behind = await cleanableRange(logOf(four, { start: 12 }), 41, NOW)
    expect(behind).toMatchObject({ firstDirtyOffset: 12, isCheckpointInvalid: true })
    const none = await cleanableRange(logOf(four, { start: 12 }), null, NOW)
    expect(none).toMatchObject({ firstDirtyOffset: 12, isCheckpointInvalid: false })
    const end = await cleanableRange(logOf(four), 40, NOW)
    expect(end).toMatchObject({ firstDirtyOffset: 40, cleanableBytes: 0 })
  })

  test('CMP-01 records that wait longer than max.compaction.lag.ms are overdue', async () => {
    const segments = [
      { base: 0, first: NOW - 90_000 },
      { base: 10, first: NOW - 20_000 },
      { base: 20, first: NOW - 50_000 },
      { base: 30, first: NOW - 99_000 },
    ]
    const overdue = async (maxCompactionLagMs: number, checkpoint: number | null) =>
      (await cleanableRange(logOf(segments, { config: { maxCompactionLagMs } }), checkpoint, NOW))
        .overdueMs
    expect(await overdue(60_000, null)).toBe(30_000)
    expect(await overdue(60_000, 10)).toBe(0)
    expect(await overdue(40_000, 10)).toBe(10_000)
    expect(await overdue(DEFAULT_LOG_CONFIG.maxCompactionLagMs, null)).toBe(0)
  })
})
