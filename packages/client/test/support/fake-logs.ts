/**
 * Logs behind a fake cluster: Produce appends, with the checks of sequences that a broker makes, and Fetch
 * and ListOffsets read. Tests may step in before and after an append.
 */
import {
  ApiKey,
  BatchView,
  decodeRecords,
  type DecodedRecord,
  ErrorCode,
  FetchResponse,
  type FetchRequest,
  InitProducerIdResponse,
  joinRecords,
  ListOffsetsResponse,
  type ListOffsetsRequest,
  ProduceResponse,
  type ProduceRequest,
} from '@barnabas/protocol'
import type { FakeCluster, HandlerContext } from './fake-cluster.ts'

interface ProducerState {
  epoch: number
  /** Sequence after the last one; the last batches with their offsets for duplicates. */
  next: number
  recent: { sequence: number; baseOffset: number }[]
}

export class FakeLog {
  readonly topic: string
  readonly partition: number
  readonly batches: Buffer[] = []
  startOffset = 0
  endOffset = 0
  lastStableOffset: number | null = null
  abortedTransactions: { producerId: number; firstOffset: number }[] = []
  readonly producers = new Map<number, ProducerState>()

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get records(): DecodedRecord[] {
    return this.batches.flatMap((bytes) => decodeRecords(new BatchView(bytes)))
  }

  get values(): string[] {
    return this.records.map((record) => String(record.value))
  }

  append(bytes: Buffer): { errorCode: number; baseOffset: number } {
    const batch = new BatchView(Buffer.from(bytes))
    if (!batch.hasValidCrc()) return { errorCode: ErrorCode.CORRUPT_MESSAGE, baseOffset: -1 }
    if (batch.producerId >= 0 && !batch.isControl) {
      const verdict = this.checkSequence(batch)
      if (verdict !== null) return verdict
    }
    const baseOffset = this.endOffset
    batch.baseOffset = baseOffset
    batch.partitionLeaderEpoch = 0
    this.endOffset = baseOffset + batch.lastOffsetDelta + 1
    this.batches.push(batch.buffer)
    return { errorCode: ErrorCode.NONE, baseOffset }
  }

  private checkSequence(batch: BatchView): { errorCode: number; baseOffset: number } | null {
    const { producerId, producerEpoch, baseSequence } = batch
    let state = this.producers.get(producerId)
    if (state === undefined || producerEpoch > state.epoch) {
      if (state !== undefined && baseSequence !== 0) {
        return { errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, baseOffset: -1 }
      }
      state = { epoch: producerEpoch, next: baseSequence, recent: [] }
      this.producers.set(producerId, state)
    } else if (producerEpoch < state.epoch) {
      return { errorCode: ErrorCode.INVALID_PRODUCER_EPOCH, baseOffset: -1 }
    }
    const known = state.recent.find((entry) => entry.sequence === baseSequence)
    if (known) return { errorCode: ErrorCode.NONE, baseOffset: known.baseOffset }
    if (baseSequence !== state.next) {
      return { errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, baseOffset: -1 }
    }
    state.recent.push({ sequence: baseSequence, baseOffset: this.endOffset })
    if (state.recent.length > 5) state.recent.shift()
    state.next = (baseSequence + batch.recordCount) & 0x7fffffff
    return null
  }

  read(offset: number, maxBytes: number): Buffer {
    const parts: Buffer[] = []
    let size = 0
    for (const bytes of this.batches) {
      if (new BatchView(bytes).nextOffset <= offset) continue
      if (parts.length > 0 && size + bytes.length > maxBytes) break
      parts.push(bytes)
      size += bytes.length
    }
    return Buffer.concat(parts)
  }
}

export type Intervention = 'proceed' | 'close' | 'silence' | number

export class FakeLogs {
  readonly cluster: FakeCluster
  readonly logs = new Map<string, FakeLog>()
  /** What happens instead of, or after, the append of a request; an error code goes to each partition. */
  before: (request: ProduceRequest, context: HandlerContext) => Intervention = () => 'proceed'
  after: (request: ProduceRequest, context: HandlerContext) => Intervention = () => 'proceed'
  /** The largest batch that is taken. */
  maxBatchBytes = Number.POSITIVE_INFINITY
  nextProducerId = 1000
  latencyMs = 0

