import net from 'node:net'
import type { ByteChannel, ByteSink } from '@barnabas/base'
import { createTransport, NetworkError } from '@barnabas/host'
import { expect, test } from 'vitest'

/** Collects what arrives, in places of a given size. */
class Collector implements ByteSink {
  readonly chunks: Buffer[] = []
  closed = false
  error: Error | null = null
  drained = 0
  private place: Buffer
  private readonly waiting: (() => void)[] = []

  constructor(placeBytes = 7) {
    this.place = Buffer.alloc(placeBytes)
  }

  nextBuffer(): Uint8Array {
    return this.place
  }

  onBytes(length: number): void {
    this.chunks.push(Buffer.from(this.place.subarray(0, length)))
    this.place = Buffer.alloc(this.place.length)
    this.wake()
  }

  onDrain(): void {
    this.drained++
    this.wake()
  }

  onClose(error: Error | null): void {
    this.closed = true
    this.error = error
    this.wake()
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString()
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.waiting.push(resolve))
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve()
  }
}

async function pair(placeBytes?: number) {
  const transport = createTransport()
  const server = new Collector(placeBytes)
  let accepted: (channel: ByteChannel) => void
  const serverChannel = new Promise<ByteChannel>((resolve) => {
    accepted = resolve
  })
  const listener = await transport.listen({ host: '127.0.0.1', port: 0 }, (channel) => {
    channel.start(server)
    accepted(channel)
  })
  const client = new Collector()
  const clientChannel = await transport.connect(listener.address)
  clientChannel.start(client)
  return { listener, server, serverChannel: await serverChannel, client, clientChannel }
}

test('bytes arrive in order, in the places that the sink gives', async () => {
  const { listener, server, serverChannel, client, clientChannel } = await pair()
  clientChannel.write([Buffer.from('hello '), Buffer.from('wide '), Buffer.from('world')])
  await server.until(() => server.text === 'hello wide world')
  let done = false
  serverChannel.write([Buffer.from('and '), Buffer.from('back')], () => {
    done = true
  })
  await client.until(() => client.text === 'and back')
  expect(done).toBe(true)
  expect(serverChannel.remote.port).toBe(clientChannel.local.port)
  clientChannel.end()
  await server.until(() => server.closed)
  await client.until(() => client.closed)
  expect(server.error).toBeNull()
  await listener.close()
})

test('large amounts pass whole, whatever the size of the places', async () => {
  const { listener, server, clientChannel } = await pair(100_003)
  const block = Buffer.alloc(1_000_000, 'x')
  for (let n = 0; n < 20; n++) clientChannel.write([block])
  clientChannel.end()
  await server.until(() => server.closed)
  expect(server.chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(20_000_000)
  await listener.close()
})

test('a paused channel receives nothing until it is resumed', async () => {
  const { listener, server, serverChannel, clientChannel } = await pair()
  serverChannel.pause()
  let sent = false
  clientChannel.write([Buffer.from('later')], () => {
    sent = true
  })
  while (!sent) await new Promise((resolve) => setImmediate(resolve))
  expect(server.text).toBe('')
  serverChannel.resume()
  await server.until(() => server.text === 'later')
  clientChannel.destroy()
  await server.until(() => server.closed)
  await listener.close()
})

test('a sender is told to wait, and told when it may go on', async () => {
  const { listener, server, serverChannel, client, clientChannel } = await pair(1 << 20)
  serverChannel.pause()
  const block = Buffer.alloc(1 << 20)
  let room = true
  for (let n = 0; n < 64 && room; n++) room = clientChannel.write([block])
  expect(room).toBe(false)
  expect(clientChannel.queuedBytes).toBeGreaterThan(0)
  serverChannel.resume()
  await client.until(() => client.drained > 0)
  clientChannel.end()
  await server.until(() => server.closed)
  await listener.close()
})

test('a write to a closed channel still calls back', async () => {
  const { listener, server, clientChannel, client } = await pair()
  clientChannel.destroy()
  await client.until(() => client.closed)
  await new Promise<void>((resolve) => clientChannel.write([Buffer.from('x')], resolve))
  await server.until(() => server.closed)
  await listener.close()
})

test('a port in use is refused with what to do', async () => {
  const transport = createTransport()
  const listener = await transport.listen({ host: '127.0.0.1', port: 0 }, () => {})
  await expect(transport.listen(listener.address, () => {})).rejects.toThrow(
    /in use: stop the program/,
  )
  await listener.close()
  await expect(transport.connect(listener.address)).rejects.toThrow(NetworkError)
})

test('a listener closes without waiting for its channels, and its port is free', async () => {
  const { listener, server, clientChannel } = await pair()
  await Promise.all([listener.close(), listener.close()])
  const again = await createTransport().listen(listener.address, () => {})
  await again.close()
  clientChannel.write([Buffer.from('still here')])
  await server.until(() => server.text === 'still here')
  clientChannel.end()
  await server.until(() => server.closed)
})

test('what a server says before the client has a sink is not lost', async () => {
  const transport = createTransport()
  const listener = await transport.listen({ host: '127.0.0.1', port: 0 }, (channel) => {
    channel.start(new Collector())
    channel.write([Buffer.from('a greeting longer than sixteen bytes')])
    channel.end()
  })
  const channel = await transport.connect(listener.address)
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve))
  const sink = new Collector()
  channel.start(sink)
  await sink.until(() => sink.closed)
  expect(sink.text).toBe('a greeting longer than sixteen bytes')
  await listener.close()
})

