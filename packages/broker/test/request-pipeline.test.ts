import { ApiError } from '@barnabas/base'
import {
  ApiVersionsRequest,
  ApiVersionsResponse,
  BrokerHeartbeatRequest,
  BrokerHeartbeatResponse,
  createProduceRequestTopicProduceData,
  ErrorCode,
  ListGroupsRequest,
  ListGroupsResponse,
  ProduceRequest,
  ProduceResponse,
  Reader,
} from '@barnabas/protocol'
import { expect, test, vi } from 'vitest'
import { apiVersions } from '../src/handlers/18-api-versions.ts'
import { type Handler, handler } from '../src/handlers/handler.ts'
import type { RequestContext } from '../src/request/request-context.ts'
import { AclOperation, allowAll } from '../src/security/authorizer.ts'
import { decodeResponse, TestExchange } from './support/test-exchange.ts'

const listGroups = (
  handle: (
    context: RequestContext,
    request: ListGroupsRequest,
  ) => ListGroupsResponse | Promise<ListGroupsResponse> = () => ListGroupsResponse.create(),
) =>
  handler({
    request: ListGroupsRequest,
    response: ListGroupsResponse,
    authorization: 'by-resource',
    handle,
    failure: (_request, errorCode) => ListGroupsResponse.create({ errorCode }),
  })

const produce = (handle: Handler['handle'] = () => ProduceResponse.create()) =>
  handler({
    request: ProduceRequest,
    response: ProduceResponse,
    announcedMinVersion: 0,
    authorization: 'by-resource',
    handle,
    failure: (request) => (request.acks === 0 ? null : ProduceResponse.create()),
  })

const heartbeat = handler({
  request: BrokerHeartbeatRequest,
  response: BrokerHeartbeatResponse,
  authorization: { cluster: AclOperation.CLUSTER_ACTION },
  handle: () => BrokerHeartbeatResponse.create(),
  failure: (_request, errorCode) => BrokerHeartbeatResponse.create({ errorCode }),
})

function withApiVersions(...others: Handler[]): TestExchange {
  const exchange: TestExchange = new TestExchange([
    ...others,
    apiVersions({
      announced: () => exchange.registry.announced(),
      supportedFeatures: [
        { name: 'metadata.version', minLevel: 7, maxLevel: 30 },
        { name: 'group.version', minLevel: 0, maxLevel: 1 },
      ],
      finalizedFeatures: () => ({
        epoch: 37,
        levels: new Map([
          ['metadata.version', 30],
          ['group.version', 1],
          ['share.version', 0],
        ]),
      }),
    }),
  ])
  return exchange
}

const hello = { clientSoftwareName: 'apache-kafka-java', clientSoftwareVersion: '4.3.1' }

test('WIRE-02 headers with and without tagged fields are understood; the client id is never compact', () => {
  const seen: unknown[] = []
  const exchange = new TestExchange([
    listGroups(({ apiVersion, correlationId, clientId }) => {
      seen.push([apiVersion, correlationId, clientId])
      return ListGroupsResponse.create()
    }),
  ])
  // key 16, version 2 or 3, correlation id 7, client id "ab"; version 3 has an (empty) tagged section
  exchange.process(Buffer.from('001000020000000700026162', 'hex'))
  exchange.process(Buffer.from('00100003000000070002616200' + '00', 'hex'))
  expect(seen).toEqual([
    [2, 7, 'ab'],
    [3, 7, 'ab'],
  ])
})

test('WIRE-02 unknown tagged fields in a header are skipped', () => {
  const seen: unknown[] = []
  const exchange = new TestExchange([
    listGroups(({ clientId }) => {
      seen.push(clientId)
      return ListGroupsResponse.create()
    }),
  ])
  // client id null, one tagged field: tag 5, two bytes; then the body: no tagged fields
  exchange.process(Buffer.from('0010000300000007ffff010502abcd00', 'hex'))
  expect(seen).toEqual([null])
})

test('WIRE-03 responses have a tagged section iff flexible, those of ApiVersions never', () => {
  const exchange = withApiVersions(listGroups())
  const old = exchange.process(exchange.encode(ListGroupsRequest, 2))
  expect(old.bytes!.toString('hex')).toBe('00000001' + '00000000' + '0000' + '00000000')
  const flexible = exchange.process(exchange.encode(ListGroupsRequest, 3))
  expect(flexible.bytes!.toString('hex')).toBe(
    '00000002' + '00' + '00000000' + '0000' + '01' + '00',
  )
  const versions = exchange.process(exchange.encode(ApiVersionsRequest, 4, hello))
  expect(versions.bytes!.subarray(0, 6).toString('hex')).toBe('00000003' + '0000')
})