  constructor(cluster: FakeCluster) {
    this.cluster = cluster
    cluster.on(ApiKey.Produce, (request, context) => this.onProduce(request, context))
    cluster.on(ApiKey.InitProducerId, () =>
      InitProducerIdResponse.create({ producerId: this.nextProducerId++, producerEpoch: 0 }),
    )
    cluster.on(ApiKey.ListOffsets, (request, context) => this.onListOffsets(request, context))
    cluster.on(ApiKey.Fetch, (request, context) => this.onFetch(request, context))
  }

  log(topic: string, partition = 0): FakeLog {
    const key = `${topic}/${partition}`
    let log = this.logs.get(key)
    if (log === undefined) {
      log = new FakeLog(topic, partition)
      this.logs.set(key, log)
    }
    return log
  }

  nameOf(topic: { name?: string; topic?: string; topicId: string }): string {
    return topic.name || topic.topic || this.cluster.topicById(topic.topicId)?.name || ''
  }

  private async onProduce(request: ProduceRequest, context: HandlerContext) {
    if (this.latencyMs > 0) await this.delay(this.latencyMs)
    const before = this.before(request, context)
    if (before === 'close') return 'close' as const
    if (before === 'silence') return undefined
    const responses = request.topicData.map((topic) => ({
      name: topic.name,
      topicId: topic.topicId,
      partitionResponses: topic.partitionData.map((partition) => {
        const name = this.nameOf(topic)
        const result =
          typeof before === 'number'
            ? { errorCode: before, baseOffset: -1 }
            : this.append(
                name,
                partition.index,
                Buffer.from(joinRecords(partition.records!)),
                context,
              )
        return {
          index: partition.index,
          ...result,
          logAppendTimeMs: -1,
          logStartOffset: 0,
          recordErrors: [],
          errorMessage: null,
          currentLeader: { leaderId: -1, leaderEpoch: -1, unknownTaggedFields: null },
          unknownTaggedFields: null,
        }
      }),
      unknownTaggedFields: null,
    }))
    const after = this.after(request, context)
    if (after === 'close') return 'close' as const
    if (after === 'silence') return undefined
    if (typeof after === 'number') {
      for (const topic of responses) {
        for (const partition of topic.partitionResponses) partition.errorCode = after
      }
    }
    if (request.acks === 0) {
      context.connection.respondNothing()
      return undefined
    }
    return ProduceResponse.create({ responses })
  }

