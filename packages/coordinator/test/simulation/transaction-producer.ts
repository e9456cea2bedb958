/**
 * One incarnation of a transactional producer: begins transactions, writes, commits and aborts until it is
 * fenced or crashes. It does what Kafka's client does about errors: comes again, aborts, recovers, gives up.
 */
import type { Entropy } from '@barnabas/base'
import {
  createAddPartitionsToTxnRequest,
  createAddPartitionsToTxnRequestAddPartitionsToTxnTopic,
  createAddPartitionsToTxnRequestAddPartitionsToTxnTransaction,
  createEndTxnRequest,
  createInitProducerIdRequest,
  ErrorCode,
} from '@barnabas/protocol'
import type { AddPartitionsChecks, TransactionCoordinator } from '../../src/index.ts'
import type { DataPartition } from './data-partition.ts'

/** What an incarnation needs of the simulation around it. */
export interface ProducerSurroundings {
  readonly entropy: Entropy
  readonly partitions: readonly DataPartition[]
  readonly running: boolean
  sleep(maxMs: number): Promise<void>
  coordinator(): TransactionCoordinator
  /** The coordinator has answered this incarnation; all earlier ones are fenced. */
  onInitialized(transactionalId: string, incarnation: number): void
  onAccepted(transactionalId: string, incarnation: number): void
  /** How a transaction ended, as far as its producer knows. */
  onEnded(transaction: string, outcome: 'commit' | 'abort' | 'unknown'): void
}

/** The request or its answer got lost. */
const LOST = -1_000

const COME_AGAIN: ReadonlySet<number> = new Set([
  LOST,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.CONCURRENT_TRANSACTIONS,
])

const ANYTHING: AddPartitionsChecks = { transaction: () => 0, partition: () => 0 }

export class TransactionProducer {
  alive = true
  private readonly around: ProducerSurroundings
  private readonly transactionalId: string
  private readonly incarnation: number
  /** Transaction version 2: epochs rise with every transaction, leaders add the partitions. */
  private readonly raisesEpochs: boolean
  private producerId = -1
  private producerEpoch = -1
  private sequences = new Map<string, number>()
  private count = 0

  constructor(
    around: ProducerSurroundings,
    transactionalId: string,
    incarnation: number,
    raisesEpochs: boolean,
  ) {
    this.around = around
    this.transactionalId = transactionalId
    this.incarnation = incarnation
    this.raisesEpochs = raisesEpochs
  }

  async run(): Promise<void> {
    if (!(await this.initialize(false))) return
    while (this.goesOn()) {
      await this.around.sleep(this.chance(10) ? 3_000 : 100)
      if (!(await this.transaction())) return
    }
  }

  private goesOn(): boolean {
    return this.alive && this.around.running
  }

  private chance(percent: number): boolean {
    return this.around.entropy.nextU32() % 100 < percent
  }

  /** False when this incarnation has come to its end. */
  private async transaction(): Promise<boolean> {
    const transaction = `${this.transactionalId}/${this.incarnation}/${this.count++}`
    let writes = 0
    let sound = true
    const wanted = 1 + (this.around.entropy.nextU32() % 4)
    for (let n = 0; n < wanted && sound; n++) {
      if (!this.goesOn()) return false
      sound = await this.write(transaction)
      writes++
      if (this.chance(5)) await this.around.sleep(4_000)
    }
    const commits = sound && writes > 0 && this.chance(70)
    const ended = await this.end(commits)
    this.around.onEnded(transaction, ended === 'done' ? (commits ? 'commit' : 'abort') : 'unknown')
    if (ended === 'gone') return false
    // What was given up on may still be on its way; only another epoch keeps it out.
    return sound || this.raisesEpochs || this.initialize(true)
  }

  private async initialize(recovers: boolean): Promise<boolean> {
    const { transactionalId, producerId, producerEpoch, around } = this
    while (this.goesOn()) {
      const request = createInitProducerIdRequest({
        transactionalId,
        transactionTimeoutMs: 2_000 + (around.entropy.nextU32() % 3_000),
        ...(recovers ? { producerId, producerEpoch } : {}),
      })
      const coordinator = around.coordinator()
      const code = await this.send(async () => {
        const response = await coordinator.initProducerId(request, 5)
        if (response.errorCode !== 0) return response.errorCode
        around.onInitialized(transactionalId, this.incarnation)
        return () => {
          this.become(response.producerId, response.producerEpoch)
          return 0
        }
      })
      if (code === 0) return true
      if (!COME_AGAIN.has(code)) return false
      await around.sleep(200)
    }
    return false
  }

  private become(producerId: number, producerEpoch: number): void {
    this.producerId = producerId
    this.producerEpoch = producerEpoch
    this.sequences = new Map()
  }

