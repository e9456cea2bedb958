import { BufferPool, InvariantError } from '@barnabas/base'
import {
  type Frame,
  IdleConnectionError,
  IdleSweep,
  MAX_QUEUED_RESPONSE_BYTES,
  MAX_WAITING_BYTES,
  MAX_WAITING_FRAMES,
  ServerConnection,
  WrongProtocolError,
} from '@barnabas/network'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { framed, ManualChannel, ManualTime } from './support.ts'

interface SetUp {
  maxIdleMs?: number
  onRequest?: (connection: ServerConnection, text: string) => void
}

function setUp({ maxIdleMs = -1, onRequest }: SetUp = {}) {
  const channel = new ManualChannel()
  const time = new ManualTime()
  const pool = new BufferPool(1 << 20)
  const requests: string[] = []
  const closed: (Error | null)[] = []
  const connection = new ServerConnection({
    channel,
    pool,
    clock: time,
    timers: time,
    maxRequestBytes: 1 << 24,
    idleSweep: new IdleSweep(time, time, maxIdleMs),
    onRequest: (one, frame: Frame) => {
      const text = String(frame.bytes())
      frame.release()
      requests.push(text)
      onRequest?.(one, text)
    },
    onClose: (_connection, reason) => closed.push(reason),
  })
  connection.start()
  return { channel, time, pool, requests, closed, connection }
}

const all = (...texts: string[]) => Buffer.concat(texts.map(framed))

test('WIRE-04 pipelined requests are handled one after another and answered in order', () => {
  const { channel, requests, connection } = setUp()
  channel.receive(all('one', 'two', 'three'))
  expect(requests).toEqual(['one'])
  connection.respond([Buffer.from('1')])
  expect(requests).toEqual(['one', 'two'])
  connection.respondNothing()
  expect(requests).toEqual(['one', 'two', 'three'])
  connection.respond([Buffer.from('3'), Buffer.from('!')])
  expect(Buffer.concat(channel.written)).toEqual(all('1', '3!'))
})

test('WIRE-04 answers keep the order of requests, whichever are given at once or later', () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 30 }),
      (atOnce, cuts) => {
        let next = 0
        let inHand = 0
        const { channel, connection, pool, requests } = setUp({
          onRequest: (one, text) => {
            expect(++inHand).toBe(1)
            if (atOnce[next++]) {
              inHand--
              one.respond([Buffer.from(text)])
            }
          },
        })
        const texts = atOnce.map((_, index) => `${index} ${'x'.repeat((index * 97) % 900)}`)
        const stream = all(...texts)
        let at = 0
        for (let n = 0; at < stream.length; n++) {
          const end = at + cuts[n % cuts.length]!
          channel.receive(stream.subarray(at, end))
          at = end
          if (inHand === 1) {
            inHand--
            connection.respond([Buffer.from(requests.at(-1)!)])
          }
        }
        while (inHand === 1) {
          inHand--
          connection.respond([Buffer.from(requests.at(-1)!)])
        }
        expect(requests).toEqual(texts)
        expect(Buffer.concat(channel.written).equals(stream)).toBe(true)
        channel.lose()
        expect(pool.stats.usedBytes).toBe(0)
      },
    ),
    { seed: 11, numRuns: 200 },
  )
})

test('answers given inside the handler leave together in one write', () => {
  const { channel, connection } = setUp({
    onRequest: (one, text) => one.respond([Buffer.from(text)]),
  })
  channel.receive(all('one', 'two', 'three'))
  expect(channel.written).toEqual([all('one', 'two', 'three')])
  channel.receive(framed('four'))
  expect(channel.written.length).toBe(2)
  expect(connection.unsentBytes).toBe(0)
})

test('reading pauses when too many requests wait, and goes on when they are done', () => {
  const { channel, requests, connection } = setUp()
  for (let n = 0; n <= MAX_WAITING_FRAMES; n++) channel.receive(framed(`${n}`))
  expect(channel.paused).toBe(true)
  connection.respondNothing()
  expect(channel.paused).toBe(false)
  for (let n = 1; n <= MAX_WAITING_FRAMES; n++) connection.respondNothing()
  expect(requests.length).toBe(MAX_WAITING_FRAMES + 1)
})

test('reading pauses when too many bytes wait', () => {
  const { channel, connection } = setUp()
  channel.receive(framed('being handled'))
  channel.receive(framed(Buffer.alloc(MAX_WAITING_BYTES)))
  expect(channel.paused).toBe(true)
  expect(connection.waitingFrames).toBe(1)
  connection.respond([Buffer.from('done')])
  expect(channel.paused).toBe(false)
  expect(connection.isBusy).toBe(true)
})