  private append(name: string, partition: number, bytes: Buffer, context: HandlerContext) {
    const topic = this.cluster.topics.get(name)
    if (topic === undefined) {
      return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, baseOffset: -1 }
    }
    if (topic.leaders[partition] !== context.broker.id) {
      return { errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, baseOffset: -1 }
    }
    if (bytes.length > this.maxBatchBytes) {
      return { errorCode: ErrorCode.MESSAGE_TOO_LARGE, baseOffset: -1 }
    }
    return this.log(name, partition).append(bytes)
  }

  private onListOffsets(request: ListOffsetsRequest, context: HandlerContext) {
    return ListOffsetsResponse.create({
      topics: request.topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, timestamp }) => {
          const leader = this.cluster.topics.get(name)?.leaders[partitionIndex]
          const isLeader = leader === context.broker.id
          return {
            partitionIndex,
            errorCode: isLeader ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER,
            ...(isLeader
              ? offsetFor(this.log(name, partitionIndex), timestamp)
              : { offset: -1, timestamp: -1 }),
            leaderEpoch: context.version >= 4 ? 0 : -1,
            unknownTaggedFields: null,
          }
        }),
        unknownTaggedFields: null,
      })),
    })
  }

  private async onFetch(request: FetchRequest, context: HandlerContext) {
    const { cluster } = this
    const session = this.session(request, context)
    if (typeof session === 'number') return FetchResponse.create({ errorCode: session })
    const read = () =>
      [...session.partitions.values()].flatMap((wanted) => {
        const log = this.log(wanted.topic, wanted.partition)
        const leader = cluster.topics.get(wanted.topic)?.leaders[wanted.partition]
        let errorCode: number = ErrorCode.NONE
        if (leader === undefined) errorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        else if (leader !== context.broker.id) errorCode = ErrorCode.NOT_LEADER_OR_FOLLOWER
        else if (wanted.offset > log.endOffset || wanted.offset < log.startOffset) {
          errorCode = ErrorCode.OFFSET_OUT_OF_RANGE
        }
        const limit =
          request.isolationLevel === 1 ? (log.lastStableOffset ?? log.endOffset) : log.endOffset
        const records =
          errorCode === ErrorCode.NONE && wanted.offset < limit
            ? log.read(wanted.offset, wanted.maxBytes)
            : Buffer.alloc(0)
        return errorCode === ErrorCode.NONE && records.length === 0
          ? []
          : [{ wanted, log, errorCode, records }]
      })
    let found = read()
    const deadlineMs = cluster.world.clock.monotonicMs() + request.maxWaitMs
    while (found.length === 0 && cluster.world.clock.monotonicMs() < deadlineMs) {
      await this.delay(Math.min(50, request.maxWaitMs))
      found = read()
    }
    const byTopic = new Map<string, (typeof found)[number][]>()
    for (const entry of found) {
      byTopic.set(entry.wanted.topic, [...(byTopic.get(entry.wanted.topic) ?? []), entry])
    }
    return FetchResponse.create({
      sessionId: session.id,
      responses: [...byTopic].map(([topic, entries]) => ({
        topic: context.version >= 13 ? '' : topic,
        topicId: context.version >= 13 ? cluster.topics.get(topic)!.id : 'AAAAAAAAAAAAAAAAAAAAAA',
        partitions: entries.map(({ wanted, log, errorCode, records }) => ({
          partitionIndex: wanted.partition,
          errorCode,
          highWatermark: log.endOffset,
          lastStableOffset: log.lastStableOffset ?? log.endOffset,
          logStartOffset: log.startOffset,
          divergingEpoch: { epoch: -1, endOffset: -1, unknownTaggedFields: null },
          currentLeader: { leaderId: -1, leaderEpoch: -1, unknownTaggedFields: null },
          snapshotId: { endOffset: -1, epoch: -1, unknownTaggedFields: null },
          abortedTransactions:
            request.isolationLevel === 1
              ? log.abortedTransactions.map((entry) => ({ ...entry, unknownTaggedFields: null }))
              : null,
          preferredReadReplica: -1,
          records,
          unknownTaggedFields: null,
        })),
        unknownTaggedFields: null,
      })),
    })
  }

  readonly sessions = new Map<number, FakeSession>()
  private nextSession = 1

  private session(request: FetchRequest, context: HandlerContext): FakeSession | number {
    let session = this.sessions.get(request.sessionId)
    if (request.sessionEpoch <= 0) {
      session = { id: 0, epoch: 1, partitions: new Map() }
      if (request.sessionEpoch === 0) {
        session.id = this.nextSession++
        this.sessions.set(session.id, session)
      }
    } else if (session === undefined) return ErrorCode.FETCH_SESSION_ID_NOT_FOUND
    else if (session.epoch !== request.sessionEpoch) return ErrorCode.INVALID_FETCH_SESSION_EPOCH
    else session.epoch++
    for (const topic of request.forgottenTopicsData) {
      for (const partition of topic.partitions) {
        session.partitions.delete(`${this.nameOf(topic)}/${partition}`)
      }
    }
    void context
    for (const topic of request.topics) {
      const name = this.nameOf(topic)
      for (const { partition, fetchOffset, partitionMaxBytes } of topic.partitions) {
        session.partitions.set(`${name}/${partition}`, {
          topic: name,
          partition,
          offset: fetchOffset,
          maxBytes: partitionMaxBytes,
        })
      }
    }
    return session
  }

  private delay(durationMs: number): Promise<void> {
    return new Promise((resolve) => void this.cluster.world.timers.schedule(durationMs, resolve))
  }
}

interface FakeSession {
  id: number
  epoch: number
  partitions: Map<string, { topic: string; partition: number; offset: number; maxBytes: number }>
}

function offsetFor(log: FakeLog, timestamp: number): { offset: number; timestamp: number } {
  if (timestamp === -1) return { offset: log.lastStableOffset ?? log.endOffset, timestamp: -1 }
  if (timestamp === -2) return { offset: log.startOffset, timestamp: -1 }
  const found = log.records.find((record) => record.timestamp >= timestamp)
  return found
    ? { offset: found.offset, timestamp: found.timestamp }
    : { offset: -1, timestamp: -1 }
}
