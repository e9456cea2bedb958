import { BufferPool } from '@barnabas/base'
import {
  ClientConnection,
  DisconnectedError,
  IdleSweep,
  InFlightLimitError,
  RequestTimeoutError,
} from '@barnabas/network'
import { expect, test } from 'vitest'
import { framed, ManualChannel, ManualTime } from './support.ts'

function setUp(maxIdleMs = -1) {
  const channel = new ManualChannel()
  const time = new ManualTime()
  const pool = new BufferPool(1 << 20)
  const closed: (Error | null)[] = []
  const connection = new ClientConnection({
    channel,
    pool,
    timers: time,
    maxResponseBytes: 1 << 20,
    maxInFlight: 3,
    idleSweep: new IdleSweep(time, time, maxIdleMs),
    onClose: (error) => closed.push(error),
  })
  return { channel, time, pool, connection, closed }
}

const response = (correlationId: number, text: string) => {
  const head = Buffer.alloc(4)
  head.writeInt32BE(correlationId)
  return framed(Buffer.concat([head, Buffer.from(text)]))
}

test('answers are matched to requests in order', async () => {
  const { channel, connection, time } = setUp()
  const one = connection.send(1, [Buffer.from('a')], 100)
  const two = connection.send(2, [Buffer.from('b')], 100)
  channel.receive(Buffer.concat([response(1, 'A'), response(2, 'B')]))
  const frames = [await one, await two]
  expect(frames.map((frame) => frame.buffer.toString('utf8', frame.start + 4, frame.end))).toEqual([
    'A',
    'B',
  ])
  for (const frame of frames) frame.release()
  expect(channel.written.map(String)).toEqual([framed('a').toString(), framed('b').toString()])
  expect(time.timers).toBe(0)
})

test('only so many requests may be unanswered', async () => {
  const { channel, connection } = setUp()
  const sent = [1, 2, 3].map((id) => connection.send(id, [Buffer.from('x')], 100))
  expect(connection.canSend).toBe(false)
  await expect(connection.send(4, [], 100)).rejects.toThrow(InFlightLimitError)
  expect(channel.written.length).toBe(3)
  channel.receive(response(1, ''))
  await sent[0]
  expect(connection.canSend).toBe(true)
  expect(connection.inFlightCount).toBe(2)
})

test('a request without an answer is sent and forgotten', () => {
  const { channel, connection } = setUp()
  let sent = 0
  connection.sendOnly([Buffer.from('acks=0')], () => sent++)
  expect(channel.written).toEqual([framed('acks=0')])
  connection.close()
  connection.sendOnly([Buffer.from('too late')], () => sent++)
  expect(sent).toBe(2)
  expect(channel.written.length).toBe(1)
})

test('a time-out closes the connection and fails all that is in flight', async () => {
  const { channel, connection, time, closed } = setUp()
  const requests = [connection.send(1, [], 500), connection.send(2, [], 100)]
  time.advance(100)
  for (const request of requests) await expect(request).rejects.toThrow(RequestTimeoutError)
  expect(channel.destroyed).toBe(true)
  expect(closed[0]).toBeInstanceOf(RequestTimeoutError)
  expect(time.timers).toBe(0)
})

test('a lost connection and a foreign answer fail all that is in flight', async () => {
  const lost = setUp()
  const request = lost.connection.send(1, [], 100)
  lost.channel.lose(new Error('reset'))
  await expect(request).rejects.toMatchObject({ retriable: true, code: 'BARNABAS_DISCONNECTED' })
  await expect(request).rejects.toThrow(/127.0.0.1:50000 was lost: reset/)
  await expect(lost.connection.send(2, [], 100)).rejects.toThrow(DisconnectedError)

  const foreign = setUp()
  const asked = foreign.connection.send(1, [], 100)
  foreign.channel.receive(response(7, 'x'))
  await expect(asked).rejects.toThrow(/correlation id 7, which was not asked/)
  const unasked = setUp()
  unasked.channel.receive(framed('abc'))
  expect(unasked.channel.destroyed).toBe(true)
})

test('a broker that speaks TLS is recognised, and the error says what to set', async () => {
  const { channel, connection } = setUp()
  const request = connection.send(1, [], 100)
  channel.receive(Buffer.from('15030300020250', 'hex'))
  await expect(request).rejects.toThrow(/set "security.protocol" to SSL/)
})

test('an idle connection is closed, one that waits for an answer is not', async () => {
  const { channel, connection, time, closed } = setUp(800)
  const request = connection.send(1, [], 1e9)
  time.advance(100, 30)
  expect(closed).toEqual([])
  channel.receive(response(1, ''))
  await request
  time.advance(100, 9)
  expect(closed.length).toBe(1)
})