  /** False when the record may or may not be there: the transaction must be aborted. */
  private async write(transaction: string): Promise<boolean> {
    const { partitions, entropy } = this.around
    const partition = partitions[entropy.nextU32() % partitions.length]!
    if (!this.raisesEpochs && !(await this.addPartition(partition.name))) return false
    const sequence = this.sequences.get(partition.name) ?? 0
    const { producerId, producerEpoch } = this
    const record = { producerId, producerEpoch, sequence, transaction }
    const deliver = async () => {
      const guard = await this.verified(partition, record.producerId, record.producerEpoch)
      if (guard === undefined) return ErrorCode.INVALID_TXN_STATE
      await this.around.sleep(20)
      const code = partition.append(record, guard)
      if (code === 0) this.around.onAccepted(this.transactionalId, this.incarnation)
      return code
    }
    if ((await this.send(deliver, true)) !== 0) return false
    this.sequences.set(partition.name, sequence + 1)
    return true
  }

  /** What the partition's leader does before the first record; undefined when the coordinator refuses. */
  private async verified(
    partition: DataPartition,
    producerId: number,
    producerEpoch: number,
  ): Promise<object | null | undefined> {
    if (partition.isOpenFor(producerId, producerEpoch)) return null
    const guard = partition.beginVerification(producerId)
    const code = await this.askAbout(partition.name, producerId, producerEpoch)
    return code === 0 ? guard : undefined
  }

  private async askAbout(
    topic: string,
    producerId: number,
    producerEpoch: number,
  ): Promise<number> {
    const request = createAddPartitionsToTxnRequest({
      transactions: [
        createAddPartitionsToTxnRequestAddPartitionsToTxnTransaction({
          transactionalId: this.transactionalId,
          producerId,
          producerEpoch,
          verifyOnly: !this.raisesEpochs,
          topics: [
            createAddPartitionsToTxnRequestAddPartitionsToTxnTopic({
              name: topic,
              partitions: [0],
            }),
          ],
        }),
      ],
    })
    await this.around.sleep(20)
    const response = await this.around.coordinator().addPartitionsToTxn(request, 5, ANYTHING)
    await this.around.sleep(20)
    return response.resultsByTransaction[0]!.topicResults[0]!.resultsByPartition[0]!
      .partitionErrorCode
  }

  private async addPartition(topic: string): Promise<boolean> {
    const request = createAddPartitionsToTxnRequest({
      v3AndBelowTransactionalId: this.transactionalId,
      v3AndBelowProducerId: this.producerId,
      v3AndBelowProducerEpoch: this.producerEpoch,
      v3AndBelowTopics: [
        createAddPartitionsToTxnRequestAddPartitionsToTxnTopic({ name: topic, partitions: [0] }),
      ],
    })
    for (;;) {
      const code = await this.send(async () => {
        const coordinator = this.around.coordinator()
        const response = await coordinator.addPartitionsToTxn(request, 3, ANYTHING)
        return response.resultsByTopicV3AndBelow[0]!.resultsByPartition[0]!.partitionErrorCode
      })
      if (code === 0) return true
      if (!COME_AGAIN.has(code) || !this.goesOn()) return false
      await this.around.sleep(200)
    }
  }

  private async end(committed: boolean): Promise<'done' | 'gone'> {
    const { transactionalId, producerId, producerEpoch, around } = this
    const request = createEndTxnRequest({ transactionalId, producerId, producerEpoch, committed })
    while (this.alive) {
      const code = await this.send(async () => {
        const response = await around.coordinator().endTxn(request, this.raisesEpochs ? 5 : 4)
        if (response.errorCode !== 0 || !this.raisesEpochs) return response.errorCode
        return () => {
          this.become(response.producerId, response.producerEpoch)
          return 0
        }
      }, this.raisesEpochs)
      if (code === 0) return 'done'
      if (!COME_AGAIN.has(code)) return 'gone'
      await around.sleep(200)
    }
    return 'gone'
  }

  /**
   * Over the network: the request may get lost, or its answer, or (`mayBeLate`) it is carried out long after
   * the producer has given up on it. An answer that is a function takes effect when it gets here.
   */
  private async send(
    request: () => Promise<number | (() => number)>,
    mayBeLate = false,
  ): Promise<number> {
    const { around } = this
    await around.sleep(10)
    if (this.chance(3)) return LOST
    if (mayBeLate && this.chance(3)) {
      void around.sleep(5_000).then(request)
      return LOST
    }
    const answered = request()
    const givenUp = around
      .sleep(2_000)
      .then(() => around.sleep(1_000))
      .then(() => LOST)
    const answer = await Promise.race([answered, givenUp])
    await around.sleep(10)
    if (this.chance(3)) return LOST
    return typeof answer === 'function' ? answer() : answer
  }
}
