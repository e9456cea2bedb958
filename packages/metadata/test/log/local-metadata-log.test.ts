import { createTestWorld, type TestWorld } from '@barnabas/base/testing'
import { readBatches } from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'
import {
  bootstrapContent,
  ClusterMetadata,
  decodeMetadataBatch,
  formatMetadataDirectory,
  imageRecords,
  ImageLoader,
  LocalMetadataLog,
  type LocalMetadataLogOptions,
  readBootstrap,
} from '../../src/index.ts'
import { batchesOf, KAFKA_LOG, KAFKA_SNAPSHOTS, kafkaFile } from '../support/kafka-log.ts'
import { record, RecordingListener, runMetadataLogSuite } from '../support/metadata-log-suite.ts'

const LOG = '/data/__cluster_metadata-0'
const FIRST_SEGMENT = `${LOG}/00000000000000000000.log`
const VOTER = {
  directoryId: 'lGlAzuBTQrmHvsjqRaInog',
  endpoints: [{ name: 'CONTROLLER', host: 'localhost', port: 9093 }],
}

runMetadataLogSuite('local', () => {
  const world = createTestWorld(11)
  return {
    make: (nodeId: number) => new LocalMetadataLog({ world, nodeId, directory: '/data' }),
    settle: () => world.settle(),
  }
})

async function open(world: TestWorld, options: Partial<LocalMetadataLogOptions> = {}) {
  await world.files.makeDirectories('/data')
  await world.files.syncDirectory('/')
  const log = new LocalMetadataLog({ world, nodeId: 1, directory: '/data', ...options })
  const listener = new RecordingListener()
  await world.complete(log.open(listener))
  await world.settle()
  return { log, listener, epoch: listener.epochOf(1)! }
}

async function read(world: TestWorld, path: string): Promise<Buffer> {
  return Buffer.from(await world.files.readFile(path))
}

async function write(world: TestWorld, path: string, bytes: Uint8Array): Promise<void> {
  await world.files.replaceFile(path, bytes)
}

async function logFiles(world: TestWorld): Promise<string[]> {
  return (await world.files.list(LOG)).filter((name) => name.endsWith('.log'))
}

