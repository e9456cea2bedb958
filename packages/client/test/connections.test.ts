import { AuthenticationError, type ClientError, ConnectionError } from '@barnabas/client'
import { ApiKey, CreateTopicsResponse } from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { FakeCluster } from './support/fake-cluster.ts'

test('the client finds the cluster and lists topics', async () => {
  const cluster = await FakeCluster.start(3)
  cluster.addTopic('orders', 4)
  const client = cluster.client()
  const topics = await cluster.world.complete(client.admin().listTopics())
  expect(topics.map((topic) => [topic.topic, topic.partitions])).toEqual([['orders', 4]])
  await client.close()
})

test('versions are negotiated with a broker that answers an unknown ApiVersions with version 0', async () => {
  const cluster = await FakeCluster.start()
  cluster.versions.set(ApiKey.ApiVersions, { min: 0, max: 2 })
  cluster.versions.set(ApiKey.Metadata, { min: 0, max: 7 })
  const client = cluster.client()
  await cluster.world.complete(client.admin().listTopics())
  expect(cluster.requestsOf('ApiVersions').map((request) => request.version)).toContain(2)
  expect(new Set(cluster.requestsOf('Metadata').map((request) => request.version))).toEqual(
    new Set([7]),
  )
  await client.close()
})

test('an API that the broker lacks is an error that says so', async () => {
  const cluster = await FakeCluster.start()
  cluster.versions.set(ApiKey.CreateTopics, null)
  const client = cluster.client()
  const created = client.admin().createTopic({ topic: 'a' })
  await expect(cluster.world.complete(created)).rejects.toMatchObject({
    code: 'BARNABAS_UNSUPPORTED',
    retriable: false,
    broker: 'broker-1:9092 (id 1)',
  })
  await client.close()
})

test('AC-07 PC-28 a retriable error is tried again after a growing back-off', async () => {
  const cluster = await FakeCluster.start()
  let attempts = 0
  const times: number[] = []
  cluster.on(ApiKey.CreateTopics, (request) => {
    times.push(cluster.world.clock.monotonicMs())
    const errorCode = ++attempts < 5 ? 41 : 0
    return CreateTopicsResponse.create({
      topics: [{ name: request.topics[0].name, errorCode } as never].map((topic) =>
        Object.assign(
          {
            topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
            errorMessage: null,
            topicConfigErrorCode: 0,
            numPartitions: 1,
            replicationFactor: 1,
            configs: [],
            unknownTaggedFields: null,
          },
          topic,
        ),
      ) as never,
    })
  })
  const client = cluster.client({ retryBackoffMs: 100, retryBackoffMaxMs: 300 })
  const created = await cluster.world.complete(client.admin().createTopic({ topic: 'a' }))
  expect(created.topic).toBe('a')
  const waits = times.slice(1).map((time, n) => time - times[n]!)
  for (const [n, plain] of [100, 200, 300, 300].entries()) {
    expect(waits[n]).toBeGreaterThanOrEqual(plain * 0.8)
    expect(waits[n]).toBeLessThanOrEqual(plain * 1.2 + 1)
  }
  await client.close()
})

test('AC-04 CC-25 a call that never succeeds ends in a time-out with its last cause', async () => {
  const cluster = await FakeCluster.start()
  await cluster.brokers.get(1)!.stop()
  const client = cluster.client({ apiTimeoutMs: 5000 })
  const started = cluster.world.clock.monotonicMs()
  const failed = client.admin().listTopics()
  await expect(cluster.world.complete(failed)).rejects.toMatchObject({ code: 'BARNABAS_TIMEOUT' })
  expect(cluster.world.clock.monotonicMs() - started).toBeLessThanOrEqual(5000)
  await client.close()
})

test('PC-30 PC-31 reconnecting backs off', async () => {
  const cluster = await FakeCluster.start()
  await cluster.brokers.get(1)!.stop()
  const client = cluster.client({ reconnectBackoffMs: 50, reconnectBackoffMaxMs: 1000 })
  const listed = client.admin().listTopics()
  await cluster.world.advance(3000)
  await cluster.brokers.get(1)!.start()
  await cluster.world.complete(listed, 3000)
  await client.close()
})

