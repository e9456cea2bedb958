import { expect, test } from 'vitest'
import {
  mergeSettings,
  settingsOfEnvironment,
  settingsOfFile,
  settingsOfOverrides,
  SINGLE_NODE,
  withDirectory,
} from '../src/settings.ts'

const object = (settings: ReadonlyMap<string, string>) => Object.fromEntries(settings)

test('a file in the properties format', () => {
  const content = [
    '# a comment',
    'node.id=3',
    'listeners = PLAINTEXT://:9092,\\',
    '   SSL://:9093',
    'log.dirs: /tmp/a',
    'ssl.keystore.password=a\\u0020b=c',
    'node.id=4',
  ].join('\n')
  expect(object(settingsOfFile(content))).toEqual({
    'node.id': '4',
    listeners: 'PLAINTEXT://:9092,SSL://:9093',
    'log.dirs': '/tmp/a',
    'ssl.keystore.password': 'a b=c',
  })
})

test('the environment: underscores stand for dots, dashes and underscores', () => {
  const settings = settingsOfEnvironment({
    KAFKA_LOG_RETENTION_MS: '1000',
    KAFKA_LISTENER_NAME_SASL___SSL_SCRAM__SHA__256_SASL_JAAS_CONFIG: 'x',
    KAFKA_LISTENERS: 'PLAINTEXT://:9092',
    KAFKA_CFG_NUM_PARTITIONS: '3',
    PATH: '/bin',
    KAFKA_UNSET: undefined,
  })
  expect(object(settings)).toEqual({
    'log.retention.ms': '1000',
    'listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config': 'x',
    listeners: 'PLAINTEXT://:9092',
    'num.partitions': '3',
  })
})

test('the environment: what scripts, images and Kubernetes add is no setting', () => {
  const settings = settingsOfEnvironment({
    KAFKA_HEAP_OPTS: '-Xmx1G',
    KAFKA_OPTS: '',
    KAFKA_VERSION: '4.3.1',
    KAFKA_PORT: 'tcp://10.0.0.1:9092',
    KAFKA_SERVICE_HOST: '10.0.0.1',
    KAFKA_SERVICE_PORT_PLAINTEXT: '9092',
    KAFKA_PORT_9092_TCP_ADDR: '10.0.0.1',
  })
  expect(settings.size).toBe(0)
})

test('overrides are given as name=value', () => {
  expect(object(settingsOfOverrides(['log.dirs=/tmp/a=b', 'num.partitions = 3']))).toEqual({
    'log.dirs': '/tmp/a=b',
    'num.partitions': '3',
  })
  expect(() => settingsOfOverrides(['num.partitions'])).toThrow(/name=value/)
  expect(() => settingsOfOverrides(['=3'])).toThrow(/name=value/)
})

test('the later source wins, also under the other name of the id', () => {
  const merged = mergeSettings(
    SINGLE_NODE,
    new Map([
      ['broker.id', '7'],
      ['num.partitions', '3'],
    ]),
    new Map([['num.partitions', '4']]),
  )
  expect(merged.get('node.id')).toBe('7')
  expect(merged.has('broker.id')).toBe(false)
  expect(merged.get('num.partitions')).toBe('4')
  expect(merged.get('process.roles')).toBe('broker,controller')
})

test('without a directory the data lies below the one it is started in', () => {
  expect(withDirectory(new Map()).get('log.dirs')).toBe('barnabas-data')
  for (const name of ['log.dir', 'log.dirs']) {
    const given = new Map([[name, '/data']])
    expect(object(withDirectory(given))).toEqual({ [name]: '/data' })
  }
})
