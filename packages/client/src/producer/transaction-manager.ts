/**
 * Gets the producer its id, and takes a transactional one through its transactions. One request at a time:
 *
 *   noId ──(InitProducerId)──> ready ──(begin)──> inTransaction ──(commit)──> committing ──(EndTxn)──> ready
 *                                                      │  └──────(abort)────> aborting ──(EndTxn)──> ready
 *                                                      └─(error)─> abortable ──(abort)──^
 *   any ──(fenced, forbidden)──> fatal
 *
 * In protocol 1 each partition is enlisted (AddPartitionsToTxn) before records for it are sent. In protocol 2
 * (KIP-890) the first records do that, and EndTxn returns the next epoch.
 */
import type { Entropy } from '@barnabas/base'
import {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
  createAddPartitionsToTxnRequestAddPartitionsToTxnTopic,
  createTxnOffsetCommitRequestPartition,
  createTxnOffsetCommitRequestTopic,
  EndTxnRequest,
  EndTxnResponse,
  ErrorCode,
  FindCoordinatorRequest,
  FindCoordinatorResponse,
  InitProducerIdRequest,
  InitProducerIdResponse,
  type MessageType,
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
} from '@barnabas/protocol'
import { type BackoffSettings, backoffMs } from '../core/backoff.ts'
import type { BrokerVersions } from '../core/broker-versions.ts'
import { coordinatorIn, coordinatorQuestion } from '../core/caller.ts'
import type { Lane } from '../core/lane.ts'
import type { AnswerContext, Outbox, RequestManager, Target } from '../core/request.ts'
import { brokerError, type ClientError, StateError } from '../errors.ts'
import type { ProducerIdentity } from './producer-identity.ts'
import { type TransactionVerdict, verdictOf } from './transaction-errors.ts'

export type TransactionState =
  | 'noId'
  | 'ready'
  | 'inTransaction'
  | 'committing'
  | 'aborting'
  | 'abortable'
  | 'fatal'

export interface OffsetToCommit {
  topic: string
  partition: number
  offset: number
  leaderEpoch?: number
  metadata?: string | null
}

/** Who commits offsets: a group, and the member that read them when it is known. */
export interface GroupIdentity {
  groupId: string
  memberId?: string
  generation?: number
  groupInstanceId?: string | null
}

interface OffsetsRequest {
  group: GroupIdentity
  offsets: OffsetToCommit[]
  /** Protocol 1: the coordinator knows of the group. */
  isEnlisted: boolean
  isDone: boolean
}

export interface TransactionSettings {
  transactionalId: string | null
  transactionTimeoutMs: number
  requestTimeoutMs: number
  retryBackoff: BackoffSettings
}

export class TransactionManager implements RequestManager {
  state: TransactionState = 'noId'
  /** Why the state is abortable or fatal. */
  error: ClientError | null = null
  /** Counts transactions, so that a partition's enlistment need not be undone. */
  transaction = 0
  readonly settings: TransactionSettings
  readonly identity: ProducerIdentity
  /** Records of the producer that are not done; commit and abort wait for none. */
  hasIncomplete: () => boolean = () => false
  /** There is something to ask for. */
  onWanted: () => void = () => {}
  onRetry: (what: string, error: ClientError, failures: number, waitMs: number) => void = () => {}

  private readonly lane: Lane
  private readonly entropy: Entropy
  /** An id is asked for at the first need, not before. */
  private isWanted = false
  private isAsking = false
  private failures = 0
  private retryAtMs = 0
  private coordinator = -1
  private groupCoordinator: { groupId: string; nodeId: number } | null = null
  private protocol2 = false
  /** Enlisted with the coordinator, or by its first records in protocol 2. */
  private hasBegun = false
  private bumpWanted = false
  private readonly toEnlist = new Map<string, Set<number>>()
  private readonly enlisting = new Map<string, Set<number>>()
  private readonly offsetRequests: OffsetsRequest[] = []

  constructor(
    settings: TransactionSettings,
    identity: ProducerIdentity,
    lane: Lane,
    entropy: Entropy,
  ) {
    this.settings = settings
    this.identity = identity
    this.lane = lane
    this.entropy = entropy
  }

  get isTransactional(): boolean {
    return this.settings.transactionalId !== null
  }

