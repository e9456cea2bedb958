import type { ByteChannel, ByteSink } from '@barnabas/base'
import { createTestWorld, type TestWorld } from '@barnabas/base/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'

class Collector implements ByteSink {
  text = ''
  closed: Error | null | undefined
  drained = 0
  pieces = 0
  private readonly place: Buffer

  constructor(placeBytes = 4096) {
    this.place = Buffer.alloc(placeBytes)
  }

  nextBuffer(): Uint8Array {
    return this.place
  }

  onBytes(length: number): void {
    this.pieces++
    this.text += this.place.toString('latin1', 0, length)
  }

  onDrain(): void {
    this.drained++
  }

  onClose(error: Error | null): void {
    if (this.closed !== undefined) throw new Error('closed twice')
    this.closed = error
  }
}

const bytes = (text: string) => Buffer.from(text, 'latin1')

async function connected(client: TestWorld, server: TestWorld, placeBytes?: number) {
  const serverSink = new Collector(placeBytes)
  let serverChannel!: ByteChannel
  const listener = await server.transport.listen({ host: '0.0.0.0', port: 0 }, (channel) => {
    serverChannel = channel
    channel.start(serverSink)
  })
  const { port } = listener.address
  const clientChannel = await client.complete(client.transport.connect({ host: server.host, port }))
  const clientSink = new Collector()
  clientChannel.start(clientSink)
  return { listener, port, serverSink, serverChannel, clientSink, clientChannel }
}

test('bytes go both ways, in order, and done is called', async () => {
  const world = createTestWorld()
  const { serverSink, serverChannel, clientSink, clientChannel } = await connected(world, world, 3)
  const done: string[] = []
  clientChannel.write([bytes('hello '), bytes('world')], () => done.push('client'))
  clientChannel.write([bytes('!')])
  expect(serverSink.text).toBe('')
  expect(clientChannel.queuedBytes).toBe(12)
  await world.settle()
  expect(serverSink.text).toBe('hello world!')
  expect(serverSink.pieces).toBeGreaterThan(3)
  serverChannel.write([], () => done.push('empty'))
  serverChannel.write([bytes('back')], () => done.push('server'))
  await world.settle()
  expect(clientSink.text).toBe('back')
  expect(done).toEqual(['client', 'empty', 'server'])
  expect(serverChannel.remote).toEqual(clientChannel.local)
})

test('end sends what is queued, then both sides close', async () => {
  const world = createTestWorld()
  const { serverSink, serverChannel, clientSink, clientChannel } = await connected(world, world)
  clientChannel.write([bytes('last words')])
  serverChannel.write([bytes('mine too')])
  clientChannel.end()
  await world.settle()
  expect([serverSink.text, clientSink.text]).toEqual(['last words', 'mine too'])
  expect([serverSink.closed, clientSink.closed]).toEqual([null, null])
  expect(world.network.openChannels).toBe(0)
  let done = false
  expect(clientChannel.write([bytes('late')], () => (done = true))).toBe(true)
  await world.settle()
  expect(done).toBe(true)
})

test('destroy closes at once, with the error on the own side only', async () => {
  const world = createTestWorld()
  const { serverSink, clientSink, clientChannel } = await connected(world, world)
  let done = 0
  clientChannel.write([bytes('lost')], () => done++)
  clientChannel.destroy(new Error('mine'))
  clientChannel.destroy(new Error('again'))
  expect(done).toBe(1)
  await world.settle()
  expect(clientSink.closed?.message).toBe('mine')
  expect(serverSink.closed).toBe(null)
  expect(serverSink.text).toBe('')
  expect(world.network.openChannels).toBe(0)
})

test('a paused receiver makes the sender wait for the drain', async () => {
  const world = createTestWorld()
  const { serverSink, serverChannel, clientSink, clientChannel } = await connected(world, world)
  serverChannel.pause()
  expect(clientChannel.write([bytes('small')])).toBe(true)
  expect(clientChannel.write([new Uint8Array(2_000_000)])).toBe(false)
  await world.settle()
  expect(serverSink.text).toBe('')
  expect(clientSink.drained).toBe(0)
  serverChannel.resume()
  await world.settle()
  expect(serverSink.text.length).toBe(2_000_005)
  expect(clientSink.drained).toBe(1)
  expect(clientChannel.queuedBytes).toBe(0)
})

