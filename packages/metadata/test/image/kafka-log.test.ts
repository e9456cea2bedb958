import { readBatches } from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'
import {
  type ClusterImage,
  EMPTY_IMAGE,
  encodeControlBatch,
  encodeMetadataBatch,
  encodeMetadataRecord,
  decodeMetadataRecord,
  ImageLoader,
  imageRecords,
  metadataLevel,
  metadataLevelName,
} from '../../src/index.ts'
import {
  batchesOf,
  KAFKA_LOG,
  KAFKA_SNAPSHOTS,
  kafkaFile,
  snapshotRecords,
} from '../support/kafka-log.ts'

interface Expected {
  topics: Record<string, { topicId: string; partitions: number }>
  leaderEpochs: Record<string, number>
  acls: string[]
  scram: Record<string, { mechanism: string; iterations: number }[]>
  quotas: { entity: Record<string, string | null>; values: Record<string, number> }[]
  configs: Record<string, Record<string, string>>
  finalizedFeatures: Record<string, number>
}

const expected = JSON.parse(kafkaFile('expected.json').toString()) as Expected

function replayLog(endOffset = Number.POSITIVE_INFINITY): ClusterImage {
  const loader = new ImageLoader()
  for (const batch of batchesOf(kafkaFile(KAFKA_LOG))) {
    if (batch.lastOffset >= endOffset) break
    const { lastOffset: offset, epoch, timestampMs } = batch
    loader.loadBatch(batch.records, { offset, epoch, timestampMs })
  }
  return loader.image
}

const withoutProvenance = (image: ClusterImage) => ({ ...image, provenance: null })

describe('a metadata log of Apache Kafka 4.3.1', () => {
  const image = replayLog()

  test('topics, their ids, partitions and leader epochs are what that broker answered', () => {
    const topics = Object.fromEntries(
      [...image.topics.byName.values()].map((topic) => [
        topic.name,
        { topicId: topic.id, partitions: topic.partitions.length },
      ]),
    )
    const named = Object.entries(expected.topics).map(([name, { topicId, partitions }]) => [
      name,
      { topicId, partitions },
    ])
    expect(topics).toEqual(Object.fromEntries(named))
    for (const topic of image.topics.byId.values()) {
      topic.partitions.forEach((partition, id) => {
        // It answered just before it stopped; stopping took the leadership away.
        const answered = expected.leaderEpochs[`${topic.name}-${id}`]!
        expect(partition, topic.name).toMatchObject({ leader: -1, leaderEpoch: answered + 1 })
      })
    }
  })

  test('settings made at run time', () => {
    const texts = (key: string) => Object.fromEntries(image.configs.get(key) ?? [])
    expect(texts('4:')).toEqual(expected.configs['broker (default)'])
    expect(texts('4:1')).toEqual({ 'log.cleaner.threads': '2' })
    expect(texts('16:sub-1')).toEqual(expected.configs['client_metrics sub-1'])
    expect(texts('32:g-share')).toEqual(expected.configs['group g-share'])
    expect(expected.configs['topic txn']).toMatchObject(texts('2:txn'))
  })

  test('FEA-02 feature levels', () => {
    const { 'kraft.version': _, ...levels } = expected.finalizedFeatures
    expect(Object.fromEntries(image.features)).toEqual(levels)
    expect(metadataLevelName(metadataLevel(image))).toBe('4.3-IV0')
  })

  test('quotas, SCRAM users, ACLs and tokens', () => {
    const quotas = [...image.quotas.values()].map(({ entity, values }) => ({
      entity: Object.fromEntries(entity.map(({ type, name }) => [type, name])),
      values: Object.fromEntries(values),
    }))
    expect(new Set(quotas.map((each) => JSON.stringify(sorted(each))))).toEqual(
      new Set(expected.quotas.map((each) => JSON.stringify(sorted(each)))),
    )
    const users = [...image.scram.values()].map((each) => [
      each.user,
      each.mechanism,
      each.iterations,
    ])
    expect(users.sort()).toEqual([
      ['alice', 1, 4096],
      ['alice', 2, 8192],
    ])
    expect(image.acls.size).toBe(expected.acls.length)
    expect(image.delegationTokens.size).toBe(1)
    expect(image.nextProducerId).toBeGreaterThan(1000)
  })

  test.each(KAFKA_SNAPSHOTS)('its snapshot %s holds what its log gives up to there', (name) => {
    const endOffset = Number(name.slice(0, 20))
    const loader = new ImageLoader()
    loader.loadSnapshot(snapshotRecords(name), EMPTY_IMAGE.provenance)
    expect(withoutProvenance(loader.image)).toEqual(withoutProvenance(replayLog(endOffset)))
  })

  test('an image written as records gives the same image', () => {
    const loader = new ImageLoader()
    const bytes = [...imageRecords(image)].map(encodeMetadataRecord)
    loader.loadSnapshot(bytes.map(decodeMetadataRecord), image.provenance)
    expect(loader.image).toEqual(image)
  })

  test('every batch, written again, has the same bytes', () => {
    for (const name of [KAFKA_LOG, ...KAFKA_SNAPSHOTS, 'bootstrap.checkpoint']) {
      const bytes = kafkaFile(name)
      for (const view of readBatches(bytes).batches) {
        const original = bytes.subarray(view.position, view.position + view.sizeBytes)
        const [batch] = batchesOf(original)
        const place = batch!
        const again =
          batch!.controls.length > 0
            ? encodeControlBatch(batch!.controls, place)
            : encodeMetadataBatch(batch!.records, place)
        expect(again.toString('hex')).toBe(original.toString('hex'))
      }
    }
  })
})

function sorted(value: { entity: object; values: object }) {
  const sort = (o: object) => Object.entries(o).sort(([a], [b]) => (a < b ? -1 : 1))
  return [sort(value.entity), sort(value.values)]
}
