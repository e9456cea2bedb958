import { BrokerConfig, ResourceType } from '@barnabas/metadata'
import {
  createDescribeConfigsRequestDescribeConfigsResource,
  DescribeConfigsRequest,
  DescribeConfigsResponse,
  ErrorCode,
  ListConfigResourcesRequest,
  ListConfigResourcesResponse,
} from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { describeConfigs } from '../../src/handlers/32-describe-configs.ts'
import { listConfigResources } from '../../src/handlers/74-list-config-resources.ts'
import { allowAll, type Authorizer } from '../../src/security/authorizer.ts'
import { denying, TestCluster } from '../support/test-cluster.ts'
import { TestExchange } from '../support/test-exchange.ts'

const FILE = {
  'node.id': '1',
  'process.roles': 'broker,controller',
  'controller.listener.names': 'CONTROLLER',
  'log.retention.hours': '5',
  'ssl.key.password': 'secret',
}

function setUp(authorizer: Authorizer = allowAll) {
  const cluster = new TestCluster()
    .addBroker(1)
    .addTopic('orders')
    .setConfig(ResourceType.TOPIC, 'orders', { 'retention.ms': '1000' })
    .setConfig(ResourceType.BROKER, '', { 'log.retention.bytes': '77' })
    .setConfig(ResourceType.GROUP, 'shared', { 'share.isolation.level': 'read_committed' })
    .setConfig(ResourceType.CLIENT_METRICS, 'all', { 'interval.ms': '1000' })
  const file = BrokerConfig.parse(new Map(Object.entries(FILE)))
  const config = file.withDynamic(new Map([['log.retention.bytes', '77']]), new Map())
  const exchange = new TestExchange(
    [
      describeConfigs({
        cluster,
        authorizer,
        brokerConfig: () => config,
        loggers: () => new Map([['root', 'INFO']]),
      }),
      listConfigResources({ cluster }),
    ],
    { authorizer },
  )
  const describe = async (
    resourceType: number,
    resourceName: string,
    options: { keys?: string[]; version?: number; synonyms?: boolean; docs?: boolean } = {},
  ) => {
    const response = await exchange.send(
      DescribeConfigsRequest,
      DescribeConfigsResponse,
      options.version ?? 4,
      {
        includeSynonyms: options.synonyms ?? false,
        includeDocumentation: options.docs ?? false,
        resources: [
          createDescribeConfigsRequestDescribeConfigsResource({
            resourceType,
            resourceName,
            configurationKeys: options.keys ?? null,
          }),
        ],
      },
    )
    return response.results[0]!
  }
  const list = (version: number, resourceTypes: number[] = []) =>
    exchange.send(ListConfigResourcesRequest, ListConfigResourcesResponse, version, {
      resourceTypes,
    })
  return { describe, list }
}

test('CFG-01 topics, brokers, loggers, client metrics and groups are described', async () => {
  const { describe } = setUp()
  for (const [type, name, key, value] of [
    [ResourceType.TOPIC, 'orders', 'retention.ms', '1000'],
    [ResourceType.BROKER, '1', 'log.retention.hours', '5'],
    [ResourceType.BROKER, '', 'log.retention.bytes', '77'],
    [ResourceType.BROKER_LOGGER, '1', 'root', 'INFO'],
    [ResourceType.CLIENT_METRICS, 'all', 'interval.ms', '1000'],
    [ResourceType.GROUP, 'shared', 'share.isolation.level', 'read_committed'],
    [ResourceType.GROUP, 'any', 'share.isolation.level', 'read_uncommitted'],
  ] as const) {
    const { errorCode, configs } = await describe(type, name, { keys: [key] })
    expect(errorCode).toBe(0)
    expect(configs.map((config) => [config.name, config.value])).toEqual([[key, value]])
  }
})

test('CFG-02 each value has its source, and on request all values behind it in their order', async () => {
  const { describe } = setUp()
  const topic = await describe(ResourceType.TOPIC, 'orders', { synonyms: true })
  const entry = (name: string) => topic.configs.find((config) => config.name === name)!
  expect(entry('retention.bytes')).toMatchObject({
    configSource: 3,
    synonyms: [
      { name: 'log.retention.bytes', value: '77', source: 3 },
      { name: 'log.retention.bytes', value: '-1', source: 5 },
    ],
  })
  expect(entry('retention.ms')).toMatchObject({
    configSource: 1,
    synonyms: [{ name: 'retention.ms', value: '1000', source: 1 }],
  })
  expect(entry('cleanup.policy').configSource).toBe(5)
  const without = await describe(ResourceType.TOPIC, 'orders')
  expect(without.configs.every(({ synonyms }) => synonyms.length === 0)).toBe(true)
})