test('bytes wait for a channel that is started later', async () => {
  const world = createTestWorld()
  const accepted: ByteChannel[] = []
  const listener = await world.transport.listen({ host: 'localhost', port: 9092 }, (channel) => {
    accepted.push(channel)
  })
  const channel = await world.transport.connect({ host: '127.0.0.1', port: 9092 })
  channel.start(new Collector())
  channel.write([bytes('early')])
  await world.settle()
  const sink = new Collector()
  accepted[0]!.start(sink)
  await world.settle()
  expect(sink.text).toBe('early')
  await expect(world.transport.listen(listener.address, () => {})).rejects.toThrow(/in use/)
  await listener.close()
  await expect(world.transport.connect(listener.address)).rejects.toMatchObject({
    code: 'BARNABAS_CONNECT',
    retriable: true,
  })
})

test('a link has its delay, and a cut one holds everything back', async () => {
  const client = createTestWorld(1, { host: 'client' })
  const server = client.addHost('server')
  client.network.latencyMs = () => 40
  const { port, serverSink, clientChannel } = await connected(client, server)
  clientChannel.write([bytes('a')])
  await client.advance(39)
  expect(serverSink.text).toBe('')
  await client.advance(1)
  expect(serverSink.text).toBe('a')
  client.network.cut('server', 'client')
  clientChannel.write([bytes('b')])
  const unanswered = client.transport.connect({ host: 'server', port }, { timeoutMs: 500 })
  const refused = expect(unanswered).rejects.toThrow(/within 500 ms/)
  clientChannel.destroy()
  await client.advance(1000)
  await refused
  expect(serverSink).toMatchObject({ text: 'a', closed: undefined })
  client.network.heal()
  await client.settle()
  expect(serverSink.closed).toBe(null)
})

test('bytes under way when a link is cut arrive after it is mended', async () => {
  const client = createTestWorld(1, { host: 'client' })
  const { serverSink, clientChannel } = await connected(client, client.addHost('server'))
  client.network.cut('client', 'server')
  clientChannel.write([bytes('patient')])
  await client.advance(5000)
  expect(serverSink.text).toBe('')
  client.network.heal('client', 'server')
  await client.settle()
  expect(serverSink.text).toBe('patient')
})

test('a reset breaks both ends; TLS meets only TLS; an aborted connect ends', async () => {
  const client = createTestWorld(1, { host: 'client' })
  const server = client.addHost('server')
  const { port, serverSink, clientSink } = await connected(client, server)
  client.network.reset('server', 'client')
  await client.settle()
  expect(clientSink.closed?.message).toMatch(/reset/)
  expect(serverSink.closed?.message).toMatch(/reset/)
  const to = { host: 'server', port }
  await expect(client.transport.connect(to, { tls: {} })).rejects.toThrow(/TLS/)
  const signal = AbortSignal.abort()
  await expect(client.transport.connect(to, { signal })).rejects.toThrow(/given up/)
})

test('a restarted host has no old timers, listeners or connections', async () => {
  const client = createTestWorld('restart', { host: 'client' })
  const server = client.addHost('server')
  const { port, clientSink } = await connected(client, server)
  await server.files.makeDirectories('/log')
  let zombie = false
  server.timers.schedule(10, () => {
    zombie = true
  })
  const next = server.restart('kill')
  await client.advance(100)
  expect(zombie).toBe(false)
  expect(clientSink.closed).toBe(null)
  expect(await next.files.list('/')).toEqual(['log'])
  await expect(client.transport.connect({ host: 'server', port })).rejects.toThrow(/refused/)
  const crashed = next.restart('crash')
  expect(await crashed.files.list('/')).toEqual([])
  await crashed.restart('chaos').files.list('/')
  expect(crashed.entropy.nextU32()).not.toBe(next.entropy.nextU32())
  expect(createTestWorld('x').entropy.nextU32()).toBe(createTestWorld('x').entropy.nextU32())
})

test('any cutting into pieces leaves the stream whole', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ maxLength: 50, unit: 'binary-ascii' }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      async (writes, placeBytes, piece) => {
        const world = createTestWorld()
        world.network.pieceBytesMax = () => piece
        const { serverSink, clientChannel } = await connected(world, world, placeBytes)
        for (const text of writes) clientChannel.write([bytes(text)])
        clientChannel.end()
        await world.settle()
        expect(serverSink.text).toBe(writes.join(''))
        expect(serverSink.closed).toBe(null)
      },
    ),
    { numRuns: 40 },
  )
})
