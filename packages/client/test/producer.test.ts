import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { murmur2, toPositive } from '@barnabas/base'
import {
  CHANNEL_NAMES,
  Client,
  type ClientError,
  type Producer,
  type ProducerOptions,
  SendError,
} from '@barnabas/client'
import { ApiKey, BatchView, ErrorCode } from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { FakeCluster } from './support/fake-cluster.ts'
import { FakeLogs } from './support/fake-logs.ts'

async function setUp(options: ProducerOptions<any, any> = {}, partitions = 1, brokers = 1) {
  const cluster = await FakeCluster.start(brokers)
  const logs = new FakeLogs(cluster)
  cluster.addTopic('t', partitions)
  const client = cluster.client()
  const producer: Producer<any, any> = client.producer(options)
  return { cluster, logs, world: cluster.world, client, producer }
}

const failure = (promise: Promise<unknown>): Promise<ClientError> =>
  promise.then(
    () => expect.unreachable('it should have failed'),
    (error) => error,
  )

test('a record arrives as it was sent', async () => {
  const { world, logs, producer } = await setUp()
  const metadata = await world.complete(
    producer.send({ topic: 't', key: 'k', value: 'v', headers: { a: ['1', null] }, timestamp: 77 }),
  )
  expect(metadata).toEqual({ topic: 't', partition: 0, offset: 0, timestamp: 77 })
  const [record] = logs.log('t').records
  expect(String(record!.key)).toBe('k')
  expect(String(record!.value)).toBe('v')
  expect(record!.timestamp).toBe(77)
  expect(record!.headers.map(({ key, value }) => [key, value && String(value)])).toEqual([
    ['a', '1'],
    ['a', null],
  ])
})

test('a null value is a tombstone, a record without a key has none', async () => {
  const { world, logs, producer } = await setUp()
  await world.complete(producer.send({ topic: 't', key: 'k', value: null }))
  await world.complete(producer.send({ topic: 't', value: '' }))
  const [tombstone, empty] = logs.log('t').records
  expect(tombstone!.value).toBeNull()
  expect(empty!.key).toBeNull()
  expect(empty!.value!.length).toBe(0)
})

test('records of one turn go out in one batch, each with its own offset', async () => {
  const { world, logs, producer } = await setUp()
  const sent = ['a', 'b', 'c'].map((value) => producer.send({ topic: 't', value }))
  const offsets = (await world.complete(Promise.all(sent))).map(({ offset }) => offset)
  expect(offsets).toEqual([0, 1, 2])
  expect(logs.log('t').batches.length).toBe(1)
})

test('CLB-01 keys choose partitions as murmur2 does, and keep doing so', async () => {
  const { world, logs, producer } = await setUp({}, 7)
  const records = Array.from({ length: 200 }, (_, n) => ({ topic: 't', key: `k${n}`, value: 'v' }))
  await world.complete(producer.sendMany(records))
  for (let partition = 0; partition < 7; partition++) {
    for (const { key } of logs.log('t', partition).records) {
      expect(toPositive(murmur2(key!)) % 7).toBe(partition)
    }
  }
})

test('CLB-01 records without a key stay with one partition for a batch, then go on to another', async () => {
  const { world, logs, producer } = await setUp({ batchSizeBytes: 1000 }, 4)
  for (let n = 0; n < 400; n++) {
    await world.complete(producer.send({ topic: 't', value: 'x'.repeat(100) }))
  }
  for (let partition = 0; partition < 4; partition++) {
    const runs = logs.log('t', partition).records.length
    expect(runs).toBeGreaterThan(0)
  }
  await world.complete(
    producer.sendMany(Array.from({ length: 5 }, () => ({ topic: 't', value: 'y' }))),
  )
  const counts = [0, 1, 2, 3].map(
    (partition) => logs.log('t', partition).values.filter((value) => value === 'y').length,
  )
  expect(counts.filter((count) => count > 0)).toEqual([5])
})