  /** Whether partitions are enlisted by their records (KIP-890). */
  get isProtocol2(): boolean {
    return this.protocol2
  }

  /** An id is needed. */
  want(): void {
    if (this.isWanted || this.state !== 'noId') return
    this.isWanted = true
    this.onWanted()
  }

  /** The id is used up or unknown to the brokers; the next is asked for. */
  renew(): void {
    this.identity.forget()
    this.state = 'noId'
    this.want()
  }

  /** Whether records may be sent now, as far as identity and transaction are concerned. */
  get canSend(): boolean {
    return this.identity.isKnown && this.state !== 'fatal' && this.state !== 'noId'
  }

  isEnlisted(topic: string, partition: number): boolean {
    if (this.protocol2) return true
    return !this.toEnlist.get(topic)?.has(partition) && !this.enlisting.get(topic)?.has(partition)
  }

  /** Records for the partition belong to the present transaction. */
  enlist(topic: string, partition: number): void {
    if (this.protocol2) {
      this.hasBegun = true
      return
    }
    addTo(this.toEnlist, topic, partition)
  }

  /** Throws unless records may be added. */
  checkCanAppend(): void {
    if (!this.isTransactional) {
      if (this.state === 'fatal') throw this.error!
      return
    }
    if (this.state === 'inTransaction') return
    this.throwIfFailed()
    throw new StateError('records of a transactional producer need a transaction', {
      hint: 'call begin() first, or use transaction()',
    })
  }

  begin(): void {
    this.throwIfFailed()
    if (this.state !== 'ready') throw new StateError(`no transaction can begin while ${this.state}`)
    this.state = 'inTransaction'
    this.transaction++
    this.hasBegun = false
  }

  addOffsets(group: GroupIdentity, offsets: OffsetToCommit[]): () => boolean {
    if (this.state !== 'inTransaction') {
      this.throwIfFailed()
      throw new StateError('offsets can only be sent within a transaction')
    }
    const request: OffsetsRequest = { group, offsets, isEnlisted: false, isDone: false }
    this.offsetRequests.push(request)
    return () => {
      this.throwIfFailed()
      return request.isDone
    }
  }

  beginCommit(): void {
    this.throwIfFailed()
    if (this.state === 'committing') return
    if (this.state !== 'inTransaction') throw new StateError('there is no transaction to commit')
    this.state = 'committing'
  }

  beginAbort(): void {
    if (this.state === 'fatal') throw this.error!
    if (this.state === 'aborting') return
    if (this.state !== 'inTransaction' && this.state !== 'abortable') {
      throw new StateError('there is no transaction to abort')
    }
    this.state = 'aborting'
    this.error = null
    this.toEnlist.clear()
    this.offsetRequests.length = 0
  }

  /** Records failed for good: a commit would lose them. */
  onRecordsFailed(error: ClientError, isFatal: boolean): void {
    if (!this.isTransactional) return
    if (isFatal) this.failForGood(error)
    else this.failTransaction(error)
  }

  /** The fate of records is unknown, so their epoch must not be used after the transaction. */
  onUnresolved(): void {
    this.bumpWanted = true
  }

  throwIfFailed(): void {
    if (this.error !== null && (this.state === 'fatal' || this.state === 'abortable'))
      throw this.error
  }

  poll(nowMs: number, outbox: Outbox): number {
    if (this.isAsking || this.state === 'fatal') return Number.POSITIVE_INFINITY
    if (nowMs < this.retryAtMs) return this.retryAtMs
    const step = this.nextStep()
    if (step === null) return Number.POSITIVE_INFINITY
    this.isAsking = true
    step(outbox)
    return Number.POSITIVE_INFINITY
  }

  private nextStep(): ((outbox: Outbox) => void) | null {
    if (this.state === 'noId') {
      if (!this.isWanted) return null
      if (this.isTransactional && this.coordinator < 0)
        return (outbox) => this.findCoordinator(outbox)
      return (outbox) => this.initProducerId(outbox)
    }
    if (!this.isTransactional) return null
    if (this.toEnlist.size > 0) return this.atCoordinator((outbox) => this.addPartitions(outbox))
    const [offsets] = this.offsetRequests
    if (offsets !== undefined) return this.stepOf(offsets)
    if (this.state !== 'committing' && this.state !== 'aborting') return null
    if (this.hasIncomplete()) return null
    if (!this.hasBegun && !this.bumpWanted) {
      this.complete()
      return null
    }
    if (!this.hasBegun) return this.atCoordinator((outbox) => this.initProducerId(outbox))
    return this.atCoordinator((outbox) => this.endTransaction(outbox))
  }

