import { BufferPool } from '@barnabas/base'
import {
  type Frame,
  MAX_QUEUED_RESPONSE_BYTES,
  MAX_WAITING_FRAMES,
  ServerConnection,
} from '@barnabas/network'
import { expect, test } from 'vitest'
import { framed, ManualChannel, ManualTime } from './support.ts'

function setUp() {
  const channel = new ManualChannel()
  const time = new ManualTime()
  const requests: string[] = []
  const closed: (Error | null)[] = []
  const connection = new ServerConnection({
    channel,
    pool: new BufferPool(1 << 20),
    clock: time,
    timers: time,
    maxRequestBytes: 1 << 20,
    onRequest: (_connection, frame: Frame) => {
      requests.push(frame.buffer.toString('utf8', frame.start, frame.end))
      frame.release()
    },
    onClose: (_connection, reason) => closed.push(reason),
  })
  connection.start()
  return { channel, time, requests, closed, connection }
}

test('WIRE-04 pipelined requests are handled one after another and answered in order', () => {
  const { channel, requests, connection } = setUp()
  channel.receive(Buffer.concat([framed('one'), framed('two'), framed('three')]))
  expect(requests).toEqual(['one'])
  connection.respond([Buffer.from('1')])
  expect(requests).toEqual(['one', 'two'])
  connection.respondNothing()
  expect(requests).toEqual(['one', 'two', 'three'])
  connection.respond([Buffer.from('3'), Buffer.from('!')])
  expect(Buffer.concat(channel.written)).toEqual(Buffer.concat([framed('1'), framed('3!')]))
})

test('reading pauses when too many requests wait, and goes on when they are done', () => {
  const { channel, requests, connection } = setUp()
  for (let n = 0; n <= MAX_WAITING_FRAMES; n++) channel.receive(framed(`${n}`))
  expect(channel.paused).toBe(true)
  for (let n = 0; n <= MAX_WAITING_FRAMES; n++) connection.respondNothing()
  expect(channel.paused).toBe(false)
  expect(requests.length).toBe(MAX_WAITING_FRAMES + 1)
})

test('no request begins while the peer does not take its responses', () => {
  const { channel, requests, connection } = setUp()
  channel.receive(Buffer.concat([framed('one'), framed('two')]))
  channel.queuedBytes = MAX_QUEUED_RESPONSE_BYTES
  connection.respond([Buffer.from('1')])
  expect(requests).toEqual(['one'])
  channel.queuedBytes = 0
  channel.drain()
  expect(requests).toEqual(['one', 'two'])
})

test('WIRE-12 a throttled connection is answered at once and then left alone for the time', () => {
  const { channel, time, requests, connection } = setUp()
  channel.receive(Buffer.concat([framed('one'), framed('two')]))
  connection.throttle(500)
  connection.respond([Buffer.from('1')])
  expect(channel.written.length).toBe(1)
  expect(requests).toEqual(['one'])
  time.advance(499)
  expect(requests).toEqual(['one'])
  time.advance(1)
  expect(requests).toEqual(['one', 'two'])
})

test('bytes that are no frame close the connection with the reason', () => {
  const { channel, closed } = setUp()
  channel.receive(Buffer.from('GET / HTTP/1.1'))
  expect(channel.destroyed).toBe(true)
  expect(closed.length).toBe(1)
  expect(closed[0]!.message).toMatch(/HTTP/)
})

test('a lost connection drops what waits, and a late answer goes nowhere', () => {
  const { channel, closed, connection } = setUp()
  channel.receive(Buffer.concat([framed('one'), framed('two')]))
  channel.lose()
  expect(closed).toEqual([null])
  let sent = false
  connection.respond([Buffer.from('1')], () => {
    sent = true
  })
  expect(sent).toBe(true)
  expect(channel.written).toEqual([])
})
