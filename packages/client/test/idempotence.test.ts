/** Whatever happens to requests and answers, each record is appended once and in order. */
import fc from 'fast-check'
import { BatchView, ErrorCode } from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { FakeCluster } from './support/fake-cluster.ts'
import { FakeLogs, type Intervention } from './support/fake-logs.ts'

const trouble: fc.Arbitrary<Intervention> = fc.constantFrom<Intervention>(
  'close',
  'silence',
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.REQUEST_TIMED_OUT,
)

test('PC-05 no loss, no duplicate, no disorder under any sequence of faults', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.boolean(), fc.option(trouble, { freq: 2, nil: 'proceed' as const })), {
        maxLength: 30,
      }),
      fc.array(fc.nat(30), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 1000 }),
      async (faults, waits, maxInFlight, seed) => {
        const cluster = await FakeCluster.start(1, seed)
        const logs = new FakeLogs(cluster)
        cluster.addTopic('t', 2)
        logs.latencyMs = 7
        const queue = [...faults]
        const next = (isBefore: boolean): Intervention => {
          if (queue[0]?.[0] !== isBefore) return 'proceed'
          return queue.shift()![1]
        }
        logs.before = () => next(true)
        logs.after = () => next(false)
        const client = cluster.client({ requestTimeoutMs: 2000 })
        const producer = client.producer({ maxInFlight, batchSizeBytes: 1, lingerMs: 0 })
        const sent: Promise<unknown>[] = []
        let n = 0
        for (const wait of waits) {
          for (let k = 0; k < 3; k++) {
            sent.push(producer.send({ topic: 't', partition: n & 1, value: `${n++}` }))
          }
          await cluster.world.advance(wait)
        }
        await cluster.world.complete(Promise.all(sent), 120_000)
        for (const partition of [0, 1]) {
          const expected = Array.from({ length: n }, (_, i) => i).filter(
            (i) => (i & 1) === partition,
          )
          expect(logs.log('t', partition).values).toEqual(expected.map(String))
        }
        await cluster.world.complete(client.close())
      },
    ),
    { numRuns: 60, seed: 20_261_125 },
  )
})

test('an unknown fate is followed by a higher epoch, and what comes later is not held up', async () => {
  const cluster = await FakeCluster.start()
  const logs = new FakeLogs(cluster)
  cluster.addTopic('t')
  const client = cluster.client({ requestTimeoutMs: 5000 })
  const producer = client.producer({ deliveryTimeoutMs: 6000, lingerMs: 0 })
  await cluster.world.complete(producer.send({ topic: 't', value: 'a' }))
  logs.after = () => 'silence'
  const lost = producer.send({ topic: 't', value: 'b' }).catch((error) => error)
  await cluster.world.advance(20_000)
  expect((await lost).code).toBe('BARNABAS_TIMEOUT')
  logs.after = () => 'proceed'
  await cluster.world.complete(producer.send({ topic: 't', value: 'c' }))
  const last = new BatchView(logs.log('t').batches.at(-1)!)
  expect([last.producerEpoch, last.baseSequence]).toEqual([1, 0])
  expect(logs.log('t').values).toEqual(['a', 'b', 'c'])
  await client.close()
})

test('a batch that is refused leaves no gap behind', async () => {
  const cluster = await FakeCluster.start()
  const logs = new FakeLogs(cluster)
  cluster.addTopic('t')
  logs.latencyMs = 10
  const client = cluster.client()
  const producer = client.producer({ lingerMs: 0, batchSizeBytes: 1 })
  await cluster.world.complete(producer.send({ topic: 't', value: 'a' }))
  let requests = 0
  logs.before = () => (++requests === 1 ? ErrorCode.INVALID_RECORD : 'proceed')
  const refused = producer.send({ topic: 't', value: 'bad' }).catch((error) => error.code)
  await cluster.world.advance(2)
  const later = [producer.send({ topic: 't', value: 'b' })]
  await cluster.world.advance(2)
  later.push(producer.send({ topic: 't', value: 'c' }))
  expect(await cluster.world.complete(refused)).toBe('INVALID_RECORD')
  await cluster.world.complete(Promise.all(later))
  expect(logs.log('t').values).toEqual(['a', 'b', 'c'])
  await client.close()
})

test('a broker that has forgotten the producer is told sequences from 0 under a higher epoch', async () => {
  const cluster = await FakeCluster.start()
  const logs = new FakeLogs(cluster)
  cluster.addTopic('t')
  const client = cluster.client()
  const producer = client.producer({ lingerMs: 0 })
  await cluster.world.complete(producer.send({ topic: 't', value: 'a' }))
  logs.before = () => {
    logs.before = () => 'proceed'
    return ErrorCode.UNKNOWN_PRODUCER_ID
  }
  await cluster.world.complete(producer.send({ topic: 't', value: 'b' }))
  expect(logs.log('t').values).toEqual(['a', 'b'])
  expect(new BatchView(logs.log('t').batches.at(-1)!).producerEpoch).toBe(1)
  await client.close()
})
