/**
 * DescribeLogDirs, versions 1 to 5 (KIP-113): the directories of this broker and what lies in them. v3: an
 * error of the whole response. v4 (KIP-827): space. v5 (KIP-1066): directories that take no new replicas.
 */
import type { FileSystem } from '@barnabas/base'
import type { LogDirectory, PartitionLog } from '@barnabas/log'
import {
  createDescribeLogDirsResponseDescribeLogDirsPartition,
  createDescribeLogDirsResponseDescribeLogDirsResult,
  createDescribeLogDirsResponseDescribeLogDirsTopic,
  DescribeLogDirsRequest,
  DescribeLogDirsResponse,
  type DescribeLogDirsResponseDescribeLogDirsResult,
  type DescribeLogDirsResponseDescribeLogDirsTopic,
  ErrorCode,
} from '@barnabas/protocol'
import type { ClusterView } from '../cluster/cluster-view.ts'
import { AclOperation } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export interface DescribeLogDirsServices {
  readonly cluster: ClusterView
  readonly files: Pick<FileSystem, 'diskSpace'>
  readonly logs: {
    readonly directories: readonly LogDirectory[]
    logsIn(directory: LogDirectory): PartitionLog[]
  }
}

const UNKNOWN_SPACE = { totalBytes: -1, usableBytes: -1 }

export function describeLogDirs(services: DescribeLogDirsServices) {
  return handler({
    request: DescribeLogDirsRequest,
    response: DescribeLogDirsResponse,
    authorization: { cluster: AclOperation.DESCRIBE },
    async handle(_context, request) {
      const isWanted = wantedBy(request)
      const results = services.logs.directories.map((directory) =>
        describe(services, directory, isWanted),
      )
      return DescribeLogDirsResponse.create({ results: await Promise.all(results) })
    },
    failure: (_request, errorCode) => DescribeLogDirsResponse.create({ errorCode }),
  })
}

function wantedBy({ topics }: DescribeLogDirsRequest): (log: PartitionLog) => boolean {
  if (topics === null) return () => true
  const wanted = new Map(topics.map(({ topic, partitions }) => [topic, new Set(partitions)]))
  return ({ topic, partition }) => wanted.get(topic)?.has(partition) ?? false
}

async function describe(
  { cluster, files, logs }: DescribeLogDirsServices,
  directory: LogDirectory,
  isWanted: (log: PartitionLog) => boolean,
): Promise<DescribeLogDirsResponseDescribeLogDirsResult> {
  const { path: logDir, id } = directory
  if (directory.isOffline) {
    return createDescribeLogDirsResponseDescribeLogDirsResult({
      errorCode: ErrorCode.KAFKA_STORAGE_ERROR,
      logDir,
    })
  }
  const space = await files.diskSpace(logDir).catch(() => UNKNOWN_SPACE)
  const self = cluster.image().brokers.get(cluster.nodeId)
  return createDescribeLogDirsResponseDescribeLogDirsResult({
    logDir,
    topics: byTopic(logs.logsIn(directory).filter(isWanted)),
    totalBytes: space.totalBytes,
    usableBytes: space.usableBytes,
    isCordoned: self?.cordonedLogDirs.includes(id) ?? false,
  })
}

function byTopic(logs: readonly PartitionLog[]): DescribeLogDirsResponseDescribeLogDirsTopic[] {
  const topics = new Map<string, DescribeLogDirsResponseDescribeLogDirsTopic>()
  for (const log of logs) {
    let topic = topics.get(log.topic)
    if (topic === undefined) {
      topic = createDescribeLogDirsResponseDescribeLogDirsTopic({ name: log.topic })
      topics.set(log.topic, topic)
    }
    topic.partitions.push(
      createDescribeLogDirsResponseDescribeLogDirsPartition({
        partitionIndex: log.partition,
        partitionSize: log.sizeBytes,
        // Never negative: a replica in use is at least where the high watermark is.
        offsetLag: Math.max(0, log.highWatermark - log.logEndOffset),
      }),
    )
  }
  return [...topics.values()]
}