describe('files of the local metadata log', () => {
  test('a new log begins as one of Apache Kafka does', async () => {
    const world = createTestWorld(1)
    const { log } = await open(world, { voter: VOTER })
    await log.close()
    const [ours] = batchesOf(await read(world, FIRST_SEGMENT))
    const [theirs] = batchesOf(kafkaFile(KAFKA_LOG))
    expect(ours!.epoch).toBe(theirs!.epoch)
    expect(ours!.controls.map((each) => each.type)).toEqual(theirs!.controls.map((c) => c.type))
    expect(ours!.controls[0]).toEqual(theirs!.controls[0])
    expect(ours!.controls[1]).toEqual(theirs!.controls[1])
    const state = JSON.parse((await read(world, `${LOG}/quorum-state`)).toString())
    expect(Object.keys(state)).toEqual(
      Object.keys(JSON.parse(kafkaFile('quorum-state').toString())),
    )
    expect(state).toMatchObject({ leaderId: 1, leaderEpoch: 1 })
    const metadata = await read(world, `${LOG}/partition.metadata`)
    expect(metadata).toEqual(kafkaFile('partition.metadata'))
  })

  test('epochs are kept with where they begin', async () => {
    const world = createTestWorld(1)
    const one = await open(world)
    await one.log.append([record('a'), record('b')], one.epoch)
    await one.log.close()
    const two = await open(world)
    await two.log.close()
    expect((await read(world, `${LOG}/leader-epoch-checkpoint`)).toString()).toBe(
      '0\n2\n1 0\n2 3\n',
    )
  })

  test('indexes of a closed segment are those that Apache Kafka writes', async () => {
    const world = createTestWorld(1)
    await world.files.makeDirectories(LOG)
    await write(world, FIRST_SEGMENT, kafkaFile(KAFKA_LOG))
    const { log } = await open(world)
    await log.close()
    const index = await read(world, `${LOG}/00000000000000000000.index`)
    // Kafka starts to count anew each time it opens a segment; up to the first stop nothing differs.
    expect(index.subarray(0, 16)).toEqual(kafkaFile('00000000000000000000.index').subarray(0, 16))
    const times = await read(world, `${LOG}/00000000000000000000.timeindex`)
    expect(times.subarray(0, 24)).toEqual(
      kafkaFile('00000000000000000000.timeindex').subarray(0, 24),
    )
  })

  test('segments roll at their size, and all are read again', async () => {
    const world = createTestWorld(1)
    const { log, epoch } = await open(world, { segmentBytes: 500 })
    const wanted = Array.from({ length: 40 }, (_, n) => `value ${n}`)
    for (const value of wanted) await log.append([record(value)], epoch)
    await log.close()
    expect((await logFiles(world)).length).toBeGreaterThan(5)
    const { listener } = await open(world)
    expect(listener.values).toEqual(wanted)
  })

  test('CTL-03 old snapshots go, and with them the segments before them', async () => {
    const world = createTestWorld(1)
    const { log, epoch } = await open(world, { segmentBytes: 500, snapshotBytes: 1000 })
    let due = 0
    for (let n = 0; n < 100; n++) {
      const offset = await log.append([record(`value ${n}`)], epoch)
      if (!log.isSnapshotDue) continue
      due++
      const provenance = { offset, epoch, timestampMs: 1 }
      await log.writeSnapshot({ provenance, records: [record(`up to ${n}`)] })
    }
    await log.close()
    expect(due).toBeGreaterThan(4)
    const names = await world.files.list(LOG)
    expect(names.filter((name) => name.endsWith('.checkpoint'))).toHaveLength(2)
    expect(names).not.toContain('00000000000000000000.log')
    const { listener } = await open(world)
    expect(listener.values.at(0)).toMatch(/^up to /)
    expect(listener.values.at(-1)).toBe('value 99')
  })

  test('a format leaves the bootstrap records and the voters', async () => {
    const world = createTestWorld(1)
    await formatMetadataDirectory({
      files: world.files,
      logger: world.log,
      nodeId: 1,
      directory: '/data',
      bootstrap: bootstrapContent(),
      voter: VOTER,
      nowMs: 1,
    })
    expect(await readBootstrap(world.files, '/data')).toEqual(bootstrapContent())
    const { log, listener } = await open(world)
    await log.close()
    expect(listener.snapshots).toEqual([])
    const [first] = batchesOf(await read(world, FIRST_SEGMENT))
    expect(first!.controls.map((each) => each.type)).toEqual([
      'leaderChange',
      'kraftVersion',
      'voters',
    ])
    expect(await readBootstrap(world.files, '/nowhere')).toBe(null)
  })

  test('the bootstrap file of Apache Kafka has the records that ours would have', async () => {
    const world = createTestWorld(1)
    await world.files.makeDirectories('/data')
    await write(world, '/data/bootstrap.checkpoint', kafkaFile('bootstrap.checkpoint'))
    expect(await readBootstrap(world.files, '/data')).toEqual(bootstrapContent())
  })
})

