/**
 * What every `Transport` must do. Runs against any implementation, with any test runner: the caller hands
 * in how to declare a test, how to get a transport and how to wait for something to happen on it.
 */
import nodeAssert from 'node:assert/strict'
import { EnvironmentError } from '../errors.ts'
import type { ByteChannel, ByteSink, Listener, Transport } from '../world.ts'

export interface TransportUnderTest {
  transport: Transport
  /** Lets time pass until the condition holds, or fails. */
  until(condition: () => boolean): Promise<void>
  dispose?(): Promise<void>
}

export function runTransportSuite(
  declareTest: (title: string, run: () => Promise<void>) => void,
  make: () => Promise<TransportUnderTest>,
): void {
  for (const [title, check] of Object.entries(checks)) {
    declareTest(title, async () => {
      const subject = await make()
      const pair = await connectPair(subject)
      try {
        await check(subject, pair)
      } finally {
        pair.client.destroy()
        for (const channel of pair.accepted) channel.destroy()
        await pair.listener.close()
        await subject.dispose?.()
      }
    })
  }
}

/** Collects what arrives, in places of a given size; insists on the promises that sinks are given. */
class Collector implements ByteSink {
  text = ''
  closed: Error | null | undefined
  drained = 0
  private readonly place: Buffer
  private placeGiven = false

  constructor(placeBytes: number) {
    this.place = Buffer.alloc(placeBytes)
  }

  nextBuffer(): Uint8Array {
    this.placeGiven = true
    return this.place
  }

  onBytes(length: number): void {
    nodeAssert.ok(this.placeGiven && length > 0 && length <= this.place.length)
    nodeAssert.equal(this.closed, undefined, 'bytes after the end')
    this.text += this.place.toString('latin1', 0, length)
  }

  onDrain(): void {
    this.drained++
  }

  onClose(error: Error | null): void {
    nodeAssert.equal(this.closed, undefined, 'closed twice')
    this.closed = error
  }
}

interface Pair {
  listener: Listener
  accepted: ByteChannel[]
  client: ByteChannel
  clientSink: Collector
  server: ByteChannel
  serverSink: Collector
}

const HOST = '127.0.0.1'
const bytes = (text: string) => Buffer.from(text, 'latin1')

async function connectPair({ transport, until }: TransportUnderTest): Promise<Pair> {
  const accepted: ByteChannel[] = []
  const listener = await transport.listen({ host: HOST, port: 0 }, (channel) =>
    accepted.push(channel),
  )
  const client = await transport.connect(listener.address)
  await until(() => accepted.length === 1)
  const server = accepted[0]!
  const [clientSink, serverSink] = [new Collector(4096), new Collector(5)]
  return { listener, accepted, client, clientSink, server, serverSink }
}

function start({ client, clientSink, server, serverSink }: Pair): void {
  client.start(clientSink)
  server.start(serverSink)
}

function isEnvironmentError(code: string, retriable: boolean) {
  return (error: unknown) =>
    error instanceof EnvironmentError && error.code === code && error.retriable === retriable
}

type Check = (subject: TransportUnderTest, pair: Pair) => Promise<void>

