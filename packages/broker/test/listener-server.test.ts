import { BufferPool } from '@barnabas/base'
import { createTestWorld } from '@barnabas/base/testing'
import { ConnectionLimits, IdleSweep } from '@barnabas/network'
import { ListGroupsRequest, ListGroupsResponse } from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { handler } from '../src/handlers/handler.ts'
import { HandlerRegistry } from '../src/handlers/handler-registry.ts'
import type { RequestContext } from '../src/request/request-context.ts'
import { RequestPipeline } from '../src/request/request-pipeline.ts'
import { allowAll } from '../src/security/authorizer.ts'
import { ListenerServer } from '../src/server/listener-server.ts'
import { TestClient } from './support/test-client.ts'

type Answer = ListGroupsResponse | Promise<ListGroupsResponse>

async function setUp(
  handle: (context: RequestContext, request: ListGroupsRequest) => Answer,
  options: { maxConnectionsPerIp?: number; serves?: boolean } = {},
) {
  const world = createTestWorld()
  const limits = new ConnectionLimits({
    maxConnections: 10,
    maxConnectionsPerIp: options.maxConnectionsPerIp ?? 10,
    maxConnectionsPerIpOverrides: new Map(),
  })
  const registry = new HandlerRegistry(
    [
      handler({
        request: ListGroupsRequest,
        response: ListGroupsResponse,
        authorization: 'by-resource',
        handle,
        failure: (_request, errorCode) => ListGroupsResponse.create({ errorCode }),
      }),
    ],
    { listener: 'broker' },
  )
  const server = await ListenerServer.bind({
    world,
    settings: {
      name: 'PLAINTEXT',
      kind: 'broker',
      host: '',
      port: 9092,
      securityProtocol: 'PLAINTEXT',
      advertised: null,
    },
    pipeline: new RequestPipeline({
      registry,
      authorizer: allowAll,
      clock: world.clock,
      log: world.log,
    }),
    pool: new BufferPool(1 << 20),
    idleSweep: new IdleSweep(world.clock, world.timers, 600_000),
    limits,
    maxRequestBytes: 1000,
    backlog: 50,
  })
  if (options.serves !== false) server.serve()
  const connect = () => TestClient.connect(world, { host: 'localhost', port: 9092 })
  return { world, server, limits, connect }
}

const list = (client: TestClient, version = 5) =>
  client.send(ListGroupsRequest, ListGroupsResponse, version, {})

test('WIRE-04 answers leave in the order of the requests, one request handled at a time', async () => {
  const release: (() => void)[] = []
  let running = 0
  const { world, connect } = await setUp(async ({ correlationId }) => {
    expect(++running).toBe(1)
    if (correlationId === 1) await new Promise<void>((resolve) => void release.push(resolve))
    running--
    return ListGroupsResponse.create({ errorCode: correlationId })
  })
  const client = await world.complete(connect())
  const order: number[] = []
  const answers = [list(client), list(client), list(client)].map(async (answer) => {
    order.push((await answer).errorCode)
  })
  await world.settle()
  expect(order).toEqual([])
  release[0]!()
  await world.complete(Promise.all(answers))
  expect(order).toEqual([1, 2, 3])
})

test('WIRE-12 a throttled client is answered at once, its next request only after the time', async () => {
  const { world, connect } = await setUp((context) => {
    if (context.correlationId === 1) context.throttle(500)
    return ListGroupsResponse.create()
  })
  const client = await world.complete(connect())
  const first = await list(client)
  expect(first.throttleTimeMs).toBe(500)
  let answered = false
  const second = list(client).then(() => {
    answered = true
  })
  await world.advance(499)
  expect(answered).toBe(false)
  await world.advance(1)
  await second
})

test('a handler sees the connection: both ends, listener and who is there', async () => {
  let seen: unknown
  const { world, connect } = await setUp(({ connection }) => {
    const { local, listener, securityProtocol, principal } = connection
    seen = { port: local.port, listener, securityProtocol, principal }
    return ListGroupsResponse.create()
  })
  await list(await world.complete(connect()))
  expect(seen).toEqual({
    port: 9092,
    listener: 'PLAINTEXT',
    securityProtocol: 'PLAINTEXT',
    principal: { type: 'User', name: 'ANONYMOUS' },
  })
})

test('WIRE-06 a version that is not served closes the connection, and the log says why', async () => {
  const { world, connect, limits, server } = await setUp(() => ListGroupsResponse.create())
  const client = await world.complete(connect())
  client.sendOnly({ ...ListGroupsRequest, apiKey: 3 }, 0, {})
  await world.settle()
  expect(client.closed).toBe(true)
  expect(world.log.find('connection closed', 'warn')[0]!.fields['reason']).toMatch(/Metadata/)
  expect(limits.count).toBe(0)
  expect(server.connectionCount).toBe(0)
})

test('WIRE-18 connections beyond a limit are refused', async () => {
  const { world, connect, limits } = await setUp(() => ListGroupsResponse.create(), {
    maxConnectionsPerIp: 1,
  })
  const first = await world.complete(connect())
  const second = await world.complete(connect())
  await world.settle()
  expect([first.closed, second.closed]).toEqual([false, true])
  expect(world.log.find('connection refused', 'warn')).toHaveLength(1)
  first.close()
  await world.settle()
  expect(limits.count).toBe(0)
  const third = await world.complete(connect())
  await list(third)
})

test('closing ends the connections after the answers given so far', async () => {
  const { world, connect, server } = await setUp(() => ListGroupsResponse.create())
  const client = await world.complete(connect())
  await list(client)
  await world.complete(server.close())
  await world.settle()
  expect(client.closed).toBe(true)
  await expect(world.complete(connect())).rejects.toThrow()
})

test('connections that come before the broker serves wait until it does', async () => {
  const { world, connect, server } = await setUp(() => ListGroupsResponse.create(), {
    serves: false,
  })
  const client = await world.complete(connect())
  let isAnswered = false
  const answer = list(client).then(() => {
    isAnswered = true
  })
  await world.settle()
  expect(isAnswered).toBe(false)
  server.serve()
  await world.complete(answer)
  const closing = await setUp(() => ListGroupsResponse.create(), { serves: false })
  const waiting = await closing.world.complete(closing.connect())
  await closing.world.complete(closing.server.close())
  await closing.world.settle()
  expect(waiting.closed).toBe(true)
})