describe('a directory of Apache Kafka 4.3.1', () => {
  async function kafkaDirectory(...names: string[]): Promise<TestWorld> {
    const world = createTestWorld(5)
    await world.files.makeDirectories(LOG)
    for (const name of [KAFKA_LOG, 'quorum-state', 'leader-epoch-checkpoint', ...names]) {
      await write(world, `${LOG}/${name}`, kafkaFile(name))
    }
    return world
  }

  async function imageOf(world: TestWorld) {
    const log = new LocalMetadataLog({ world, nodeId: 1, directory: '/data' })
    const metadata = new ClusterMetadata({ log, logger: world.log })
    await world.complete(metadata.open())
    await world.settle()
    return { log, metadata }
  }

  test('opens with and without its snapshots to the same image, and goes on', async () => {
    const plain = await imageOf(await kafkaDirectory())
    const snapped = await imageOf(await kafkaDirectory(...KAFKA_SNAPSHOTS))
    const image = plain.metadata.image
    expect({ ...snapped.metadata.image, provenance: null }).toEqual({ ...image, provenance: null })
    expect(image.topics.byName.has('plain')).toBe(true)
    expect(plain.metadata.leadership).toEqual({ leaderId: 1, epoch: 3 })
  })

  test('what is appended behind it stands behind it', async () => {
    const world = await kafkaDirectory(...KAFKA_SNAPSHOTS)
    const { log, metadata } = await imageOf(world)
    await world.complete(log.append([record('ours')], 3))
    await metadata.close()
    const bytes = await read(world, FIRST_SEGMENT)
    const theirs = kafkaFile(KAFKA_LOG)
    expect(bytes.subarray(0, theirs.length)).toEqual(theirs)
    const [opening, ours] = batchesOf(bytes.subarray(theirs.length))
    expect(opening!.controls.map((each) => each.type)).toEqual(['leaderChange'])
    expect(ours!.epoch).toBe(3)
    expect(ours!.baseOffset).toBe(opening!.lastOffset + 1)
  })

  test('a snapshot of ours has the layout of one of theirs', async () => {
    const world = await kafkaDirectory()
    const { log, metadata } = await imageOf(world)
    const { image } = metadata
    const { provenance } = image
    await world.complete(log.writeSnapshot({ provenance, records: imageRecords(image) }))
    await metadata.close()
    const name = (await world.files.list(LOG)).find((each) => each.endsWith('.checkpoint'))!
    const ours = batchesOf(await read(world, `${LOG}/${name}`))
    const theirs = batchesOf(kafkaFile(KAFKA_SNAPSHOTS[1]))
    const layout = (batches: typeof ours) =>
      batches.map((batch) => batch.controls.map((c) => c.type))
    expect(layout(ours)).toEqual(layout(theirs))
    expect(ours[0]!.controls.slice(1)).toEqual(theirs[0]!.controls.slice(1))
    const loader = new ImageLoader()
    loader.loadSnapshot(
      ours.flatMap((batch) => batch.records),
      provenance,
    )
    expect(loader.image).toEqual(image)
  })
})