const checks: Record<string, Check> = {
  async 'bytes arrive in order and whole, both ways'({ until }, pair) {
    const { client, clientSink, server, serverSink } = pair
    nodeAssert.equal(client.remote.port, server.local.port)
    nodeAssert.equal(client.local.port, server.remote.port)
    start(pair)
    const done: string[] = []
    client.write([bytes('hello '), bytes(''), bytes('wide ')], () => done.push('first'))
    client.write([bytes('world')], () => done.push('second'))
    await until(() => serverSink.text === 'hello wide world')
    server.write([], () => done.push('nothing'))
    server.write([bytes('and back')])
    await until(() => clientSink.text === 'and back' && done.length === 3)
    nodeAssert.deepEqual(done, ['first', 'second', 'nothing'])
    nodeAssert.equal(client.queuedBytes, 0)
  },

  async 'bytes sent before the peer has a sink wait for it'({ until }, pair) {
    const { client, clientSink, server, serverSink } = pair
    client.start(clientSink)
    client.write([bytes('x'.repeat(100))])
    await until(() => client.queuedBytes === 0 || serverSink.text === '')
    server.start(serverSink)
    await until(() => serverSink.text.length === 100)
  },

  async 'end sends what is queued, then both ends close without an error'({ until }, pair) {
    const { client, clientSink, server, serverSink } = pair
    start(pair)
    server.write([bytes('mine too')])
    client.write([bytes('last words')])
    client.end()
    client.end()
    await until(() => clientSink.closed !== undefined && serverSink.closed !== undefined)
    nodeAssert.deepEqual([clientSink.closed, serverSink.closed], [null, null])
    nodeAssert.deepEqual([clientSink.text, serverSink.text], ['mine too', 'last words'])
  },

  async 'destroy closes at once, with its error on the own side only'({ until }, pair) {
    const { client, clientSink, serverSink } = pair
    start(pair)
    const mine = new Error('mine')
    client.destroy(mine)
    client.destroy(new Error('another'))
    await until(() => clientSink.closed !== undefined && serverSink.closed !== undefined)
    nodeAssert.equal(clientSink.closed, mine)
    nodeAssert.notEqual(serverSink.closed, mine)
  },

  async 'done is called also for what is written too late'({ until }, pair) {
    const { client, clientSink } = pair
    start(pair)
    client.destroy()
    let done = 0
    nodeAssert.equal(
      client.write([bytes('a')], () => done++),
      true,
    )
    await until(() => clientSink.closed !== undefined)
    client.write([bytes('b'), bytes('c')], () => done++)
    await until(() => done === 2)
  },

  async 'a channel that closed before it was started says so afterwards'({ until }, pair) {
    const { client, clientSink } = pair
    client.destroy()
    let turns = 0
    await until(() => ++turns > 3)
    client.start(clientSink)
    await until(() => clientSink.closed === null)
  },

  async 'a paused receiver holds the sender back until it resumes'({ until }, pair) {
    const { client, clientSink, server, serverSink } = pair
    start(pair)
    server.pause()
    const part = Buffer.alloc(1024 * 1024, 'x')
    let written = 0
    let done = 0
    for (let room = true; room; written += part.length) {
      nodeAssert.ok(written < 64 * part.length, 'the sender is never asked to wait')
      room = client.write([part], () => done++)
    }
    nodeAssert.ok(client.queuedBytes > 0)
    nodeAssert.equal(serverSink.text, '')
    nodeAssert.equal(clientSink.drained, 0)
    server.resume()
    await until(() => clientSink.drained > 0 && done === written / part.length)
    nodeAssert.equal(client.queuedBytes, 0)
    client.end()
    await until(() => serverSink.closed === null)
    nodeAssert.equal(serverSink.text.length, written)
  },

  async 'a closed listener frees its port and leaves its channels'({ transport, until }, pair) {
    const { listener, client, serverSink } = pair
    start(pair)
    await nodeAssert.rejects(
      transport.listen(listener.address, () => {}),
      isEnvironmentError('BARNABAS_LISTEN', false),
    )
    await listener.close()
    await listener.close()
    await nodeAssert.rejects(
      transport.connect(listener.address),
      isEnvironmentError('BARNABAS_CONNECT', true),
    )
    client.write([bytes('still here')])
    await until(() => serverSink.text === 'still here')
    const again = await transport.listen(listener.address, () => {})
    await again.close()
  },

  async 'connecting can be given up'({ transport }, { listener }) {
    await nodeAssert.rejects(
      transport.connect(listener.address, { signal: AbortSignal.abort() }),
      isEnvironmentError('BARNABAS_CONNECT_ABORTED', false),
    )
    const controller = new AbortController()
    const connecting = transport.connect(listener.address, { signal: controller.signal })
    controller.abort()
    await nodeAssert.rejects(connecting, isEnvironmentError('BARNABAS_CONNECT_ABORTED', false))
  },
}