test('PC-18 keys are ignored when told so', async () => {
  const { world, logs, producer } = await setUp({ partitionerIgnoresKeys: true }, 4)
  const records = Array.from({ length: 20 }, (_, n) => ({ topic: 't', key: `k${n}`, value: 'v' }))
  await world.complete(producer.sendMany(records))
  const counts = [0, 1, 2, 3].map((partition) => logs.log('t', partition).records.length)
  expect(counts.filter((count) => count > 0)).toEqual([20])
})

test('PC-17 a partitioner of one’s own chooses, or leaves it to the default', async () => {
  const { world, logs, producer } = await setUp(
    { partitioner: ({ key }) => (String(key) === 'mine' ? 3 : null) },
    4,
  )
  await world.complete(producer.send({ topic: 't', key: 'mine', value: 'v' }))
  expect(logs.log('t', 3).records.length).toBe(1)
  await world.complete(producer.send({ topic: 't', key: 'other', value: 'v' }))
})

test('PC-10 a batch lingers while others are under way, and not when nothing is', async () => {
  const { world, logs, producer } = await setUp({ lingerMs: 20, idempotent: false })
  logs.latencyMs = 100
  await world.complete(producer.partitionCount('t'))
  const first = producer.send({ topic: 't', value: 'first' })
  await world.advance(1)
  const second = producer.send({ topic: 't', value: 'second' })
  await world.advance(15)
  const third = producer.send({ topic: 't', value: 'third' })
  await world.complete(Promise.all([first, second, third]))
  expect(logs.log('t').batches.map((bytes) => new BatchView(bytes).recordCount)).toEqual([1, 2])
})

test('PC-10 with lingerWhenIdle a batch always lingers', async () => {
  const { world, cluster, producer } = await setUp({ lingerMs: 50, lingerWhenIdle: true })
  await world.complete(producer.send({ topic: 't', value: 'warm' }))
  const before = world.clock.monotonicMs()
  await world.complete(producer.send({ topic: 't', value: 'v' }))
  expect(world.clock.monotonicMs() - before).toBeGreaterThanOrEqual(50)
  expect(cluster.requestsOf('Produce').length).toBe(2)
})

test('PC-11 a batch of batchSizeBytes does not linger', async () => {
  const { world, producer } = await setUp({
    lingerMs: 1000,
    lingerWhenIdle: true,
    batchSizeBytes: 500,
  })
  await world.complete(producer.partitionCount('t'))
  const before = world.clock.monotonicMs()
  const many = Array.from({ length: 10 }, () => ({ topic: 't', value: 'x'.repeat(100) }))
  await world.complete(producer.sendMany(many))
  expect(world.clock.monotonicMs() - before).toBeLessThan(500)
})

test('flush sends what lingers', async () => {
  const { world, producer } = await setUp({ lingerMs: 10_000, lingerWhenIdle: true })
  let isSent = false
  void producer.send({ topic: 't', value: 'v' }).then(() => (isSent = true))
  await world.advance(100)
  expect(isSent).toBe(false)
  await world.complete(producer.flush(), 1000)
  expect(isSent).toBe(true)
})

test('PC-04 acks 0 does not wait for an answer', async () => {
  const { world, logs, producer } = await setUp({ acks: 0 })
  const { offset } = await world.complete(producer.send({ topic: 't', value: 'v' }))
  expect(offset).toBe(-1)
  await world.settle()
  expect(logs.log('t').values).toEqual(['v'])
})

test('PC-04 acks 1 and all are told to the broker, all is the default', async () => {
  for (const [options, acks] of [
    [{ acks: 1 }, 1],
    [{}, -1],
  ] as const) {
    const { world, cluster, producer } = await setUp(options)
    await world.complete(producer.send({ topic: 't', value: 'v' }))
    expect(cluster.requestsOf('Produce')[0]!.body.acks).toBe(acks)
  }
})