  private atCoordinator(step: (outbox: Outbox) => void): (outbox: Outbox) => void {
    return this.coordinator < 0 ? (outbox) => this.findCoordinator(outbox) : step
  }

  private stepOf(offsets: OffsetsRequest): (outbox: Outbox) => void {
    if (!this.protocol2 && !offsets.isEnlisted) {
      return this.atCoordinator((outbox) => this.addOffsetsToTransaction(outbox, offsets))
    }
    if (this.groupCoordinator?.groupId !== offsets.group.groupId) {
      return (outbox) => this.findGroupCoordinator(outbox, offsets.group.groupId)
    }
    return (outbox) => this.commitOffsets(outbox, offsets)
  }

  private findCoordinator(outbox: Outbox): void {
    const key = this.settings.transactionalId!
    this.ask(outbox, 'any', FindCoordinatorRequest, FindCoordinatorResponse, {
      minVersion: 1,
      build: (version) => coordinatorQuestion('transaction', key, version),
      onAnswer: (answer, context) => {
        const { errorCode, nodeId } = coordinatorIn(answer, context.version)
        if (this.settle(errorCode, context, 'FindCoordinator')) this.coordinator = nodeId
      },
    })
  }

  private findGroupCoordinator(outbox: Outbox, groupId: string): void {
    this.ask(outbox, 'any', FindCoordinatorRequest, FindCoordinatorResponse, {
      build: (version) => coordinatorQuestion('group', groupId, version),
      onAnswer: (answer, context) => {
        const { errorCode, nodeId } = coordinatorIn(answer, context.version)
        if (this.settle(errorCode, context, 'FindCoordinator')) {
          this.groupCoordinator = { groupId, nodeId }
        }
      },
    })
  }

  private initProducerId(outbox: Outbox): void {
    const { transactionalId, transactionTimeoutMs } = this.settings
    const { producerId, producerEpoch } = this.identity
    const keepsId = transactionalId !== null && this.identity.isKnown
    const target = transactionalId === null ? 'any' : this.coordinator
    this.ask(outbox, target, InitProducerIdRequest, InitProducerIdResponse, {
      minVersion: keepsId ? 3 : 0,
      // Version 6 is for two-phase commits (KIP-939).
      maxVersion: 5,
      build: (_version, broker) => {
        this.protocol2 = transactionalId !== null && speaksProtocol2(broker)
        return {
          transactionalId,
          transactionTimeoutMs: transactionalId === null ? 2_147_483_647 : transactionTimeoutMs,
          ...(keepsId && { producerId, producerEpoch }),
        }
      },
      onAnswer: (answer, context) => {
        if (!this.settle(answer.errorCode, context, 'InitProducerId')) return
        this.identity.set(answer.producerId, answer.producerEpoch)
        this.complete()
      },
    })
  }

  private addPartitions(outbox: Outbox): void {
    for (const [topic, partitions] of this.toEnlist) this.enlisting.set(topic, partitions)
    this.toEnlist.clear()
    const topics = [...this.enlisting].map(([name, partitions]) =>
      createAddPartitionsToTxnRequestAddPartitionsToTxnTopic({ name, partitions: [...partitions] }),
    )
    this.ask(outbox, this.coordinator, AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, {
      // Version 4 and later are for brokers among themselves.
      maxVersion: 3,
      build: () => ({
        v3AndBelowTransactionalId: this.settings.transactionalId!,
        v3AndBelowProducerId: this.identity.producerId,
        v3AndBelowProducerEpoch: this.identity.producerEpoch,
        v3AndBelowTopics: topics,
      }),
      onAnswer: (answer, context) => this.onPartitionsAdded(answer, context),
      onFailure: () => this.enlistAgain(),
    })
  }