test('a channel paused before its start receives only after resume', async () => {
  const transport = createTransport()
  const sink = new Collector()
  let accepted!: (channel: ByteChannel) => void
  const channel = new Promise<ByteChannel>((resolve) => {
    accepted = resolve
  })
  const listener = await transport.listen({ host: '127.0.0.1', port: 0 }, (one) => {
    one.pause()
    one.start(sink)
    accepted(one)
  })
  const client = await transport.connect(listener.address)
  client.start(new Collector())
  await new Promise<void>((resolve) => client.write([Buffer.from('early')], resolve))
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve))
  expect(sink.text).toBe('')
  ;(await channel).resume()
  await sink.until(() => sink.text === 'early')
  client.destroy()
  await sink.until(() => sink.closed)
  await listener.close()
})

test('every write calls back, also when the channel is destroyed with much queued', async () => {
  const { listener, server, serverChannel, clientChannel, client } = await pair(1 << 20)
  serverChannel.pause()
  const block = Buffer.alloc(1 << 20)
  let calls = 0
  for (let n = 0; n < 16; n++) clientChannel.write([block, block], () => calls++)
  clientChannel.write([], () => calls++)
  clientChannel.destroy(new Error('enough'))
  await client.until(() => client.closed)
  while (calls < 17) await new Promise((resolve) => setImmediate(resolve))
  expect(client.error?.message).toBe('enough')
  serverChannel.resume()
  await server.until(() => server.closed)
  await listener.close()
})

test('a reset by the peer is reported as a retriable error with its cause', async () => {
  const transport = createTransport()
  const sink = new Collector()
  const listener = await transport.listen({ host: '127.0.0.1', port: 0 }, (channel) =>
    channel.start(sink),
  )
  const socket = net.connect(listener.address.port, '127.0.0.1')
  socket.write('x')
  await sink.until(() => sink.text === 'x')
  socket.resetAndDestroy()
  await sink.until(() => sink.closed)
  expect(sink.error).toMatchObject({ code: 'BARNABAS_CONNECTION', retriable: true })
  expect(sink.error?.message).toMatch(/reset/)
  await listener.close()
})

test('connecting ends with a typed error when refused, given up or too slow', async () => {
  const transport = createTransport()
  const listener = await transport.listen({ host: '127.0.0.1', port: 0 }, () => {})
  const at = listener.address
  const aborted = AbortSignal.abort(new Error('no longer wanted'))
  await expect(transport.connect(at, { signal: aborted })).rejects.toMatchObject({
    code: 'BARNABAS_CONNECT_ABORTED',
    retriable: false,
  })
  const controller = new AbortController()
  const connecting = transport.connect(at, { signal: controller.signal })
  controller.abort()
  await expect(connecting).rejects.toMatchObject({ code: 'BARNABAS_CONNECT_ABORTED' })
  await expect(transport.connect(at, { timeoutMs: 0, tls: {} })).rejects.toThrow(/within 0 ms/)
  await listener.close()
  await expect(transport.connect(at)).rejects.toMatchObject({
    code: 'BARNABAS_CONNECT',
    retriable: true,
    message: expect.stringContaining('nothing listens there'),
  })
})

test('an IPv4 client of an IPv6 listener is known by its plain address', async () => {
  const transport = createTransport()
  const remotes: string[] = []
  const sink = new Collector()
  const listener = await transport.listen({ host: '::', port: 0 }, (channel) => {
    remotes.push(channel.remote.host)
    channel.start(sink)
  })
  const channel = await transport.connect({ host: '127.0.0.1', port: listener.address.port })
  channel.start(new Collector())
  channel.end()
  await sink.until(() => sink.closed)
  expect(remotes).toEqual(['127.0.0.1'])
  await listener.close()
})

test('a channel resumed and paused in one go stays paused after at most one read', async () => {
  const { listener, server, serverChannel, clientChannel } = await pair(1000)
  serverChannel.pause()
  serverChannel.resume()
  serverChannel.pause()
  let sent = 0
  for (let n = 0; n < 10; n++) clientChannel.write([Buffer.alloc(1000)], () => sent++)
  while (sent < 10) await new Promise((resolve) => setImmediate(resolve))
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve))
  expect(server.text.length).toBeLessThanOrEqual(1000)
  serverChannel.resume()
  await server.until(() => server.text.length === 10_000)
  clientChannel.end()
  await server.until(() => server.closed)
  await listener.close()
})

test('an ended channel sends all, and does not wait for ever for its peer to end too', async () => {
  const sink = new Collector()
  const transport = createTransport({ lingerMs: 20 })
  const listener = await transport.listen({ host: '127.0.0.1', port: 0 }, (channel) => {
    channel.start(sink)
    channel.pause()
    channel.write([Buffer.alloc(3_000_000)])
    channel.end()
  })
  const { port } = listener.address
  const peer = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  peer.write('unread')
  let received = 0
  peer.on('data', (chunk) => {
    received += chunk.length
  })
  peer.on('error', () => {})
  const ended = new Promise<void>((resolve) => peer.once('end', resolve))
  await ended
  expect(received).toBe(3_000_000)
  await sink.until(() => sink.closed)
  expect(sink.error).toBeNull()
  peer.destroy()
  await listener.close()
})