test('PC-05 CLB-02 batches carry the producer’s id, epoch and sequences by default', async () => {
  const { world, logs, producer } = await setUp()
  for (const value of ['a', 'b']) await world.complete(producer.send({ topic: 't', value }))
  const batches = logs.log('t').batches.map((bytes) => new BatchView(bytes))
  expect(
    batches.map((batch) => [batch.producerId, batch.producerEpoch, batch.baseSequence]),
  ).toEqual([
    [1000, 0, 0],
    [1000, 0, 1],
  ])
})

test('CLB-02 choices that contradict idempotence are refused, defaults give way', async () => {
  const client = new Client({ bootstrapServers: 'a:1' })
  const refused = { code: 'BARNABAS_CONFIG' }
  for (const options of [
    { idempotent: true, acks: 1 },
    { idempotent: true, retries: 0 },
    { idempotent: true, maxInFlight: 6 },
    { transactionalId: 'x', idempotent: false },
    { transactionalId: 'x', acks: 0 },
    { transactionalId: '' },
  ] as ProducerOptions[]) {
    expect(() => client.producer(options)).toThrow(expect.objectContaining(refused))
  }
  for (const options of [{ acks: 1 }, { retries: 0 }, { maxInFlight: 6 }] as ProducerOptions[]) {
    client.producer(options)
  }
  await client.close()
})

test('CLB-03 PC-08 a delivery time-out below lingerMs + requestTimeoutMs is refused', async () => {
  const client = new Client({ bootstrapServers: 'a:1' })
  expect(() => client.producer({ deliveryTimeoutMs: 30_004 })).toThrow(/at least lingerMs/)
  client.producer({ deliveryTimeoutMs: 30_005 })
  await client.close()
})

test('a new leader is found when the old one says that it is none', async () => {
  const { world, cluster, logs, producer } = await setUp({}, 1, 2)
  await world.complete(producer.send({ topic: 't', value: 'a' }))
  const topic = cluster.topics.get('t')!
  topic.leaders[0] = 2
  topic.leaderEpochs[0] = 1
  await world.complete(producer.send({ topic: 't', value: 'b' }))
  expect(logs.log('t').values).toEqual(['a', 'b'])
})

test('PC-08 what is never acknowledged fails after deliveryTimeoutMs with its last cause', async () => {
  const { world, logs, producer } = await setUp({ deliveryTimeoutMs: 40_000 })
  logs.before = () => ErrorCode.NOT_ENOUGH_REPLICAS
  const before = world.clock.monotonicMs()
  const error = await world.complete(failure(producer.send({ topic: 't', value: 'v' })))
  expect(error.code).toBe('BARNABAS_TIMEOUT')
  expect(error.message).toContain('NOT_ENOUGH_REPLICAS')
  expect(world.clock.monotonicMs() - before).toBeGreaterThanOrEqual(40_000)
  expect(world.clock.monotonicMs() - before).toBeLessThan(42_000)
})

test('PC-09 a request without an answer is sent again over another connection', async () => {
  const { world, logs, producer } = await setUp({ requestTimeoutMs: 1000 })
  let silences = 2
  logs.before = () => (silences-- > 0 ? 'silence' : 'proceed')
  await world.complete(producer.send({ topic: 't', value: 'v' }))
  expect(logs.log('t').values).toEqual(['v'])
})

test('PC-06 only so many retries are made', async () => {
  const { world, cluster, logs, producer } = await setUp({ retries: 2, idempotent: false })
  logs.before = () => ErrorCode.NOT_ENOUGH_REPLICAS
  const error = await world.complete(failure(producer.send({ topic: 't', value: 'v' })))
  expect(error.code).toBe('NOT_ENOUGH_REPLICAS')
  expect(cluster.requestsOf('Produce').length).toBe(3)
})

