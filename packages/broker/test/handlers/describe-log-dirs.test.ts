import { createTestWorld } from '@barnabas/base/testing'
import { DEFAULT_LOG_CONFIG, LogManager } from '@barnabas/log'
import {
  BatchView,
  createDescribeLogDirsRequestDescribableLogDirTopic,
  DescribeLogDirsRequest,
  DescribeLogDirsResponse,
  ErrorCode,
} from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { describeLogDirs } from '../../src/handlers/35-describe-log-dirs.ts'
import { allowAll, type Authorizer } from '../../src/security/authorizer.ts'
import { denying, TestCluster } from '../support/test-cluster.ts'
import { TestExchange } from '../support/test-exchange.ts'
import { batchOf } from '../support/test-partitions.ts'

async function setUp(authorizer: Authorizer = allowAll) {
  const world = createTestWorld()
  const logs = await LogManager.open({
    directories: ['/a', '/b'],
    identity: { clusterId: 'test-cluster', nodeId: 1 },
    world,
    configOf: () => DEFAULT_LOG_CONFIG,
  })
  const [a, b] = logs.directories
  const cluster = new TestCluster().addBroker(1, { cordonedLogDirs: [b!.id] })
  for (const [topic, directory] of [
    ['x', a],
    ['y', a],
    ['z', b],
  ] as const) {
    const log = await logs.getOrCreate(topic, 0, null, directory!.id)
    await log.appendAsLeader(new BatchView(batchOf(['value']), 0), {
      leaderEpoch: 0,
      origin: 'client',
    })
  }
  const exchange = new TestExchange([describeLogDirs({ cluster, files: world.files, logs })], {
    authorizer,
  })
  const describe = (version: number, topics: DescribeLogDirsRequest['topics'] = null) =>
    exchange.send(DescribeLogDirsRequest, DescribeLogDirsResponse, version, { topics })
  return { describe, directory: a! }
}

const sizeBytes = batchOf(['value']).length

test('LGD-01 each directory with its logs, their sizes and its space', async () => {
  const { describe } = await setUp()
  const { errorCode, results } = await describe(5)
  expect(errorCode).toBe(0)
  const partition = {
    partitionIndex: 0,
    partitionSize: sizeBytes,
    offsetLag: 0,
    isFutureKey: false,
  }
  expect(results).toMatchObject([
    {
      logDir: '/a',
      errorCode: 0,
      isCordoned: false,
      topics: [
        { name: 'x', partitions: [partition] },
        { name: 'y', partitions: [partition] },
      ],
    },
    { logDir: '/b', isCordoned: true, topics: [{ name: 'z', partitions: [partition] }] },
  ])
  expect(results[0]!.totalBytes).toBeGreaterThan(0)
  expect(results[0]!.usableBytes).toBeGreaterThan(0)
})

test('LGD-01 only what is asked for; a directory without it is named all the same', async () => {
  const { describe } = await setUp()
  const { results } = await describe(1, [
    createDescribeLogDirsRequestDescribableLogDirTopic({ topic: 'y', partitions: [0, 1] }),
  ])
  expect(results.map(({ topics }) => topics.map(({ name }) => name))).toEqual([['y'], []])
})

test('LGD-01 a directory whose disk failed', async () => {
  const { describe, directory } = await setUp()
  directory.fail(new Error('EIO'))
  const { results } = await describe(4)
  expect(results.map(({ errorCode }) => errorCode)).toEqual([ErrorCode.KAFKA_STORAGE_ERROR, 0])
})

test('LGD-01 without the right to describe the cluster', async () => {
  const { describe } = await setUp(denying('8 4 kafka-cluster'))
  expect(await describe(3)).toMatchObject({
    errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
    results: [],
  })
  expect((await describe(1)).results).toEqual([])
})
