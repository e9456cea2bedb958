import { ConnectionLimits, MAX_CONNECTION_DELAY_MS, WindowedRate } from '@barnabas/network'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const unlimited = {
  maxConnections: Infinity,
  maxConnectionsPerIp: Infinity,
  maxConnectionsPerIpOverrides: new Map<string, number>(),
}

test('WIRE-18 connections are limited in all, by address, and by its override', () => {
  const limits = new ConnectionLimits({
    maxConnections: 4,
    maxConnectionsPerIp: 1,
    maxConnectionsPerIpOverrides: new Map([['10.0.0.2', 2]]),
  })
  expect(limits.admit('10.0.0.1')).toEqual({ admitted: true, delayMs: 0 })
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
  limits.configure({ ...unlimited, maxConnections: 5 })
  expect(limits.admit('10.0.0.4').admitted).toBe(true)
})

test('WIRE-18 a listener may have a limit of its own', () => {
  const maxConnectionsPerListener = new Map([['EXTERNAL', 1]])
  const limits = new ConnectionLimits({ ...unlimited, maxConnectionsPerListener })
  expect(limits.admit('10.0.0.1', 'EXTERNAL').admitted).toBe(true)
  expect(limits.admit('10.0.0.2', 'EXTERNAL')).toMatchObject({
    admitted: false,
    reason: /listener EXTERNAL/,
  })
  expect(limits.admit('10.0.0.2', 'INTERNAL').admitted).toBe(true)
  limits.leave('10.0.0.1', 'EXTERNAL')
  expect(limits.admit('10.0.0.2', 'EXTERNAL').admitted).toBe(true)
})

test('WIRE-18 counts agree with a plain model, whoever comes and goes', () => {
  const step = fc.record({ ip: fc.integer({ min: 1, max: 4 }), leave: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const limits = new ConnectionLimits({
        ...unlimited,
        maxConnections: 9,
        maxConnectionsPerIp: 3,
      })
      const open: string[] = []
      for (const { ip, leave } of steps) {
        const address = `10.0.0.${ip}`
        const mine = open.filter((one) => one === address).length
        if (leave && mine > 0) {
          limits.leave(address)
          open.splice(open.indexOf(address), 1)
        } else if (!leave) {
          expect(limits.admit(address).admitted).toBe(open.length < 9 && mine < 3)
          if (open.length < 9 && mine < 3) open.push(address)
        }
        expect(limits.count).toBe(open.length)
      }
    }),
    { seed: 3, numRuns: 100 },
  )
})

test('WIRE-18 above the creation rate of the broker or a listener, connections are served later', () => {
  for (const settings of [
    { maxCreationRate: 10 },
    { maxCreationRatePerListener: new Map([['EXTERNAL', 10]]) },
  ]) {
    const limits = new ConnectionLimits({ ...unlimited, ...settings })
    const delays: number[] = []
    // The window of ten seconds allows a burst of a hundred.
    for (let n = 0; n < 120; n++) {
      const admission = limits.admit('10.0.0.1', 'EXTERNAL', 1_000_000)
      expect(admission.admitted).toBe(true)
      delays.push(admission.delayMs)
    }
    expect(delays.slice(0, 100).every((delayMs) => delayMs === 0)).toBe(true)
    expect(delays[100]).toBe(100)
    expect(delays[104]).toBe(500)
    expect(Math.max(...delays)).toBe(MAX_CONNECTION_DELAY_MS)
    expect(limits.admit('10.0.0.1', 'EXTERNAL', 1_020_000).delayMs).toBe(0)
  }
})

test('WIRE-18 above the quota of its address a connection is closed, after a delay, and not counted', () => {
  const maxCreationRateOfIp = (address: string) => (address === '10.0.0.1' ? 2 : undefined)
  const limits = new ConnectionLimits({ ...unlimited, maxCreationRateOfIp })
  for (let n = 0; n < 20; n++) expect(limits.admit('10.0.0.1', '', 0).admitted).toBe(true)
  for (let n = 0; n < 5; n++) {
    const refused = limits.admit('10.0.0.1', '', 0)
    expect(refused).toMatchObject({ admitted: false, delayMs: 500 })
  }
  expect(limits.count).toBe(20)
  expect(limits.admit('10.0.0.2', '', 0)).toEqual({ admitted: true, delayMs: 0 })
  expect(limits.admit('10.0.0.1', '', 10_400).admitted).toBe(false)
  expect(limits.admit('10.0.0.1', '', 10_500).admitted).toBe(true)
})

test('a rate over a moving window lies between that of the last ten and the last eleven seconds', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3000), { minLength: 1, maxLength: 100 }), (gaps) => {
      const rate = new WindowedRate()
      const times: number[] = []
      let nowMs = 0
      for (const gap of gaps) {
        nowMs += gap
        times.push(nowMs)
        rate.record(nowMs)
        const within = (ms: number) => times.filter((time) => time > nowMs - ms).length
        expect(rate.perSecond(nowMs)).toBeGreaterThanOrEqual(within(10_000) / 11)
        expect(rate.perSecond(nowMs)).toBeLessThanOrEqual(within(12_000) / 10)
      }
    }),
    { seed: 4, numRuns: 200 },
  )
})