test('PC-12 PC-13 send waits for memory, and fails after maxBlockMs', async () => {
  const { world, logs, producer } = await setUp({ bufferMemoryBytes: 2000, maxBlockMs: 5000 })
  await world.complete(producer.partitionCount('t'))
  logs.before = () => ErrorCode.NOT_ENOUGH_REPLICAS
  const sent = Array.from({ length: 4 }, () =>
    producer.send({ topic: 't', value: 'x'.repeat(800) }).then(
      () => 'sent',
      (error) => error.code,
    ),
  )
  await world.advance(100)
  expect(producer.backlog.waiting).toBe(2)
  await world.advance(5000)
  expect(producer.backlog.waiting).toBe(0)
  logs.before = () => 'proceed'
  expect(await world.complete(Promise.all(sent))).toEqual([
    'sent',
    'sent',
    'BARNABAS_BUFFER_FULL',
    'BARNABAS_BUFFER_FULL',
  ])
})

test('PC-12 what waited for memory goes out in order', async () => {
  const { world, logs, producer } = await setUp({ bufferMemoryBytes: 1000 })
  const values = Array.from({ length: 50 }, (_, n) => `${n}`.padEnd(200))
  await world.complete(Promise.all(values.map((value) => producer.send({ topic: 't', value }))))
  expect(logs.log('t').values).toEqual(values)
})

test('PC-13 an unknown topic fails after maxBlockMs and says so', async () => {
  const { world, producer } = await setUp({ maxBlockMs: 3000 })
  const error = await world.complete(failure(producer.send({ topic: 'nowhere', value: 'v' })))
  expect(error.code).toBe('BARNABAS_TIMEOUT')
  expect(error.message).toContain('nowhere')
  expect((error.cause as ClientError).code).toBe('UNKNOWN_TOPIC_OR_PARTITION')
})

test('PC-14 a record that no request can hold is refused at once', async () => {
  const { world, producer } = await setUp({ maxRequestBytes: 1000 })
  const error = await world.complete(
    failure(producer.send({ topic: 't', value: 'x'.repeat(1000) })),
  )
  expect(error.code).toBe('MESSAGE_TOO_LARGE')
  const some = producer.sendMany([
    { topic: 't', value: 'small' },
    { topic: 't', value: 'x'.repeat(1000) },
  ])
  const partial = (await world.complete(failure(some))) as SendError
  expect(partial).toBeInstanceOf(SendError)
  expect(partial.sent).toEqual([{ topic: 't', partition: 0, baseOffset: 0, count: 1 }])
  expect(partial.failed.map(({ count }) => count)).toEqual([1])
})

test('a batch that is too large for the broker is split until it fits', async () => {
  for (const compression of ['none', 'gzip'] as const) {
    const { world, logs, producer } = await setUp({ compression })
    logs.maxBatchBytes = 2000
    const values = Array.from({ length: 300 }, (_, n) => `${n} ${Math.sin(n)}`)
    const all = producer.sendMany(values.map((value) => ({ topic: 't', value })))
    const one = producer.send({ topic: 't', value: 'last' })
    const result = await world.complete(all)
    expect(result.count).toBe(300)
    expect((await world.complete(one)).offset).toBe(300)
    expect(logs.log('t').values).toEqual([...values, 'last'])
  }
})

test('PC-15 every compression arrives', async () => {
  for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const { world, logs, producer } = await setUp({ compression })
    await world.complete(producer.send({ topic: 't', value: 'x'.repeat(1000) }))
    expect(logs.log('t').values).toEqual(['x'.repeat(1000)])
    expect(logs.log('t').batches[0]!.length).toBeLessThan(500)
  }
})

