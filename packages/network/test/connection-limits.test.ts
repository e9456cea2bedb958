import { ConnectionLimits } from '@barnabas/network'
import { expect, test } from 'vitest'

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