describe('crashes and damage', () => {
  const wanted = Array.from({ length: 30 }, (_, n) => `value ${n}`)

  test.each(['kill', 'crash', 'chaos'] as const)(
    'after a %s every acknowledged record is there',
    async (how) => {
      for (let seed = 0; seed < 15; seed++) {
        const world = createTestWorld(seed)
        const { log, epoch } = await open(world, { segmentBytes: 700 })
        const acknowledged: string[] = []
        for (const value of wanted.slice(0, 10 + seed)) {
          await world.complete(log.append([record(value)], epoch))
          acknowledged.push(value)
        }
        // Some more under way when it happens.
        for (const value of ['late 1', 'late 2']) log.append([record(value)], epoch).catch(() => {})
        const next = world.restart(how)
        const again = await open(next)
        expect(again.listener.values.slice(0, acknowledged.length)).toEqual(acknowledged)
        expect(['late 1', 'late 2']).toEqual(
          expect.arrayContaining(again.listener.values.slice(acknowledged.length)),
        )
        expect(again.epoch).toBeGreaterThan(epoch)
        await again.log.close()
      }
    },
  )

  test('half a write at the end is cut off', async () => {
    const world = createTestWorld(1)
    const { log, epoch } = await open(world)
    await log.append([record('a')], epoch)
    await log.append([record('b')], epoch)
    await log.close()
    const bytes = await read(world, FIRST_SEGMENT)
    const last = readBatches(bytes).batches.at(-1)!
    for (const cut of [1, 8, 20, 61, last.sizeBytes - 1]) {
      await write(world, FIRST_SEGMENT, bytes.subarray(0, last.position + cut))
      const again = await open(world)
      expect(again.listener.values).toEqual(['a'])
      await again.log.close()
    }
  })

  test('a flipped bit in the last batch cuts it off, in an earlier segment it stops the start', async () => {
    const world = createTestWorld(1)
    const { log, epoch } = await open(world, { segmentBytes: 200 })
    for (const value of ['a', 'b', 'c', 'd', 'e', 'f']) await log.append([record(value)], epoch)
    await log.close()
    const [first, ...others] = await logFiles(world)
    const flip = async (name: string) => {
      const bytes = await read(world, `${LOG}/${name}`)
      bytes[bytes.length - 1]! ^= 1
      await write(world, `${LOG}/${name}`, bytes)
    }
    await flip(others.at(-1)!)
    const again = await open(world)
    expect(again.listener.values).not.toContain('f')
    expect(again.listener.values).toContain('a')
    await again.log.close()
    await flip(first!)
    await expect(open(world)).rejects.toThrow('is damaged at')
  })

  test('a missing segment stops the start', async () => {
    const world = createTestWorld(1)
    const { log, epoch } = await open(world, { segmentBytes: 200 })
    for (const value of wanted) await log.append([record(value)], epoch)
    await log.close()
    const names = await logFiles(world)
    await world.files.remove(`${LOG}/${names[2]}`)
    await expect(open(world)).rejects.toThrow('are needed')
  })

  test('a damaged snapshot is passed over for the one before it', async () => {
    const world = createTestWorld(1)
    const { log, epoch } = await open(world)
    for (const value of ['a', 'b']) {
      const offset = await log.append([record(value)], epoch)
      const provenance = { offset, epoch, timestampMs: 1 }
      await log.writeSnapshot({ provenance, records: [record(`up to ${value}`)] })
    }
    await log.close()
    const name = (await world.files.list(LOG)).filter((each) => each.endsWith('.checkpoint')).at(-1)
    const bytes = await read(world, `${LOG}/${name}`)
    await write(world, `${LOG}/${name}`, bytes.subarray(0, bytes.length - 70))
    const { listener } = await open(world)
    expect(listener.values).toEqual(['up to a', 'b'])
  })

  test('a log that ends before its snapshot begins anew behind it', async () => {
    const world = createTestWorld(1)
    const { log, epoch } = await open(world)
    const offset = await log.append([record('a')], epoch)
    const provenance = { offset, epoch, timestampMs: 1 }
    await log.writeSnapshot({ provenance, records: [record('a')] })
    await log.close()
    await write(world, FIRST_SEGMENT, new Uint8Array(0))
    const again = await open(world)
    expect(again.listener.values).toEqual(['a'])
    await again.log.append([record('b')], again.epoch)
    await again.log.close()
    const third = await open(world)
    expect(third.listener.values).toEqual(['a', 'b'])
  })

  test('a failing disk ends the log, and nobody is told that it went well', async () => {
    const world = createTestWorld(1)
    const { log, listener, epoch } = await open(world)
    await log.append([record('a')], epoch)
    world.files.fail({ operation: 'writev', path: /\.log$/, systemCode: 'EIO' })
    const failing = log.append([record('b')], epoch)
    const behind = log.append([record('c')], epoch)
    await expect(failing).rejects.toMatchObject({ code: 'BARNABAS_METADATA_LOG_FAILED' })
    await expect(behind).rejects.toMatchObject({ code: 'BARNABAS_METADATA_LOG_FAILED' })
    expect(listener.failure).not.toBe(null)
    await expect(log.append([record('d')], epoch)).rejects.toThrow('failed')
    await world.settle()
    expect(listener.values).toEqual(['a'])
  })

  test('appends of one moment are written together', async () => {
    const world = createTestWorld(1)
    const { log, epoch } = await open(world)
    let writes = 0
    world.files.delay = (operation, path) => {
      if (operation === 'writev' && path === FIRST_SEGMENT) writes++
      return null
    }
    await Promise.all(wanted.map((value) => log.append([record(value)], epoch)))
    expect(writes).toBe(1)
    await log.close()
    const [, second] = readBatches(await read(world, FIRST_SEGMENT)).batches
    expect(decodeMetadataBatch(second!).records).toHaveLength(1)
  })
})
