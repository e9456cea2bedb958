/**
 * Markers on their way to the leaders of the partitions they belong to, as data: who leads, what is sent
 * and what comes back is told from outside. All markers for one broker go together, one request at a time,
 * so that what comes up while one is under way makes up the next.
 *
 *   add -> homeless --assign--> queued for a broker --take--> in flight --onResponse--> done
 *             ^                                                   |
 *             +------------ wake ------------ resting <-----------+  no leader, or refused for now
 */
import {
  createWriteTxnMarkersRequest,
  createWriteTxnMarkersRequestWritableTxnMarker,
  createWriteTxnMarkersRequestWritableTxnMarkerTopic,
  ErrorCode,
  type WriteTxnMarkersRequest,
  type WriteTxnMarkersRequestWritableTxnMarker,
  type WriteTxnMarkersResponse,
} from '@barnabas/protocol'
import { MARKERS_PER_REQUEST_MAX } from './limits.ts'
import type { WriteMarkersTask } from './transaction-kinds.ts'

/** A broker's id; null while none leads, undefined when there is no such partition any more. */
export type LeaderOf = (topic: string, partition: number) => number | null | undefined

/** One transaction whose markers are being written. */
export class MarkerWork {
  readonly task: WriteMarkersTask
  readonly coordinatorPartition: number
  readonly coordinatorEpoch: number
  /** Partitions that still lack their marker. */
  missing = 0
  /** What is left of it is not written any more. */
  abandoned = false

  constructor(task: WriteMarkersTask, coordinatorPartition: number, coordinatorEpoch: number) {
    this.task = task
    this.coordinatorPartition = coordinatorPartition
    this.coordinatorEpoch = coordinatorEpoch
  }
}

interface Marker {
  readonly work: MarkerWork
  readonly topic: string
  readonly partition: number
}

interface Destination {
  queued: Marker[]
  inFlight: Marker[] | null
}

type Verdict = 'done' | 'again' | 'abandon'

export class MarkerQueue {
  /** Where these go is still to be found out. */
  private homeless: Marker[] = []
  /** To be tried again after a while. */
  private resting: Marker[] = []
  private readonly destinations = new Map<number, Destination>()
  private finished: MarkerWork[] = []

  add(work: MarkerWork): void {
    for (const [topic, partitions] of work.task.partitions) {
      for (const partition of partitions) {
        this.homeless.push({ work, topic, partition })
        work.missing++
      }
    }
    if (work.missing === 0) this.finished.push(work)
  }

  assign(leaderOf: LeaderOf): void {
    const { homeless } = this
    this.homeless = []
    for (const marker of homeless) {
      if (marker.work.abandoned) continue
      const leader = leaderOf(marker.topic, marker.partition)
      if (leader === undefined) this.finish(marker)
      else if (leader === null) this.resting.push(marker)
      else this.destination(leader).queued.push(marker)
    }
  }

  get isResting(): boolean {
    return this.resting.length > 0
  }

  /** What rested looks for its leader again. */
  wake(): void {
    this.homeless.push(...this.resting)
    this.resting = []
  }

  /** Brokers to which a request can be sent now. */
  ready(): number[] {
    const ready: number[] = []
    for (const [brokerId, { queued, inFlight }] of this.destinations) {
      if (inFlight === null && queued.length > 0) ready.push(brokerId)
    }
    return ready
  }

  /** The next request for a broker that is ready; null when all of its markers were abandoned. */
  take(brokerId: number): WriteTxnMarkersRequest | null {
    const destination = this.destination(brokerId)
    const live = destination.queued.filter(({ work }) => !work.abandoned)
    const sent = live.slice(0, MARKERS_PER_REQUEST_MAX)
    destination.queued = live.slice(MARKERS_PER_REQUEST_MAX)
    if (sent.length === 0) {
      this.destinations.delete(brokerId)
      return null
    }
    destination.inFlight = sent
    return requestFor(sent)
  }

  onResponse(brokerId: number, response: WriteTxnMarkersResponse): void {
    const errors = errorCodes(response)
    for (const marker of this.landed(brokerId)) {
      if (marker.work.abandoned) continue
      const code = errors.get(errorKey(marker.work.task.producerId, marker.topic, marker.partition))
      const verdict = verdictOf(code)
      if (verdict === 'done') this.finish(marker)
      else if (verdict === 'again') this.resting.push(marker)
      else marker.work.abandoned = true
    }
  }

  /** The request may or may not have got there; writing a marker twice does no harm. */
  onFailure(brokerId: number): void {
    this.resting.push(...this.landed(brokerId))
  }

  /** The works whose markers all are written since the last call. */
  takeFinished(): MarkerWork[] {
    const { finished } = this
    this.finished = []
    return finished
  }

  private landed(brokerId: number): Marker[] {
    const destination = this.destination(brokerId)
    const markers = destination.inFlight ?? []
    destination.inFlight = null
    if (destination.queued.length === 0) this.destinations.delete(brokerId)
    return markers
  }

  private finish({ work }: Marker): void {
    work.missing--
    if (work.missing === 0 && !work.abandoned) this.finished.push(work)
  }

  private destination(brokerId: number): Destination {
    let destination = this.destinations.get(brokerId)
    if (destination === undefined) {
      destination = { queued: [], inFlight: null }
      this.destinations.set(brokerId, destination)
    }
    return destination
  }
}

function requestFor(markers: readonly Marker[]): WriteTxnMarkersRequest {
  const byWork = new Map<MarkerWork, Map<string, number[]>>()
  for (const { work, topic, partition } of markers) {
    let topics = byWork.get(work)
    if (topics === undefined) byWork.set(work, (topics = new Map()))
    const partitions = topics.get(topic)
    if (partitions === undefined) topics.set(topic, [partition])
    else partitions.push(partition)
  }
  return createWriteTxnMarkersRequest({
    markers: Array.from(byWork, ([work, topics]) => writableMarker(work, topics)),
  })
}

function writableMarker(
  { task, coordinatorEpoch }: MarkerWork,
  topics: ReadonlyMap<string, number[]>,
): WriteTxnMarkersRequestWritableTxnMarker {
  return createWriteTxnMarkersRequestWritableTxnMarker({
    producerId: task.producerId,
    producerEpoch: task.producerEpoch,
    transactionResult: task.committed,
    coordinatorEpoch,
    transactionVersion: task.transactionVersion,
    topics: Array.from(topics, ([name, partitionIndexes]) =>
      createWriteTxnMarkersRequestWritableTxnMarkerTopic({ name, partitionIndexes }),
    ),
  })
}

function errorCodes({ markers }: WriteTxnMarkersResponse): Map<string, number> {
  const codes = new Map<string, number>()
  for (const { producerId, topics } of markers) {
    for (const { name, partitions } of topics) {
      for (const { partitionIndex, errorCode } of partitions) {
        codes.set(errorKey(producerId, name, partitionIndex), errorCode)
      }
    }
  }
  return codes
}

function errorKey(producerId: number, topic: string, partition: number): string {
  return `${producerId}:${partition}:${topic}`
}

function verdictOf(errorCode: number | undefined): Verdict {
  switch (errorCode) {
    case ErrorCode.NONE:
    // Logs of so old a format know no transactions.
    case ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT:
    case ErrorCode.UNSUPPORTED_VERSION:
      return 'done'
    case ErrorCode.INVALID_PRODUCER_EPOCH:
    case ErrorCode.TRANSACTION_COORDINATOR_FENCED:
      return 'abandon'
    default:
      return 'again'
  }
}
