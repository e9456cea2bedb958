import { BufferPool } from '@barnabas/base'
import { ClientConnection, ConnectionLimits, DisconnectedError } from '@barnabas/network'
import { expect, test } from 'vitest'
import { framed, ManualChannel, ManualTime } from './support.ts'

function setUp() {
  const channel = new ManualChannel()
  const time = new ManualTime()
  const connection = new ClientConnection({
    channel,
    pool: new BufferPool(1 << 20),
    timers: time,
    maxResponseBytes: 1 << 20,
  })
  return { channel, time, connection }
}

const response = (correlationId: number, text: string) => {
  const head = Buffer.alloc(4)
  head.writeInt32BE(correlationId)
  return framed(Buffer.concat([head, Buffer.from(text)]))
}

test('answers are matched to requests in order', async () => {
  const { channel, connection } = setUp()
  const one = connection.send(1, [Buffer.from('a')], 100)
  const two = connection.send(2, [Buffer.from('b')], 100)
  channel.receive(Buffer.concat([response(1, 'A'), response(2, 'B')]))
  const frames = [await one, await two]
  expect(frames.map((frame) => frame.buffer.toString('utf8', frame.start + 4, frame.end))).toEqual([
    'A',
    'B',
  ])
  expect(channel.written.map(String)).toEqual([framed('a').toString(), framed('b').toString()])
})

test('a time-out, a lost connection and a foreign answer fail all that is in flight', async () => {
  const timedOut = setUp()
  const waiting = [timedOut.connection.send(1, [], 100), timedOut.connection.send(2, [], 500)]
  timedOut.time.advance(100)
  for (const request of waiting) await expect(request).rejects.toThrow(DisconnectedError)
  expect(timedOut.channel.destroyed).toBe(true)

  const lost = setUp()
  const request = lost.connection.send(1, [], 100)
  lost.channel.lose(new Error('reset'))
  await expect(request).rejects.toMatchObject({ retriable: true, code: 'BARNABAS_DISCONNECTED' })
  await expect(lost.connection.send(2, [], 100)).rejects.toThrow(DisconnectedError)

  const foreign = setUp()
  const asked = foreign.connection.send(1, [], 100)
  foreign.channel.receive(response(7, 'x'))
  await expect(asked).rejects.toThrow(/7 was not asked for/)
})

test('WIRE-18 connections are limited in all, by address, and by its override', () => {
  const limits = new ConnectionLimits({
    maxConnections: 4,
    maxConnectionsPerIp: 1,
    maxConnectionsPerIpOverrides: new Map([['10.0.0.2', 2]]),
  })
  expect(limits.admit('10.0.0.1').admitted).toBe(true)
  expect(limits.admit('::ffff:10.0.0.1')).toMatchObject({ admitted: false, reason: /per.ip/ })
  limits.leave('10.0.0.1')
  expect(limits.admit('10.0.0.1').admitted).toBe(true)
  expect(limits.admit('10.0.0.2').admitted).toBe(true)
  expect(limits.admit('10.0.0.2').admitted).toBe(true)
  expect(limits.admit('10.0.0.2').admitted).toBe(false)
  expect(limits.admit('10.0.0.3').admitted).toBe(true)
  expect(limits.admit('10.0.0.4')).toMatchObject({
    admitted: false,
    reason: /max.connections \(4\)/,
  })
})
