/**
 * Transactions on a simulated cluster: producers that crash, come again, fall asleep and are fenced; two
 * brokers that take the coordination from each other and lose what was not committed; appends that fail;
 * requests and answers that get lost or come late. Equal seeds give equal runs.
 *
 * What must hold whatever happens:
 *   - a transaction ends all or nothing, and as its producer was told;
 *   - producer epochs never go back, states follow each other only as they may;
 *   - once an incarnation was told its epoch, none before it writes anything;
 *   - when all is quiet again no transaction is left open.
 */
import type { Entropy } from '@barnabas/base'
import { createTestWorld } from '@barnabas/base/testing'
import {
  createWriteTxnMarkersResponse,
  createWriteTxnMarkersResponseWritableTxnMarkerPartitionResult,
  createWriteTxnMarkersResponseWritableTxnMarkerResult,
  createWriteTxnMarkersResponseWritableTxnMarkerTopicResult,
  type WriteTxnMarkersRequest,
  type WriteTxnMarkersResponse,
} from '@barnabas/protocol'
import {
  createTransactionRecordCodec,
  defaultTransactionCoordinatorConfig,
  EMPTY_METADATA,
  TransactionCoordinator,
  type AppendBatch,
  type Transaction,
} from '../../src/index.ts'
import { fromTransactionLogValue } from '../../src/transaction/transaction.ts'
import { DataPartition } from './data-partition.ts'
import { ReplicatedLog } from './replicated-log.ts'
import { TransactionProducer, type ProducerSurroundings } from './transaction-producer.ts'

const PARTITIONS = 4
const STEPS = 60

/** Which states may follow a state. The Complete ones follow themselves when a retry is confirmed. */
const FOLLOWERS: Readonly<Record<string, readonly string[]>> = {
  none: ['Empty'],
  Empty: ['Empty', 'Ongoing', 'PrepareAbort'],
  Ongoing: ['Ongoing', 'PrepareCommit', 'PrepareAbort'],
  PrepareCommit: ['CompleteCommit'],
  PrepareAbort: ['CompleteAbort'],
  CompleteCommit: ['CompleteCommit', 'Empty', 'Ongoing', 'PrepareAbort'],
  CompleteAbort: ['CompleteAbort', 'Empty', 'Ongoing', 'PrepareAbort'],
}

export interface SimulationCounts {
  committed: number
  aborted: number
  failovers: number
}

export class Violation extends Error {
  override readonly name = 'Violation'
}

function check(condition: boolean, message: string): void {
  if (!condition) throw new Violation(message)
}

export class TransactionSimulation implements ProducerSurroundings {
  readonly partitions: DataPartition[] = []
  readonly entropy: Entropy
  running = true
  readonly counts: SimulationCounts = { committed: 0, aborted: 0, failovers: 0 }
  private readonly world
  private readonly log: ReplicatedLog
  private readonly coordinators: TransactionCoordinator[] = []
  private readonly electedEpochs: number[] = []
  private readonly codec = createTransactionRecordCodec(() => 2)
  private readonly committed = new Map<string, Transaction>()
  private readonly newest = new Map<string, number>()
  private readonly outcomes = new Map<string, 'commit' | 'abort' | 'unknown'>()
  private producers: TransactionProducer[] = []
  private nextBlock = 1000
  private failure: unknown = null
  private readonly raisesEpochs: boolean

  constructor(seed: number) {
    this.world = createTestWorld(seed)
    this.entropy = this.world.entropy.fork('workload')
    this.raisesEpochs = this.entropy.nextU32() % 3 > 0
    this.log = new ReplicatedLog({
      timers: this.world.timers,
      entropy: this.world.entropy.fork('log'),
      onHighWatermark: (broker, offset) => this.onHighWatermark(broker, offset),
      onCommitted: (batch) => this.guarded(() => this.onCommitted(batch)),
    })
    for (let n = 0; n < PARTITIONS; n++) this.partitions.push(new DataPartition(`data-${n}`))
    for (let broker = 0; broker < 2; broker++) this.coordinators.push(this.broker(broker))
  }

  /** Throws a `Violation`, or whatever a bug throws. */
  async run(): Promise<SimulationCounts> {
    const { entropy, world } = this
    this.failover()
    for (let step = 0; step < STEPS; step++) {
      await world.advance(entropy.nextU32() % 500)
      this.rethrow()
      this.misbehave()
    }
    this.running = false
    this.log.failingPercent = 0
    this.failover()
    // Long enough for what is late, for time-outs and for the markers that follow.
    await world.advance(40_000)
    this.rethrow()
    this.checkEnd()
    return this.counts
  }

  // ---- what producers see

  async sleep(maxMs: number): Promise<void> {
    const delayMs = this.entropy.nextU32() % (maxMs + 1)
    await new Promise<void>((resolve) => this.world.timers.schedule(delayMs, resolve))
  }

  coordinator(): TransactionCoordinator {
    const isStale = this.entropy.nextU32() % 20 === 0
    return this.coordinators[isStale ? 1 - this.log.leader : this.log.leader]!
  }

  onInitialized(transactionalId: string, incarnation: number): void {
    this.newest.set(transactionalId, incarnation)
  }

  onAccepted(transactionalId: string, incarnation: number): void {
    this.guarded(() => {
      const newest = this.newest.get(transactionalId)
      check(incarnation === newest, `incarnation ${incarnation} writes after ${newest} has begun`)
    })
  }

  onEnded(transaction: string, outcome: 'commit' | 'abort' | 'unknown'): void {
    this.outcomes.set(transaction, outcome)
  }

  // ---- the cluster

