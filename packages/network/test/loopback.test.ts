/** Both ends of connections over real sockets. */
import { BufferPool, type Timers } from '@barnabas/base'
import { createTransport } from '@barnabas/host'
import { ClientConnection, type Frame, ServerConnection } from '@barnabas/network'
import { expect, test } from 'vitest'
import { ManualTime } from './support.ts'

const timers: Timers = new ManualTime()
const clock = new ManualTime()

async function connect(onRequest: (connection: ServerConnection, frame: Frame) => void) {
  const transport = createTransport()
  const pool = new BufferPool(1 << 26)
  const maxRequestBytes = 1 << 24
  const served: { connection: ServerConnection; closed: Promise<Error | null> }[] = []
  const listener = await transport.listen({ host: '127.0.0.1', port: 0 }, (channel) => {
    let onClose!: (reason: Error | null) => void
    const closed = new Promise<Error | null>((resolve) => {
      onClose = resolve
    })
    const connection = new ServerConnection({
      channel,
      pool,
      clock,
      timers,
      maxRequestBytes,
      onRequest,
      onClose: (_connection, reason) => onClose(reason),
    })
    connection.start()
    served.push({ connection, closed })
  })
  const channel = await transport.connect(listener.address)
  const clientPool = new BufferPool(1 << 26)
  const client = new ClientConnection({
    channel,
    pool: clientPool,
    timers,
    maxResponseBytes: 1 << 25,
  })
  return { listener, channel, client, served, pool, clientPool }
}

function request(correlationId: number, size: number): Buffer {
  const bytes = Buffer.alloc(Math.max(4, size), correlationId & 0xff)
  bytes.writeInt32BE(correlationId)
  return bytes
}

test('WIRE-04 hundreds of pipelined requests of all sizes are echoed in order', async () => {
  const { listener, client, served, pool, clientPool } = await connect((connection, frame) => {
    // Every third answer comes later, and large ones without a copy: the frame lives until it is sent.
    const answer = () => connection.respond([frame.bytes()], () => frame.release())
    if (frame.buffer.readInt32BE(frame.start) % 3 === 0) setImmediate(answer)
    else answer()
  })
  const sizes = Array.from({ length: 300 }, (_, n) =>
    n % 50 === 49 ? 1_100_000 : n % 10 === 9 ? 40_000 : (n * 37) % 3000,
  )
  const answers = sizes.map((size, n) => client.send(n, [request(n, size)], 1e9))
  for (const [n, size] of sizes.entries()) {
    const frame = await answers[n]!
    expect(frame.bytes().equals(request(n, size))).toBe(true)
    frame.release()
  }
  client.close()
  expect(await served[0]!.closed).toBeNull()
  expect(pool.stats.usedBytes).toBe(0)
  while (clientPool.stats.usedBytes > 0) await new Promise((resolve) => setImmediate(resolve))
  await listener.close()
})

test('a client that does not read its answers gets only so many requests handled', async () => {
  const block = Buffer.alloc(1 << 20)
  let handled = 0
  const { listener, channel, client, served } = await connect((connection, frame) => {
    handled++
    const id = Buffer.from(frame.bytes().subarray(0, 4))
    frame.release()
    connection.respond([id, block])
  })
  channel.pause()
  const answers = Array.from({ length: 100 }, (_, n) => client.send(n, [request(n, 4)], 1e9))
  // What the sockets hold is the system's affair; the rest must not be handled yet.
  let before = -1
  for (let quiet = 0; quiet < 50; quiet = handled === before ? quiet + 1 : 0) {
    before = handled
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(handled).toBeLessThan(60)
  channel.resume()
  for (const answer of answers) (await answer).release()
  expect(handled).toBe(100)
  client.close()
  await served[0]!.closed
  await listener.close()
})

test('a server that closes fails what the client has in flight', async () => {
  const { listener, client, served } = await connect((connection, frame) => {
    frame.release()
    connection.close(new Error('shutting down'))
  })
  await expect(client.send(1, [request(1, 10)], 1e9)).rejects.toMatchObject({
    code: 'BARNABAS_DISCONNECTED',
    retriable: true,
  })
  expect(String(await served[0]!.closed)).toBe('Error: shutting down')
  await listener.close()
})