test('no request begins while the peer does not take its responses', () => {
  const { channel, requests, connection } = setUp()
  channel.holdBack = true
  channel.receive(all('one', 'two'))
  let sent = 0
  connection.respond([Buffer.alloc(MAX_QUEUED_RESPONSE_BYTES)], () => sent++)
  expect(requests).toEqual(['one'])
  expect(connection.unsentBytes).toBe(MAX_QUEUED_RESPONSE_BYTES + 4)
  channel.drain()
  expect(sent).toBe(1)
  expect(requests).toEqual(['one', 'two'])
})

test('WIRE-12 a throttled connection is answered at once and then left alone for the time', () => {
  const { channel, time, requests, connection } = setUp()
  channel.receive(all('one', 'two'))
  connection.throttle(500)
  time.advance(300)
  connection.respond([Buffer.from('1')])
  expect(channel.written.length).toBe(1)
  expect(requests).toEqual(['one'])
  time.advance(499)
  expect(requests).toEqual(['one'])
  time.advance(1)
  expect(requests).toEqual(['one', 'two'])
  connection.respondNothing()
  connection.throttle(100)
  channel.receive(framed('three'))
  expect(requests.length).toBe(2)
  time.advance(100)
  expect(requests.length).toBe(3)
})

test('WIRE-17 an idle connection is closed, a busy or talking one is not', () => {
  const { channel, time, closed, connection } = setUp({ maxIdleMs: 1000 })
  for (let n = 0; n < 10; n++) {
    time.advance(500)
    channel.receive(framed('still here'))
    connection.respondNothing()
  }
  channel.receive(framed('a long poll'))
  time.advance(125, 40)
  expect(closed).toEqual([])
  connection.respond([Buffer.from('at last')])
  time.advance(125, 7)
  expect(closed).toEqual([])
  time.advance(125, 2)
  expect(channel.destroyed).toBe(true)
  expect(closed[0]).toBeInstanceOf(IdleConnectionError)
  expect(time.timers).toBe(0)
})

test('WIRE-17 a negative time means that idle connections stay', () => {
  const { time, closed } = setUp({ maxIdleMs: -1 })
  expect(time.timers).toBe(0)
  time.advance(1e9)
  expect(closed).toEqual([])
})

test('WIRE-01 bytes that are no frame close the connection with the reason', () => {
  const { channel, closed, connection } = setUp()
  channel.receive(Buffer.from('GET / HTTP/1.1'))
  expect(channel.destroyed).toBe(true)
  expect(connection.isClosed).toBe(true)
  expect(closed.length).toBe(1)
  expect(closed[0]).toBeInstanceOf(WrongProtocolError)
})

test('a lost connection drops what waits, and a late answer goes nowhere', () => {
  const { channel, closed, connection, pool } = setUp()
  channel.receive(all('one', 'two', 'x'.repeat(3000)))
  channel.lose()
  expect(closed).toEqual([null])
  let sent = false
  connection.respond([Buffer.from('1')], () => {
    sent = true
  })
  connection.respondNothing()
  expect(sent).toBe(true)
  expect(channel.written).toEqual([])
  expect(pool.stats.usedBytes).toBe(0)
})

test('the end sends what was answered, begins nothing more, then closes', () => {
  const { channel, closed, connection, requests } = setUp({
    onRequest: (one, text) => {
      one.respond([Buffer.from(`no, ${text}`)])
      one.end(new Error('authentication failed'))
    },
  })
  channel.receive(all('alice', 'bob'))
  expect(channel.written).toEqual([framed('no, alice')])
  expect(channel.ended).toBe(true)
  expect(closed).toEqual([])
  channel.receive(framed('carol'))
  channel.lose()
  expect(requests).toEqual(['alice'])
  expect(closed.map(String)).toEqual(['Error: authentication failed'])
  expect(connection.isClosed).toBe(true)
})

test('a handler that throws closes the connection; a broken invariant also reaches the caller', () => {
  const failing = setUp({
    onRequest: () => {
      throw new TypeError('oops')
    },
  })
  failing.channel.receive(all('one', 'two'))
  expect(failing.closed.map(String)).toEqual(['TypeError: oops'])
  expect(failing.requests).toEqual(['one'])
  const broken = setUp({
    onRequest: (one) => {
      one.respondNothing()
      one.respondNothing()
    },
  })
  expect(() => broken.channel.receive(framed('one'))).toThrow(InvariantError)
  expect(broken.closed.length).toBe(1)
})