  private broker(broker: number): TransactionCoordinator {
    const { world } = this
    return new TransactionCoordinator({
      world,
      writer: this.log.writer(broker),
      config: {
        ...defaultTransactionCoordinatorConfig,
        abortTimedOutIntervalMs: 500,
        transactionVersion: () => (this.raisesEpochs ? 2 : 1),
      },
      metadata: EMPTY_METADATA,
      partitionCount: () => 1,
      requestTimeoutMs: 5_000,
      allocateProducerIds: async () => {
        await this.sleep(50)
        if (this.entropy.nextU32() % 10 === 0) throw new Error('no block now')
        this.nextBlock += 10
        return { firstProducerId: this.nextBlock, count: 10 }
      },
      markers: {
        leaderOf: () => (this.entropy.nextU32() % 20 === 0 ? null : 7),
        send: (_broker, request) => this.writeMarkers(request),
      },
      compilePattern: () => () => true,
    })
  }

  /** Each request may get lost, or its answer. */
  private async writeMarkers(request: WriteTxnMarkersRequest): Promise<WriteTxnMarkersResponse> {
    await this.sleep(50)
    if (this.entropy.nextU32() % 15 === 0) throw new Error('the request got lost')
    const response = createWriteTxnMarkersResponse({
      markers: request.markers.map((marker) =>
        createWriteTxnMarkersResponseWritableTxnMarkerResult({
          producerId: marker.producerId,
          topics: marker.topics.map(({ name }) => {
            const partition = this.partitions.find((known) => known.name === name)!
            const isAway = this.running && this.entropy.nextU32() % 15 === 0
            const errorCode = isAway ? 6 : partition.writeMarker(marker)
            return createWriteTxnMarkersResponseWritableTxnMarkerTopicResult({
              name,
              partitions: [
                createWriteTxnMarkersResponseWritableTxnMarkerPartitionResult({
                  partitionIndex: 0,
                  errorCode,
                }),
              ],
            })
          }),
        }),
      ),
    })
    await this.sleep(50)
    if (this.entropy.nextU32() % 15 === 0) throw new Error('the answer got lost')
    return response
  }

  private failover(): void {
    const { log } = this
    const old = log.leader
    log.elect(1 - old)
    const { leader, leaderEpoch } = log
    this.counts.failovers++
    void this.sleep(100).then(() => this.onElected(leader, leaderEpoch))
    void this.sleep(2_000).then(() => this.coordinators[old]!.onResigned(0, leaderEpoch))
  }

  private onElected(broker: number, leaderEpoch: number): void {
    if (leaderEpoch <= (this.electedEpochs[broker] ?? 0)) return
    this.electedEpochs[broker] = leaderEpoch
    this.coordinators[broker]!.onElected(0, leaderEpoch)
  }

  /** Who has not heard yet that it leads is not told how far the log is committed. */
  private onHighWatermark(broker: number, offset: number): void {
    if (this.electedEpochs[broker] !== this.log.leaderEpoch) return
    this.coordinators[broker]!.onHighWatermark(0, offset)
  }

  private misbehave(): void {
    const { entropy, log } = this
    const dice = entropy.nextU32() % 100
    if (dice < 8) this.failover()
    else if (dice < 14) log.failingPercent = log.failingPercent === 0 ? 30 : 0
    else if (dice < 50) this.startProducer()
    else if (dice < 60) {
      const { producers } = this
      if (producers.length > 0) producers[entropy.nextU32() % producers.length]!.alive = false
    }
  }

  private startProducer(): void {
    const { entropy } = this
    const transactionalId = `id-${entropy.nextU32() % 2}`
    const incarnation = this.producers.length
    const producer = new TransactionProducer(this, transactionalId, incarnation, this.raisesEpochs)
    this.producers.push(producer)
    producer.run().catch((error: unknown) => {
      this.failure ??= error
    })
  }

  // ---- what must hold

  private onCommitted({ records }: AppendBatch): void {
    for (const stored of records) {
      const record = this.codec.decode(stored.key, stored.value)!
      const { transactionalId } = record.key
      const before = this.committed.get(transactionalId)
      const after = fromTransactionLogValue(record.value!)!
      this.committed.set(transactionalId, after)
      const from = before?.state ?? 'none'
      check(FOLLOWERS[from]!.includes(after.state), `${after.state} follows ${from}`)
      if (before === undefined) continue
      const isSame = after.producerId === before.producerId
      check(
        isSame ? after.producerEpoch >= before.producerEpoch : after.producerEpoch === 0,
        `epoch ${after.producerEpoch} follows ${before.producerEpoch}`,
      )
    }
  }

  private checkEnd(): void {
    for (const [transactionalId, { state }] of this.committed) {
      check(
        state !== 'Ongoing' && !state.startsWith('Prepare'),
        `${transactionalId} is left in state ${state}`,
      )
    }
    const fates = new Map<string, Set<string>>()
    for (const partition of this.partitions) {
      const open = partition.openProducers()
      check(open.length === 0, `${partition.name} is left with open producers ${open.join()}`)
      for (const { record, fate } of partition.records) {
        const known = fates.get(record.transaction) ?? new Set()
        fates.set(record.transaction, known.add(fate))
      }
    }
    for (const [transaction, seen] of fates) {
      check(seen.size === 1, `transaction ${transaction} is ${[...seen].join(' and ')}`)
      const [fate] = [...seen]
      if (fate === 'committed') this.counts.committed++
      else this.counts.aborted++
      const outcome = this.outcomes.get(transaction)
      if (outcome === 'commit') check(fate === 'committed', `${transaction} was lost`)
      if (outcome === 'abort') check(fate === 'aborted', `${transaction} came back`)
    }
  }

  private guarded(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.failure ??= error
    }
  }

  private rethrow(): void {
    if (this.failure !== null) throw this.failure
  }
}