  private onPartitionsAdded(answer: AddPartitionsToTxnResponse, context: AnswerContext): void {
    let worst: number = ErrorCode.NONE
    for (const topic of answer.resultsByTopicV3AndBelow) {
      for (const { partitionErrorCode } of topic.resultsByPartition) {
        if (rank(partitionErrorCode) > rank(worst)) worst = partitionErrorCode
      }
    }
    if (this.settle(worst, context, 'AddPartitionsToTxn')) {
      this.enlisting.clear()
      this.hasBegun = true
    } else this.enlistAgain()
  }

  private enlistAgain(): void {
    for (const [topic, partitions] of this.enlisting) {
      for (const partition of partitions) addTo(this.toEnlist, topic, partition)
    }
    this.enlisting.clear()
  }

  private addOffsetsToTransaction(outbox: Outbox, offsets: OffsetsRequest): void {
    this.ask(outbox, this.coordinator, AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, {
      build: () => ({
        transactionalId: this.settings.transactionalId!,
        producerId: this.identity.producerId,
        producerEpoch: this.identity.producerEpoch,
        groupId: offsets.group.groupId,
      }),
      onAnswer: (answer, context) => {
        if (!this.settle(answer.errorCode, context, 'AddOffsetsToTxn')) return
        offsets.isEnlisted = true
        this.hasBegun = true
      },
    })
  }

  private commitOffsets(outbox: Outbox, request: OffsetsRequest): void {
    const { group } = request
    // With protocol 2 the offsets themselves enlist the group, whatever becomes of the answer.
    if (this.protocol2) this.hasBegun = true
    this.ask(
      outbox,
      this.groupCoordinator!.nodeId,
      TxnOffsetCommitRequest,
      TxnOffsetCommitResponse,
      {
        minVersion: this.protocol2 ? 5 : group.memberId ? 3 : 0,
        maxVersion: this.protocol2 ? 5 : 4,
        build: (version) => ({
          transactionalId: this.settings.transactionalId!,
          groupId: group.groupId,
          producerId: this.identity.producerId,
          producerEpoch: this.identity.producerEpoch,
          ...(version >= 3 && {
            memberId: group.memberId ?? '',
            generationId: group.generation ?? -1,
            groupInstanceId: group.groupInstanceId ?? null,
          }),
          topics: topicsOf(request.offsets, version),
        }),
        onAnswer: (answer, context) => this.onOffsetsCommitted(answer, context, request),
      },
    )
  }

  private onOffsetsCommitted(
    answer: TxnOffsetCommitResponse,
    context: AnswerContext,
    request: OffsetsRequest,
  ): void {
    let worst: number = ErrorCode.NONE
    for (const topic of answer.topics) {
      for (const { errorCode } of topic.partitions) {
        if (rank(errorCode) > rank(worst)) worst = errorCode
      }
    }
    if (verdictOf(worst) === 'findCoordinator') {
      this.groupCoordinator = null
      this.retryLater(
        brokerError(worst, { broker: context.broker }),
        context.nowMs,
        'TxnOffsetCommit',
      )
      return
    }
    if (!this.settle(worst, context, 'TxnOffsetCommit')) return
    request.isDone = true
    this.offsetRequests.shift()
  }

  private endTransaction(outbox: Outbox): void {
    const committed = this.state === 'committing'
    this.ask(outbox, this.coordinator, EndTxnRequest, EndTxnResponse, {
      minVersion: this.protocol2 ? 5 : 0,
      maxVersion: this.protocol2 ? 5 : 4,
      build: () => ({
        transactionalId: this.settings.transactionalId!,
        producerId: this.identity.producerId,
        producerEpoch: this.identity.producerEpoch,
        committed,
      }),
      onAnswer: (answer, context) => {
        if (!this.settle(answer.errorCode, context, 'EndTxn')) return
        this.hasBegun = false
        if (context.version >= 5 && answer.producerId >= 0) {
          this.identity.set(answer.producerId, answer.producerEpoch)
          this.bumpWanted = false
        }
        if (!this.bumpWanted) this.complete()
      },
    })
  }

  /** The transaction is over, or the producer has its id. */
  private complete(): void {
    this.state = 'ready'
    this.error = null
    this.isWanted = false
    this.hasBegun = false
    this.bumpWanted = false
    this.toEnlist.clear()
    this.enlisting.clear()
  }

