import { describe, expect, test } from 'vitest'
import { formatCleanShutdown, parseCleanShutdown } from '../../src/files/clean-shutdown.ts'
import { formatCheckpoint, parseCheckpoint } from '../../src/files/checkpoint-file.ts'
import {
  markedDirectoryName,
  parsePartitionDirectory,
  parseSegmentFileName,
  segmentFileName,
} from '../../src/files/file-names.ts'
import { formatEpochs, parseEpochs } from '../../src/files/leader-epoch-checkpoint.ts'
import { formatMetaProperties, parseMetaProperties } from '../../src/files/meta-properties.ts'
import { formatOffsets, parseOffsets } from '../../src/files/offset-checkpoint.ts'
import {
  formatPartitionMetadata,
  parsePartitionMetadata,
} from '../../src/files/partition-metadata.ts'
import type { Entropy } from '@barnabas/base'

const entropy: Entropy = {
  nextU32: () => 7,
  fill: (into) => void into.fill(0xab),
  fork: () => entropy,
}

describe('names', () => {
  test('FIL-02 a segment is named by twenty digits of its base offset', () => {
    expect(segmentFileName(0, '.log')).toBe('00000000000000000000.log')
    expect(segmentFileName(9007199254740991, '.timeindex')).toBe('00009007199254740991.timeindex')
    expect(parseSegmentFileName('00000000000000000411.txnindex')).toEqual({
      offset: 411,
      suffix: '.txnindex',
      state: '',
    })
  })

  test('FIL-17 names of segments that are being replaced', () => {
    for (const state of ['.cleaned', '.swap', '.deleted'] as const) {
      const name = segmentFileName(5, '.index', state)
      expect(name).toBe(`00000000000000000005.index${state}`)
      expect(parseSegmentFileName(name)).toEqual({ offset: 5, suffix: '.index', state })
    }
    for (const name of [
      '5.log',
      '00000000000000000005.logs',
      'x',
      '00000000000000000005.log.tmp',
    ]) {
      expect(parseSegmentFileName(name)).toBeNull()
    }
  })

  test('FIL-01 partition directories, live and marked', () => {
    expect(parsePartitionDirectory('a-b.c-12')).toEqual({
      topic: 'a-b.c',
      partition: 12,
      state: 'live',
    })
    const name = markedDirectoryName('orders', 3, 'delete', entropy)
    expect(name).toBe(`orders-3.${'ab'.repeat(16)}-delete`)
    expect(parsePartitionDirectory(name)).toEqual({
      topic: 'orders',
      partition: 3,
      state: 'delete',
    })
    const long = markedDirectoryName('t'.repeat(249), 3, 'stray', entropy)
    expect(long.length).toBe(255)
    expect(parsePartitionDirectory(long)?.state).toBe('stray')
    for (const other of [
      'lost+found',
      'orders',
      'orders-',
      '-1',
      'orders-x',
      'orders-99999999999',
    ]) {
      expect(parsePartitionDirectory(other)).toBeNull()
    }
  })
})

describe('checkpoints', () => {
  test('FIL-07 leader epochs', () => {
    const text = '0\n2\n0 0\n2 30\n'
    expect(parseEpochs('f', text)).toEqual([
      { epoch: 0, startOffset: 0 },
      { epoch: 2, startOffset: 30 },
    ])
    expect(formatEpochs(parseEpochs('f', text))).toBe(text)
  })

  test('FIL-09 FIL-10 FIL-11 FIL-12 one offset a partition', () => {
    const text = '0\n2\ncompacted-deleted 0 334\ncompacted 0 369\n'
    expect(parseOffsets('f', text)).toEqual([
      { topic: 'compacted-deleted', partition: 0, offset: 334 },
      { topic: 'compacted', partition: 0, offset: 369 },
    ])
    expect(formatOffsets(parseOffsets('f', text))).toBe(text)
  })

  test('FIL-13 what is no checkpoint is refused', () => {
    expect(parseCheckpoint('f', formatCheckpoint([]))).toEqual([])
    for (const text of ['', '1\n0\n', '0\n', '0\nx\n', '0\n2\na\n', '0\n1\na\nb\n', '0\n-1\n']) {
      expect(() => parseCheckpoint('f', text), JSON.stringify(text)).toThrow('f: ')
    }
    for (const text of ['0\n1\na 1\n', '0\n1\na b 2\n', '0\n1\na 1 99999999999999999\n']) {
      expect(() => parseOffsets('f', text), text).toThrow('f: ')
    }
    expect(() => parseEpochs('f', '0\n1\n1 2 3\n')).toThrow('f: ')
  })
})

describe('small files', () => {
  test('FIL-08 partition.metadata', () => {
    const text = 'version: 0\ntopic_id: SxH9q-ZnQm2sCIIxAR3B1Q'
    expect(parsePartitionMetadata('f', text)).toBe('SxH9q-ZnQm2sCIIxAR3B1Q')
    expect(formatPartitionMetadata('SxH9q-ZnQm2sCIIxAR3B1Q')).toBe(text)
    for (const bad of [
      '',
      'version: 1\n',
      'version: 0\n',
      `version: 0\ntopic_id: ${'A'.repeat(22)}`,
    ]) {
      expect(() => parsePartitionMetadata('f', bad)).toThrow('f: ')
    }
  })

  test('FIL-14 meta.properties', () => {
    const text =
      '#\n#Mon Nov 23 04:19:38 UTC 2026\nnode.id=1\ndirectory.id=lGlAzuBTQrmHvsjqRaInog\nversion=1\ncluster.id=S2Fma2FHb2xkZW40MDMwMQ\n'
    const properties = parseMetaProperties('f', text)
    expect(properties).toEqual({
      version: 1,
      clusterId: 'S2Fma2FHb2xkZW40MDMwMQ',
      nodeId: 1,
      directoryId: 'lGlAzuBTQrmHvsjqRaInog',
      others: new Map(),
    })
    expect(parseMetaProperties('f', formatMetaProperties(properties))).toEqual(properties)
    expect(parseMetaProperties('f', 'version=0\nbroker.id=4\nextra : x\n')).toEqual({
      version: 0,
      clusterId: null,
      nodeId: 4,
      directoryId: null,
      others: new Map([['extra', 'x']]),
    })
    for (const bad of ['', 'version=2\n', 'version=1\nnode.id=1\n', 'version=0\nbroker.id=x\n']) {
      expect(() => parseMetaProperties('f', bad)).toThrow('f: ')
    }
  })

  test('FIL-15 the marker of an orderly stop', () => {
    expect(formatCleanShutdown(213)).toBe('{"version":0,"brokerEpoch":213}')
    expect(parseCleanShutdown('{"version":0,"brokerEpoch":213}')).toBe(213)
    expect(parseCleanShutdown('')).toBe(-1)
    expect(parseCleanShutdown('{"version":9}')).toBe(-1)
  })
})