test('CFG-03 secrets are hidden; types always, documentation on request', async () => {
  const { describe } = setUp()
  const broker = await describe(ResourceType.BROKER, '1', { docs: true })
  const entry = (name: string) => broker.configs.find((config) => config.name === name)!
  expect(entry('ssl.key.password')).toMatchObject({ value: null, isSensitive: true })
  expect(entry('node.id')).toMatchObject({ readOnly: true, configType: 3, configSource: 4 })
  expect(entry('node.id').documentation).toMatch(/Id of this node/)
  const plain = await describe(ResourceType.BROKER, '1', { keys: ['node.id'] })
  expect(plain.configs[0]!.documentation).toBeNull()
  expect((await describe(ResourceType.BROKER, '1', { version: 1 })).errorCode).toBe(0)
})

test('CFG-04 a broker answers for itself only', async () => {
  const { describe } = setUp()
  for (const [type, name] of [
    [ResourceType.BROKER, '2'],
    [ResourceType.BROKER, 'x'],
    [ResourceType.BROKER_LOGGER, '2'],
    [ResourceType.BROKER_LOGGER, ''],
  ] as const) {
    const result = await describe(type, name)
    expect(result).toMatchObject({ errorCode: ErrorCode.INVALID_REQUEST, resourceName: name })
    expect(result.errorMessage).toMatch(/broker 1/)
  }
})

test('CFG-05 unknown topics are errors, unknown keys are simply absent', async () => {
  const { describe } = setUp()
  const code = async (type: number, name: string) => (await describe(type, name)).errorCode
  expect(await code(ResourceType.TOPIC, 'missing')).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  expect(await code(ResourceType.TOPIC, 'a b')).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION)
  expect(await code(ResourceType.GROUP, '')).toBe(ErrorCode.INVALID_REQUEST)
  expect(await code(ResourceType.CLIENT_METRICS, '')).toBe(ErrorCode.INVALID_REQUEST)
  expect(await code(3, 'x')).toBe(ErrorCode.INVALID_REQUEST)
  const { configs } = await describe(ResourceType.TOPIC, 'orders', {
    keys: ['no.such', 'retention.ms'],
  })
  expect(configs.map(({ name }) => name)).toEqual(['retention.ms'])
})

test('what may not be described is refused with the error of its kind', async () => {
  const { describe } = setUp(denying('10 2 orders', '10 3 shared', '10 4 kafka-cluster'))
  const code = async (type: number, name: string) => (await describe(type, name)).errorCode
  expect(await code(ResourceType.TOPIC, 'orders')).toBe(ErrorCode.TOPIC_AUTHORIZATION_FAILED)
  expect(await code(ResourceType.GROUP, 'shared')).toBe(ErrorCode.GROUP_AUTHORIZATION_FAILED)
  expect(await code(ResourceType.BROKER, '1')).toBe(ErrorCode.CLUSTER_AUTHORIZATION_FAILED)
})

test('ListConfigResources lists client metrics in version 0, in version 1 what is asked for', async () => {
  const { list } = setUp()
  const rows = ({ configResources }: ListConfigResourcesResponse) =>
    configResources.map(({ resourceName, resourceType }) => [resourceName, resourceType])
  const old = await list(0)
  expect(old.configResources.map(({ resourceName }) => resourceName)).toEqual(['all'])
  expect(rows(await list(1))).toEqual([
    ['shared', 32],
    ['all', 16],
    ['1', 8],
    ['1', 4],
    ['orders', 2],
  ])
  expect(rows(await list(1, [2, 4]))).toEqual([
    ['1', 4],
    ['orders', 2],
  ])
  expect((await list(1, [3])).errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION)
})

test('ListConfigResources needs the right to describe settings of the cluster', async () => {
  const { list } = setUp(denying('10 4 kafka-cluster'))
  expect((await list(1)).errorCode).toBe(ErrorCode.CLUSTER_AUTHORIZATION_FAILED)
})