test('WIRE-05 ApiVersions of an unknown version is answered in version 0 with the range that is served', () => {
  const exchange = withApiVersions()
  // version 9 with a body that nobody knows
  const answer = exchange.process(Buffer.from('0012000900000011000161ffeeddcc', 'hex'))
  const reader = new Reader(answer.bytes!)
  expect(reader.int32()).toBe(0x11)
  const response = ApiVersionsResponse.read(reader, 0)
  expect(reader.remaining).toBe(0)
  expect(response.errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION)
  expect(response.apiKeys).toMatchObject([{ apiKey: 18, minVersion: 0, maxVersion: 4 }])
})

test('WIRE-06 a key or version that is not served closes the connection without a response', () => {
  const exchange = withApiVersions(listGroups(), produce())
  for (const [frame, reason] of [
    ['00630000000000010000', /API key 99/],
    ['fff00000000000010000', /API key -16/],
    ['00030000000000010000', /API key 3 \(Metadata\) is not served/],
    ['00100063000000010000', /0 to 5, not in 99/],
    ['00000002000000010000', /3 to 13, not in 2/],
  ] as const) {
    const answer = exchange.process(Buffer.from(frame, 'hex'))
    expect(answer.events).toEqual(['close'])
    expect(answer.closeReason).toBe('malformed')
    expect(answer.closeError!.message).toMatch(reason)
  }
})

test('WIRE-07 ApiVersions refuses a software name or version of other characters', async () => {
  const exchange = withApiVersions()
  for (const [name, version, errorCode] of [
    ['librdkafka', '2.0.2', 0],
    ['a', '1', 0],
    ['', '1', ErrorCode.INVALID_REQUEST],
    ['a b', '1', ErrorCode.INVALID_REQUEST],
    ['-a', '1', ErrorCode.INVALID_REQUEST],
    ['a', '1.', ErrorCode.INVALID_REQUEST],
  ] as const) {
    const response = await exchange.send(ApiVersionsRequest, ApiVersionsResponse, 3, {
      clientSoftwareName: name,
      clientSoftwareVersion: version,
    })
    expect(response.errorCode).toBe(errorCode)
    expect(response.apiKeys.length > 0).toBe(errorCode === 0)
  }
  expect(exchange.connection.clientSoftware).toEqual({ name: 'a', version: '1' })
})

test('WIRE-08 Produce is announced from version 0', async () => {
  const exchange = withApiVersions(produce())
  const { apiKeys } = await exchange.send(ApiVersionsRequest, ApiVersionsResponse, 2)
  expect(apiKeys[0]).toMatchObject({ apiKey: 0, minVersion: 0, maxVersion: 13 })
})

test('WIRE-09 features whose lowest level is 0 are named from version 4 on', async () => {
  const exchange = withApiVersions()
  const names = async (version: number) => {
    const response = await exchange.send(ApiVersionsRequest, ApiVersionsResponse, version, hello)
    return response.supportedFeatures.map(({ name }) => name)
  }
  expect(await names(3)).toEqual(['metadata.version'])
  expect(await names(4)).toEqual(['metadata.version', 'group.version'])
})

test('WIRE-10 ApiVersions names the finalized features, those at level 0 not', async () => {
  const exchange = withApiVersions()
  const response = await exchange.send(ApiVersionsRequest, ApiVersionsResponse, 3, hello)
  expect(response).toMatchObject({
    finalizedFeaturesEpoch: 37,
    zkMigrationReady: false,
    finalizedFeatures: [
      { name: 'metadata.version', minVersionLevel: 30, maxVersionLevel: 30 },
      { name: 'group.version', minVersionLevel: 1, maxVersionLevel: 1 },
    ],
  })
})

test('WIRE-11 each listener serves and announces its own keys only', () => {
  const handlers = [listGroups(), heartbeat]
  const keys = (listener: 'broker' | 'controller') =>
    new TestExchange(handlers, { listener }).registry.announced().map(({ apiKey }) => apiKey)
  expect(keys('broker')).toEqual([16])
  expect(keys('controller')).toEqual([63])
})

test('WIRE-12 a throttled client is told at once, and muted', () => {
  const exchange = new TestExchange([
    listGroups((context) => {
      context.throttle(20)
      context.throttle(99.5)
      return ListGroupsResponse.create()
    }),
  ])
  const answer = exchange.process(exchange.encode(ListGroupsRequest, 3))
  expect(answer.events).toEqual(['mute', 'respond'])
  expect(answer.mutedMs).toBe(100)
  expect(decodeResponse(answer.bytes!, ListGroupsResponse, 3).throttleTimeMs).toBe(100)
})

