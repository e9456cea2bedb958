import { BrokerConfig } from '@barnabas/metadata'
import { expect, test } from 'vitest'
import { advertisedEndpoint, parseListeners } from '../src/settings/listeners.ts'

const BASE = {
  'node.id': '1',
  'process.roles': 'broker,controller',
  'controller.listener.names': 'CONTROLLER',
}

const parse = (settings: Record<string, string>) =>
  parseListeners(BrokerConfig.parse(new Map(Object.entries({ ...BASE, ...settings }))))

test('BC-006 by default one listener in plain text on port 9092 of all addresses', () => {
  expect(parse({})).toEqual({
    all: [
      {
        name: 'PLAINTEXT',
        kind: 'broker',
        host: '',
        port: 9092,
        securityProtocol: 'PLAINTEXT',
        advertised: null,
      },
    ],
    interBroker: 'PLAINTEXT',
  })
})

test('BC-008 several listeners, with names mapped to protocols', () => {
  const { all, interBroker } = parse({
    listeners: 'internal://10.0.0.1:9094, EXTERNAL://[::1]:9093,CONTROLLER://localhost:9095',
    'listener.security.protocol.map': 'INTERNAL:PLAINTEXT,EXTERNAL:SASL_SSL, controller:PLAINTEXT',
    'advertised.listeners': 'EXTERNAL://kafka.example.com:443',
    'inter.broker.listener.name': 'INTERNAL',
  })
  expect(all).toMatchObject([
    { name: 'INTERNAL', host: '10.0.0.1', port: 9094, securityProtocol: 'PLAINTEXT' },
    {
      name: 'EXTERNAL',
      host: '::1',
      port: 9093,
      securityProtocol: 'SASL_SSL',
      advertised: { host: 'kafka.example.com', port: 443 },
    },
    { name: 'CONTROLLER', kind: 'controller', host: 'localhost' },
  ])
  expect(interBroker).toBe('INTERNAL')
})

test('BC-005 controller listeners need no entry in the default map', () => {
  const { all } = parse({ listeners: 'PLAINTEXT://:9092,CONTROLLER://:9093' })
  expect(all[1]).toMatchObject({ kind: 'controller', securityProtocol: 'PLAINTEXT' })
})

test('BC-010 brokers talk over the first listener of the protocol for that', () => {
  const listeners = { listeners: 'SSL://:9093,PLAINTEXT://:9092' }
  expect(parse(listeners).interBroker).toBe('PLAINTEXT')
  expect(parse({ ...listeners, 'security.inter.broker.protocol': 'SSL' }).interBroker).toBe('SSL')
  expect(parse({ listeners: 'SSL://:9093' }).interBroker).toBe('SSL')
})

test('one port may serve an IPv4 and an IPv6 address', () => {
  const map = { 'listener.security.protocol.map': 'A:PLAINTEXT,B:PLAINTEXT' }
  expect(parse({ ...map, listeners: 'A://127.0.0.1:9092,B://[::1]:9092' }).all).toHaveLength(2)
  expect(() => parse({ ...map, listeners: 'A://127.0.0.1:9092,B://:9092' })).toThrow(/same port/)
  expect(parse({ ...map, listeners: 'A://:0,B://:0' }).all).toHaveLength(2)
})

test.each([
  [{ listeners: 'PLAINTEXT:9092' }, /'PLAINTEXT:9092' is not of the form NAME:\/\/host:port/],
  [{ listeners: 'PLAINTEXT://:70000' }, /not of the form/],
  [{ listeners: 'PLAINTEXT://a:1,plaintext://b:2' }, /PLAINTEXT stands there more than once/],
  [{ listeners: 'PLAINTXT://:9092' }, /no security protocol .* PLAINTXT; did you mean 'PLAINTEXT'/],
  [{ 'listener.security.protocol.map': 'PLAINTEXT:PLAINTXT' }, /did you mean 'PLAINTEXT'/],
  [{ 'advertised.listeners': 'PLAINTEXT://0.0.0.0:9092' }, /'0.0.0.0' of PLAINTEXT is no address/],
  [{ 'advertised.listeners': 'SSL://a:9092' }, /SSL is not one of the listeners/],
  [
    {
      listeners: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      'advertised.listeners': 'CONTROLLER://a:9093',
    },
    /CONTROLLER is a controller listener/,
  ],
  [{ listeners: 'CONTROLLER://:9093' }, /a broker needs one/],
  [{ 'inter.broker.listener.name': 'INTERNAL' }, /INTERNAL is not one of the listeners/],
] as const)('%j is refused with a word on what to do', (settings, message) => {
  expect(() => parse(settings as Record<string, string>)).toThrow(message)
})

test('NV-34 a client is told what the settings say, else the address that it reached', () => {
  const told = (settings: Record<string, string>, reached: string) =>
    advertisedEndpoint(parse(settings).all[0]!, 1234, { host: reached, port: 1234 })
  expect(told({}, '127.0.0.1')).toEqual({ host: '127.0.0.1', port: 1234 })
  expect(told({}, '::ffff:10.1.2.3')).toEqual({ host: '10.1.2.3', port: 1234 })
  expect(told({}, '::1')).toEqual({ host: '::1', port: 1234 })
  expect(told({ listeners: 'PLAINTEXT://0.0.0.0:9092' }, '10.1.2.3').host).toBe('10.1.2.3')
  expect(told({ listeners: 'PLAINTEXT://localhost:9092' }, '10.1.2.3').host).toBe('localhost')
  const advertised = { 'advertised.listeners': 'PLAINTEXT://kafka.example.com:443' }
  expect(told(advertised, '10.1.2.3')).toEqual({ host: 'kafka.example.com', port: 443 })
})