test('PC-07 at most maxInFlight requests are under way', async () => {
  const { world, logs, producer } = await setUp({
    maxInFlight: 2,
    batchSizeBytes: 1,
    lingerMs: 0,
  })
  await world.complete(producer.send({ topic: 't', value: 'warm' }))
  let open = 0
  let most = 0
  const count = (by: number) => (message: unknown) => {
    if ((message as { api: string }).api !== 'Produce') return
    open += by
    most = Math.max(most, open)
  }
  const [onRequest, onResponse] = [count(1), count(-1)]
  subscribe(CHANNEL_NAMES.request, onRequest)
  subscribe(CHANNEL_NAMES.response, onResponse)
  logs.latencyMs = 50
  const sent: Promise<unknown>[] = []
  for (let n = 0; n < 6; n++) {
    sent.push(producer.send({ topic: 't', value: `${n}` }))
    await world.advance(1)
  }
  await world.complete(Promise.all(sent))
  unsubscribe(CHANNEL_NAMES.request, onRequest)
  unsubscribe(CHANNEL_NAMES.response, onResponse)
  expect(most).toBe(2)
  expect(logs.log('t').values).toEqual(['warm', '0', '1', '2', '3', '4', '5'])
})

test('serialisers are typed, and may answer later without changing the order', async () => {
  const { world, logs, producer } = await setUp({
    valueSerializer: (value: { n: number }) =>
      value.n === 0
        ? new Promise<Uint8Array>((resolve) => setImmediate(() => resolve(Buffer.from('0'))))
        : Buffer.from(`${value.n}`),
  })
  await world.complete(
    Promise.all([0, 1, 2].map((n) => producer.send({ topic: 't', value: { n } }))),
  )
  expect(logs.log('t').values).toEqual(['0', '1', '2'])
})

test('CLB-08 interceptors see records and what became of them', async () => {
  const seen: unknown[] = []
  const { world, logs, producer } = await setUp({
    interceptors: [
      {
        onSend: (record) => ({ ...record, value: `${record.value}!` }),
        onAcknowledgement: (metadata, error) => seen.push(metadata?.offset ?? error),
      },
    ],
  })
  await world.complete(producer.send({ topic: 't', value: 'v' }))
  expect(logs.log('t').values).toEqual(['v!'])
  expect(seen).toEqual([0])
})

test('close sends what is left; afterwards nothing is taken', async () => {
  const { world, logs, producer } = await setUp({ lingerMs: 10_000, lingerWhenIdle: true })
  const sent = producer.send({ topic: 't', value: 'v' })
  await world.complete(producer.close())
  await sent
  expect(logs.log('t').values).toEqual(['v'])
  await expect(producer.send({ topic: 't', value: 'w' })).rejects.toMatchObject({
    code: 'BARNABAS_CLOSED',
  })
})

test('close gives up after its time', async () => {
  const { world, logs, producer } = await setUp()
  logs.before = () => 'silence'
  const error = failure(producer.send({ topic: 't', value: 'v' }))
  await world.complete(producer.close({ timeoutMs: 500 }))
  expect((await error).code).toBe('BARNABAS_CLOSED')
})

test('an aborted signal takes a waiting record back', async () => {
  const { world, producer } = await setUp()
  const abort = new AbortController()
  const sent = failure(producer.send({ topic: 'nowhere', value: 'v' }, { signal: abort.signal }))
  await world.advance(10)
  abort.abort(new Error('changed my mind'))
  expect((await sent).message).toBe('changed my mind')
  expect(producer.backlog.waiting).toBe(0)
})

test('brokers of version 2.1 get the versions that they know', async () => {
  const cluster = await FakeCluster.start()
  const logs = new FakeLogs(cluster)
  cluster.addTopic('t')
  cluster.versions.set(ApiKey.Produce, { min: 0, max: 7 })
  cluster.versions.set(ApiKey.Metadata, { min: 0, max: 7 })
  cluster.versions.set(ApiKey.InitProducerId, { min: 0, max: 1 })
  cluster.versions.set(ApiKey.ApiVersions, { min: 0, max: 2 })
  const producer = cluster.client().producer()
  await cluster.world.complete(producer.send({ topic: 't', value: 'v' }))
  expect(cluster.requestsOf('Produce')[0]!.version).toBe(7)
  expect(logs.log('t').values).toEqual(['v'])
})