test('bytes that are no message close the connection', () => {
  const exchange = new TestExchange([listGroups(), produce()])
  const whole = exchange.encode(ProduceRequest, 9, {
    acks: 1,
    topicData: [createProduceRequestTopicProduceData({ name: 'a', partitionData: [] })],
  })
  for (let length = 0; length < whole.length - 1; length++) {
    const answer = exchange.process(whole.subarray(0, length))
    expect(answer.closeReason).toBe('malformed')
  }
  expect(exchange.process(whole).events).toEqual(['respond'])
})

test('bytes after a body are left alone', () => {
  const exchange = new TestExchange([listGroups()])
  const bytes = Buffer.concat([exchange.encode(ListGroupsRequest, 3), Buffer.from('more')])
  expect(exchange.process(bytes).events).toEqual(['respond'])
})

test('a response that comes later is sent like one that is there at once', async () => {
  const exchange = new TestExchange([
    listGroups(async () => ListGroupsResponse.create({ errorCode: 15 })),
  ])
  const response = await exchange.send(ListGroupsRequest, ListGroupsResponse, 5)
  expect(response.errorCode).toBe(15)
})

test('what a handler foresees is answered in its terms and not logged', async () => {
  const failing = [
    () => {
      throw new ApiError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    },
    async () => {
      throw new ApiError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    },
  ]
  for (const handle of failing) {
    const exchange = new TestExchange([listGroups(handle)])
    const response = await exchange.send(ListGroupsRequest, ListGroupsResponse, 5)
    expect(response.errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    expect(exchange.log.lines).toEqual([])
  }
})

test('a defect in a handler is logged, and answered as such', async () => {
  const exchange = new TestExchange([
    listGroups(() => {
      throw new TypeError('defect')
    }),
  ])
  const response = await exchange.send(ListGroupsRequest, ListGroupsResponse, 5)
  expect(response.errorCode).toBe(ErrorCode.UNKNOWN_SERVER_ERROR)
  expect(exchange.log.find('ListGroups failed', 'error')).toHaveLength(1)
})

test('a response that cannot be written is a defect and closes the connection', () => {
  const sent = vi.fn()
  const exchange = new TestExchange([
    listGroups((context) => {
      context.whenSent(sent)
      return ListGroupsResponse.create({ groups: [null as never] })
    }),
  ])
  const answer = exchange.process(exchange.encode(ListGroupsRequest, 5))
  expect(answer.events).toEqual(['close'])
  expect(answer.closeReason).toBe('defect')
  expect(sent).toHaveBeenCalledTimes(1)
})

test('PRD-02 a request that wants no response gets none', () => {
  const exchange = new TestExchange([produce(() => null)])
  expect(exchange.process(exchange.encode(ProduceRequest, 9)).events).toEqual(['complete'])
})

test('PRD-03 a failure that cannot be told closes the connection', () => {
  const exchange = new TestExchange([
    produce(() => {
      throw new ApiError(ErrorCode.INVALID_REQUEST)
    }),
  ])
  const answer = exchange.process(exchange.encode(ProduceRequest, 9, { acks: 0 }))
  expect(answer.events).toEqual(['close'])
})

test('a handler may end the connection after its response', () => {
  const exchange = new TestExchange([
    listGroups((context) => {
      context.closeConnection()
      return ListGroupsResponse.create()
    }),
  ])
  const answer = exchange.process(exchange.encode(ListGroupsRequest, 5))
  expect(answer.events).toEqual(['respond', 'end'])
})

test('what needs a right on the cluster is refused without it', async () => {
  const asked: unknown[] = []
  const authorizer = {
    ...allowAll,
    allows: (_subject: unknown, operation: number, type: number, name: string) => {
      asked.push([operation, type, name])
      return false
    },
  }
  const exchange = new TestExchange([heartbeat], { listener: 'controller', authorizer })
  const response = await exchange.send(BrokerHeartbeatRequest, BrokerHeartbeatResponse, 0)
  expect(response.errorCode).toBe(ErrorCode.CLUSTER_AUTHORIZATION_FAILED)
  expect(asked).toEqual([[AclOperation.CLUSTER_ACTION, 4, 'kafka-cluster']])
})

test('two handlers of one key are refused', () => {
  expect(() => new TestExchange([listGroups(), listGroups()])).toThrow(/two handlers/)
})