test('PC-27 CC-29 AC-09 a cluster that has moved is found again by the bootstrap servers', async () => {
  const cluster = await FakeCluster.start(2)
  const client = cluster.client({ bootstrapServers: 'broker-1:9092,broker-3:9092' })
  await cluster.world.complete(client.admin().listTopics())
  await cluster.brokers.get(1)!.stop()
  await cluster.brokers.get(2)!.stop()
  cluster.brokers.clear()
  await cluster.addBroker(3)
  cluster.addTopic('moved')
  const topics = await cluster.world.complete(client.admin().listTopics())
  expect(topics.map((topic) => topic.topic)).toEqual(['moved'])
  await client.close()
})

test('a request that is cut off is sent again over a new connection', async () => {
  const cluster = await FakeCluster.start()
  const client = cluster.client()
  const { listTopics } = client.admin()
  await cluster.world.complete(listTopics.call(client.admin()))
  let cuts = 0
  const builtIn = cluster.handlers.get(ApiKey.Metadata)
  cluster.on(ApiKey.Metadata, (_request, context) => {
    if (++cuts === 2 && builtIn === undefined) cluster.handlers.delete(ApiKey.Metadata)
    context.connection.close(null)
    return undefined
  })
  await cluster.world.complete(client.admin().listTopics())
  expect(cuts).toBe(2)
  await client.close()
})

test('PC-32 AC-11 quiet connections are closed', async () => {
  const cluster = await FakeCluster.start()
  const client = cluster.client({ connectionsMaxIdleMs: 60_000, metadataMaxAgeMs: 1e9 })
  await cluster.world.complete(client.admin().listTopics())
  expect(cluster.brokers.get(1)!.connectionCount).toBeGreaterThan(0)
  await cluster.world.advance(120_000)
  expect(cluster.brokers.get(1)!.connectionCount).toBe(0)
  await cluster.world.complete(client.admin().listTopics())
  await client.close()
})

test('PC-25 CC-28 AC-08 metadata is refreshed when it is old', async () => {
  const cluster = await FakeCluster.start()
  const client = cluster.client({ metadataMaxAgeMs: 10_000 })
  await cluster.world.complete(client.admin().listTopics())
  const before = cluster.requestsOf('Metadata').length
  await cluster.world.advance(35_000)
  const after = cluster.requestsOf('Metadata').length
  expect(after - before).toBe(3)
  await client.close()
})

test('an aborted call rejects with the reason', async () => {
  const cluster = await FakeCluster.start()
  cluster.on(ApiKey.CreateTopics, () => undefined)
  const client = cluster.client()
  const abort = new AbortController()
  const created = client.admin().createTopic({ topic: 'a' }, { signal: abort.signal })
  await cluster.world.advance(100)
  abort.abort(new Error('enough'))
  await expect(created).rejects.toThrow('enough')
  await client.close()
})

test('calls that are under way when the client closes reject', async () => {
  const cluster = await FakeCluster.start()
  cluster.on(ApiKey.CreateTopics, () => undefined)
  const client = cluster.client()
  const created = client.admin().createTopic({ topic: 'a' })
  created.catch(() => {})
  await cluster.world.advance(100)
  await client.close()
  await expect(created).rejects.toMatchObject({ code: 'BARNABAS_CLOSED' })
})

test('a listener that hangs up says that TLS or SASL may be expected', async () => {
  const cluster = await FakeCluster.start()
  cluster.on(ApiKey.ApiVersions, () => 'close')
  const client = cluster.client({ apiTimeoutMs: 1000 })
  const failed = client.admin().listTopics()
  const error: ClientError = await cluster.world.complete(failed.then(fail, (e) => e))
  expect(error.cause).toBeInstanceOf(ConnectionError)
  expect((error.cause as ConnectionError).hint).toContain('TLS or SASL')
  await client.close()
})

test('a refused mechanism names those that are offered, and nothing is tried again', async () => {
  const cluster = await FakeCluster.start()
  cluster.on(ApiKey.SaslHandshake, () => ({ errorCode: 33, mechanisms: ['SCRAM-SHA-512'] }))
  const client = cluster.client({
    sasl: { mechanism: 'PLAIN', username: 'alice', password: 'secret' },
  })
  const failed = client.admin().listTopics()
  const error: ClientError = await cluster.world.complete(failed.then(fail, (e) => e))
  expect(error).toBeInstanceOf(AuthenticationError)
  expect(error.message).toContain('SCRAM-SHA-512')
  await client.close()
})

function fail(): never {
  throw new Error('it should have failed')
}
