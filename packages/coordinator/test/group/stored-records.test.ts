import { readFileSync } from 'node:fs'
import { Timeline } from '@barnabas/base'
import { expect, test } from 'vitest'
import { defaultGroupCoordinatorConfig, groupRecordCodec } from '../../src/index.ts'
import { GroupShard } from '../../src/group/group-shard.ts'

/** What a broker of version 4.3.1 wrote to `__consumer_offsets`, and what it then said of its groups. */
interface StoredRecord {
  partition: number
  offset: number
  timestamp: number
  key: string
  value: string | null
}

interface ExpectedGroup {
  type: string
  protocol: string
  state: string
  offsets: Record<string, { offset: number; leaderEpoch: number | null; metadata: string }>
}

const fixture = (name: string) =>
  readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')
const records = fixture('consumer-offsets.jsonl')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as StoredRecord)
const expected = JSON.parse(fixture('consumer-offsets-groups.json')) as Record<
  string,
  ExpectedGroup
>

/** Control records, which the fixture leaves out: the end of each transaction by the offset of its record. */
const markers = new Map([
  [2, 'commit'],
  [4, 'abort'],
] as const)

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))

test('OFF-19 records of a Kafka broker are read, and written again to the same bytes', () => {
  let known = 0
  for (const { key, value } of records) {
    const record = groupRecordCodec.decode(bytes(key), value === null ? null : bytes(value))
    if (record === null) continue
    known++
    const encoded = groupRecordCodec.encode(record)
    expect(Buffer.from(encoded.key).toString('hex')).toBe(key)
    expect(encoded.value && Buffer.from(encoded.value).toString('hex')).toBe(value)
  }
  expect(known).toBe(36)
})

test('OFF-16 OFF-19 a shard that replays them knows the offsets and classic groups the broker knew', () => {
  const shards = new Map<number, GroupShard>()
  for (const { partition, offset, timestamp, key, value } of records) {
    let shard = shards.get(partition)
    if (shard === undefined) {
      shard = new GroupShard(new Timeline(), defaultGroupCoordinatorConfig)
      shards.set(partition, shard)
    }
    const record = groupRecordCodec.decode(bytes(key), value === null ? null : bytes(value))
    if (record === null) continue
    const marker = partition === 0 ? markers.get(offset as 2 | 4) : undefined
    const producerId = marker === undefined ? -1 : 9
    shard.replay(record, { offset, producerId, producerEpoch: 0, timestampMs: timestamp })
    if (marker !== undefined) shard.replayTransactionMarker(producerId, 0, marker)
  }
  for (const [groupId, { type, protocol, state, offsets }] of Object.entries(expected)) {
    if (type === 'Share') continue
    const shard = [...shards.values()].find(({ groups }) => groups.get(groupId) !== undefined)!
    const found: ExpectedGroup['offsets'] = {}
    shard.offsets.committed.forEach((group, topic, partition, value) => {
      if (group !== groupId) return
      const { committedOffset, leaderEpoch, metadata } = value
      found[`${topic}-${partition}`] = {
        offset: committedOffset,
        leaderEpoch: leaderEpoch === -1 ? null : leaderEpoch,
        metadata,
      }
    })
    expect(found).toEqual(offsets)
    const group = shard.groups.get(groupId)!
    if (type !== 'Classic' || group.type !== 'classic') continue
    group.restore()
    expect({ groupId, protocol: group.protocolType ?? '', state: group.state }).toEqual({
      groupId,
      protocol,
      state,
    })
    // Storing it as it is changes nothing.
    if (group.stored !== null) expect(group.toStored()).toEqual(group.stored)
  }
})
