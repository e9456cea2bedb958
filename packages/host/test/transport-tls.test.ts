import { readFileSync } from 'node:fs'
import net from 'node:net'
import type { ByteChannel, ByteSink, TlsClientOptions, TlsServerOptions } from '@barnabas/base'
import { createTransport, NetworkError } from '@barnabas/host'
import { expect, test } from 'vitest'

const pem = (name: string) => readFileSync(new URL(`fixtures/tls/${name}`, import.meta.url), 'utf8')

const server: TlsServerOptions = {
  certificate: pem('broker.pem'),
  key: pem('broker.key'),
  certificateAuthorities: [pem('authority.pem')],
}
const client: TlsClientOptions = { certificateAuthorities: [pem('authority.pem')] }
const alice = { ...client, certificate: pem('alice.pem'), key: pem('alice.key') }
const mallory = { ...client, certificate: pem('mallory.pem'), key: pem('mallory.key') }

/** Collects what arrives, in places of seven bytes, and lets tests wait for it. */
class Collector implements ByteSink {
  text = ''
  closed = false
  error: Error | null = null
  private readonly place = Buffer.alloc(7)
  private readonly waiting: (() => void)[] = []

  nextBuffer(): Uint8Array {
    return this.place
  }

  onBytes(length: number): void {
    this.text += this.place.toString('latin1', 0, length)
    this.wake()
  }

  onClose(error: Error | null): void {
    this.closed = true
    this.error = error
    this.wake()
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.waiting.push(resolve))
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve()
  }
}

async function listenTls(options: Partial<TlsServerOptions> = {}) {
  const accepted: { channel: ByteChannel; sink: Collector }[] = []
  let wake = () => {}
  const listener = await createTransport().listen(
    { host: '127.0.0.1', port: 0 },
    (channel) => {
      const sink = new Collector()
      channel.start(sink)
      accepted.push({ channel, sink })
      wake()
    },
    { tls: { ...server, ...options } },
  )
  const next = async () => {
    while (accepted.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    return accepted.shift()!
  }
  return { listener, next, accepted }
}

test('bytes pass both ways under TLS, in the places that the sinks give', async () => {
  const { listener, next } = await listenTls()
  const channel = await createTransport().connect(listener.address, { tls: client })
  const sink = new Collector()
  channel.start(sink)
  channel.write([Buffer.from('hello '), Buffer.from('wide world')])
  const { channel: peer, sink: peerSink } = await next()
  await peerSink.until(() => peerSink.text === 'hello wide world')
  expect(peer.peerSubject).toBeUndefined()
  peer.write([Buffer.alloc(200_000, 'x')])
  peer.end()
  await sink.until(() => sink.closed)
  expect(sink.text.length).toBe(200_000)
  expect(sink.error).toBeNull()
  await peerSink.until(() => peerSink.closed)
  await listener.close()
})

test('a verified client certificate tells its subject as RFC 2253 text', async () => {
  for (const clientAuthentication of ['required', 'requested'] as const) {
    const { listener, next } = await listenTls({ clientAuthentication })
    const channel = await createTransport().connect(listener.address, { tls: alice })
    channel.start(new Collector())
    const { channel: peer } = await next()
    expect(peer.peerSubject).toBe(String.raw`CN=alice,OU=Messengers,O=Castle\, Inc.,C=CZ`)
    channel.destroy()
    await listener.close()
  }
})

test('a missing client certificate is fatal where one is required, and only there', async () => {
  const required = await listenTls({ clientAuthentication: 'required' })
  // With TLS 1.3 the client learns of the refusal only after its handshake.
  const refused = new Collector()
  const channel = await createTransport().connect(required.listener.address, { tls: client })
  channel.start(refused)
  await refused.until(() => refused.closed)
  expect(required.accepted).toEqual([])
  await required.listener.close()

  const requested = await listenTls({ clientAuthentication: 'requested' })
  const other = await createTransport().connect(requested.listener.address, { tls: client })
  other.start(new Collector())
  expect((await requested.next()).channel.peerSubject).toBeUndefined()
  other.destroy()
  await requested.listener.close()
})

test('a certificate of a foreign authority is refused even where none is required', async () => {
  const { listener, accepted } = await listenTls({ clientAuthentication: 'requested' })
  const sink = new Collector()
  const channel = await createTransport().connect(listener.address, { tls: mallory })
  channel.start(sink)
  await sink.until(() => sink.closed)
  expect(accepted).toEqual([])
  await listener.close()
})

test('a client refuses a broker it cannot verify, unless told not to', async () => {
  const { listener } = await listenTls()
  const transport = createTransport()
  const connect = (tls: TlsClientOptions) => transport.connect(listener.address, { tls })
  await expect(connect({})).rejects.toThrow(NetworkError)
  await expect(connect({ ...client, serverName: 'elsewhere' })).rejects.toThrow(/elsewhere/)
  const channel = await connect({ rejectUnauthorized: false })
  channel.destroy()
  const named = await connect({ ...client, serverName: 'localhost' })
  named.destroy()
  await listener.close()
})

test('an encrypted key needs its password, and the error names what to check', async () => {
  const encrypted = { ...server, key: pem('broker-encrypted.key') }
  const transport = createTransport()
  const at = { host: '127.0.0.1', port: 0 }
  const listen = (tls: TlsServerOptions) => transport.listen(at, () => {}, { tls })
  await expect(listen(encrypted)).rejects.toMatchObject({
    code: 'BARNABAS_TLS',
    message: expect.stringContaining('password'),
  })
  await (await listen({ ...encrypted, passphrase: 'secret' })).close()
  const broken = { ...client, certificate: 'no certificate', key: 'no key' }
  await expect(transport.connect({ host: '127.0.0.1', port: 1 }, { tls: broken })).rejects.toThrow(
    /TLS cannot be set up/,
  )
})

test('a plain client of a TLS listener is dropped, and the log says why', async () => {
  const messages: string[] = []
  const told = new Promise<void>((resolve) => {
    const log = { info: (message: string) => resolve(void messages.push(message)) }
    const transport = createTransport({ log: log as never })
    void transport
      .listen({ host: '127.0.0.1', port: 0 }, () => {}, { tls: server })
      .then((listener) => {
        const socket = net.connect(listener.address.port, '127.0.0.1')
        socket.on('error', () => {})
        socket.on('close', () => void listener.close())
        socket.write(Buffer.from('0000001400120003', 'hex'))
        socket.resume()
      })
  })
  await told
  expect(messages[0]).toMatch(/does not speak TLS: set its "security.protocol"/)
})

test('a TLS client of a plain port is told that the peer does not speak TLS', async () => {
  const plain = net.createServer((socket) => socket.end('not TLS at all'))
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
  const { port } = plain.address() as net.AddressInfo
  await expect(
    createTransport().connect({ host: '127.0.0.1', port }, { tls: client }),
  ).rejects.toThrow(/does not speak TLS: set "security.protocol"/)
  plain.close()
})
