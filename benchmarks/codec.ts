/** Reading and writing of the messages of the hot paths, with a peer's reader of the same bytes. */
import { createRequire } from 'node:module'
import {
  createFetchRequestFetchPartition,
  createFetchRequestFetchTopic,
  createMetadataResponseBroker,
  createMetadataResponsePartition,
  createMetadataResponseTopic,
  FetchRequest,
  MetadataResponse,
  type MessageType,
  Reader,
  Writer,
} from '@barnabas/protocol'
import type { Bench } from 'tinybench'

const require = createRequire(import.meta.url)

function encoded<T>(type: MessageType<T>, message: T, version: number): Buffer {
  const writer = new Writer()
  type.write(writer, message, version)
  return writer.finishBuffer()
}

function addPair<T>(
  bench: Bench,
  type: MessageType<T>,
  message: T,
  version: number,
  what: string,
): Buffer {
  const bytes = encoded(type, message, version)
  const reader = new Reader(bytes)
  bench.add(`read ${type.name} v${version}, ${what}`, () => {
    type.read(reader.reset(bytes), version)
  })
  bench.add(`write ${type.name} v${version}, ${what}`, () => {
    const writer = new Writer()
    type.write(writer, message, version)
    writer.finish()
  })
  return bytes
}

const fetchRequest = (partitions: number) =>
  FetchRequest.create({
    topics: [
      createFetchRequestFetchTopic({
        topic: 'orders',
        partitions: Array.from({ length: partitions }, (_, partition) =>
          createFetchRequestFetchPartition({
            partition,
            fetchOffset: 1_000_000 + partition,
            partitionMaxBytes: 1 << 20,
          }),
        ),
      }),
    ],
  })

const metadataResponse = (topics: number) =>
  MetadataResponse.create({
    brokers: [createMetadataResponseBroker({ nodeId: 1, host: 'localhost', port: 9092 })],
    clusterId: 'c',
    topics: Array.from({ length: topics }, (_, n) =>
      createMetadataResponseTopic({
        name: `topic-${n}`,
        partitions: Array.from({ length: 6 }, (_, partitionIndex) =>
          createMetadataResponsePartition({
            partitionIndex,
            leaderId: 1,
            replicaNodes: [1],
            isrNodes: [1],
          }),
        ),
      }),
    ),
  })

export function register(bench: Bench): void {
  addPair(bench, FetchRequest, fetchRequest(6), 12, '6 partitions')
  addPair(bench, FetchRequest, fetchRequest(100), 11, '100 partitions')
  const bytes = addPair(bench, MetadataResponse, metadataResponse(100), 6, '100 topics')
  const decoder = require('kafkajs/src/protocol/requests/metadata/v6/response.js') as {
    decode(raw: Buffer): Promise<unknown>
  }
  bench.add('kafkajs reads MetadataResponse v6, 100 topics', async () => {
    await decoder.decode(bytes)
  })
}