  private ask<Q, A>(
    outbox: Outbox,
    target: Target,
    request: MessageType<Q>,
    response: MessageType<A>,
    parts: {
      minVersion?: number
      maxVersion?: number
      build(version: number, broker: BrokerVersions): Partial<Q>
      onAnswer(answer: A, context: AnswerContext): void
      onFailure?(): void
    },
  ): void {
    outbox.send({
      request,
      response,
      target,
      lane: this.lane,
      minVersion: parts.minVersion ?? 0,
      maxVersion: parts.maxVersion ?? 32_767,
      timeoutMs: this.settings.requestTimeoutMs,
      build: (version, broker) => request.create(parts.build(version, broker)),
      onAnswer: (answer: A, context) => {
        this.isAsking = false
        parts.onAnswer(answer, context)
      },
      onFailure: (error, { nowMs }) => {
        this.isAsking = false
        parts.onFailure?.()
        if (!error.retriable) {
          this.failForGood(error)
          return
        }
        // Whoever did not answer may not be the coordinator any more.
        if (target === this.coordinator) this.coordinator = -1
        if (target === this.groupCoordinator?.nodeId) this.groupCoordinator = null
        this.retryLater(error, nowMs, request.name)
      },
    })
  }

  /** Whether the answer was a success; otherwise what follows from the error is done. */
  private settle(errorCode: number, context: AnswerContext, what: string): boolean {
    const verdict = verdictOf(errorCode)
    if (verdict === 'ok') {
      this.failures = 0
      return true
    }
    const about = this.settings.transactionalId
    const error = brokerError(errorCode, { broker: context.broker, about })
    this.act(verdict, error, context.nowMs, what)
    return false
  }

  private act(verdict: TransactionVerdict, error: ClientError, nowMs: number, what: string): void {
    if (verdict === 'fatal' || (verdict === 'abortable' && !this.isOpen)) this.failForGood(error)
    else if (verdict === 'abortable') this.failTransaction(error)
    else {
      if (verdict === 'findCoordinator') this.coordinator = -1
      this.retryLater(error, nowMs, what)
    }
  }

  private get isOpen(): boolean {
    return (
      this.state === 'inTransaction' || this.state === 'committing' || this.state === 'abortable'
    )
  }

  private retryLater(error: ClientError, nowMs: number, what: string): void {
    this.failures++
    const waitMs = backoffMs(this.settings.retryBackoff, this.failures, this.entropy)
    this.retryAtMs = nowMs + waitMs
    this.onRetry(what, error, this.failures, waitMs)
  }

  private failTransaction(error: ClientError): void {
    if (!this.isOpen) return
    if (this.state !== 'abortable') this.error = error
    this.state = 'abortable'
    this.toEnlist.clear()
    this.offsetRequests.length = 0
  }

  private failForGood(error: ClientError): void {
    if (this.state === 'fatal') return
    this.state = 'fatal'
    this.error = error
  }
}

function speaksProtocol2(broker: BrokerVersions): boolean {
  return broker.featureLevel('transaction.version') >= 2
}

function rank(errorCode: number): number {
  if (errorCode === ErrorCode.NONE) return 0
  // The others were not tried because of one that was refused.
  if (errorCode === ErrorCode.OPERATION_NOT_ATTEMPTED) return 1
  return { ok: 0, retry: 2, findCoordinator: 3, abortable: 4, fatal: 5 }[verdictOf(errorCode)]
}

function addTo(sets: Map<string, Set<number>>, topic: string, partition: number): void {
  const set = sets.get(topic)
  if (set === undefined) sets.set(topic, new Set([partition]))
  else set.add(partition)
}

function topicsOf(offsets: readonly OffsetToCommit[], version: number) {
  const topics = new Map<string, ReturnType<typeof createTxnOffsetCommitRequestTopic>>()
  for (const { topic, partition, offset, leaderEpoch, metadata } of offsets) {
    let entry = topics.get(topic)
    if (entry === undefined) {
      entry = createTxnOffsetCommitRequestTopic({ name: topic })
      topics.set(topic, entry)
    }
    entry.partitions.push(
      createTxnOffsetCommitRequestPartition({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: version >= 2 ? (leaderEpoch ?? -1) : -1,
        committedMetadata: metadata ?? null,
      }),
    )
  }
  return [...topics.values()]
}
