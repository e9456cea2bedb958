/**
 * Keeps the view of the cluster fresh: when it is too old, when somebody found it wrong, when a topic is
 * wanted that it lacks. When no broker of the view answers, it begins anew with the bootstrap servers
 * (KIP-899, KIP-1102).
 *
 *   quiet ──(wanted, or too old)──> wait for the back-off ──> asking ──(answer)──> quiet
 *                                        ^                       └──(failure)──┐
 *                                        └─────────────────────────────────────┘
 */
import type { Entropy } from '@barnabas/base'
import {
  ErrorCode,
  errorOf,
  MetadataRequest,
  MetadataResponse,
  type MetadataResponseTopic,
} from '@barnabas/protocol'
import { type BackoffSettings, backoffMs } from '../core/backoff.ts'
import type { Lane } from '../core/lane.ts'
import type { AnswerContext, FailureContext, Outbox, RequestManager } from '../core/request.ts'
import { brokerError, type ClientError } from '../errors.ts'
import {
  ClusterView,
  EMPTY_VIEW,
  type LeaderHint,
  type NodeInfo,
  viewAfter,
  viewWithLeaders,
} from './cluster-view.ts'

export interface MetadataSettings {
  retryBackoff: BackoffSettings
  requestTimeoutMs: number
  metadataMaxAgeMs: number
  metadataMaxIdleMs: number
  metadataRecoveryStrategy: 'rebootstrap' | 'none'
  metadataRebootstrapTriggerMs: number
}

/** What one consumer (or another holder) wants to know of. */
export interface Interest {
  topics: ReadonlySet<string>
  allTopics: boolean
  allowAutoCreate: boolean
}

export class MetadataManager implements RequestManager {
  view: ClusterView = EMPTY_VIEW
  /** Why nothing can be learned: set by errors that do not pass by themselves, until an answer comes. */
  failure: ClientError | null = null
  /** True while the view's brokers are not to be asked, but the bootstrap servers. */
  usesBootstrap = true
  /** Called after each change of `view` or `failure`. */
  onChange: () => void = () => {}
  /** There is something to ask for. */
  onWanted: () => void = () => {}
  onRetry: (error: ClientError, failures: number, waitMs: number) => void = () => {}

  private readonly settings: MetadataSettings
  private readonly lane: Lane
  private readonly entropy: Entropy
  private readonly interests = new Map<object, Interest>()
  /** Topics of producers with the time of their last use. */
  private readonly used = new Map<string, number>()
  private wanted = true
  private asking = false
  private failures = 0
  /** Answers in a row that brought nothing new although somebody wanted news. */
  private idleAnswers = 0
  private notBeforeMs = 0
  private lastAnswerMs = Number.NEGATIVE_INFINITY
  private firstFailureMs = 0
  private readonly failedNodes = new Set<number>()

  constructor(settings: MetadataSettings, lane: Lane, entropy: Entropy) {
    this.settings = settings
    this.lane = lane
    this.entropy = entropy
  }

  /** Somebody found the view wrong or lacking. Asking too often is prevented here. */
  requestUpdate(): void {
    if (this.wanted) return
    this.wanted = true
    this.onWanted()
  }

  /** What a holder wants from now on; null when it wants nothing more. */
  setInterest(holder: object, interest: Interest | null): void {
    if (interest === null) {
      this.interests.delete(holder)
      return
    }
    this.interests.set(holder, interest)
    for (const topic of interest.topics) if (!this.view.topics.has(topic)) this.wantNow()
    if (interest.allTopics) this.wantNow()
  }

  /** A topic that a producer uses; forgotten when it was not used for long. */
  touch(topic: string, nowMs: number): void {
    const isNew = !this.used.has(topic)
    this.used.set(topic, nowMs)
    if (isNew && !this.view.topics.has(topic)) this.wantNow()
  }

  /** An answer of another kind told of newer leaders. */
  learnLeaders(hints: readonly LeaderHint[], nodes: readonly NodeInfo[]): void {
    const view = viewWithLeaders(this.view, hints, nodes)
    if (view === this.view) return
    this.view = view
    this.onChange()
  }

  poll(nowMs: number, outbox: Outbox): number {
    if (this.asking) return Number.POSITIVE_INFINITY
    const staleMs = this.lastAnswerMs + this.settings.metadataMaxAgeMs
    const dueMs = Math.max(this.wanted ? nowMs : Math.max(staleMs, nowMs), this.notBeforeMs)
    if (dueMs > nowMs || (!this.wanted && staleMs > nowMs)) {
      return this.wanted ? dueMs : Math.max(staleMs, this.notBeforeMs)
    }
    this.forgetUnused(nowMs)
    this.ask(outbox)
    return Number.POSITIVE_INFINITY
  }

  private wantNow(): void {
    this.requestUpdate()
    // News of an unknown topic need not wait for the back-off of other news.
    if (this.failures === 0) {
      this.notBeforeMs = 0
      this.idleAnswers = 0
    }
  }

  private forgetUnused(nowMs: number): void {
    for (const [topic, usedMs] of this.used) {
      if (nowMs - usedMs > this.settings.metadataMaxIdleMs) this.used.delete(topic)
    }
  }

  private ask(outbox: Outbox): void {
    this.asking = true
    this.wanted = false
    let allTopics = false
    let allowAutoTopicCreation = this.used.size > 0
    const names = new Set<string>(this.used.keys())
    for (const interest of this.interests.values()) {
      allTopics ||= interest.allTopics
      allowAutoTopicCreation ||= interest.allowAutoCreate && interest.topics.size > 0
      for (const topic of interest.topics) names.add(topic)
    }
    outbox.send({
      request: MetadataRequest,
      response: MetadataResponse,
      target: 'any',
      lane: this.lane,
      // Version 0 cannot ask for no topics, version 1 and later can.
      minVersion: 1,
      timeoutMs: this.settings.requestTimeoutMs,
      build: (version) =>
        MetadataRequest.create({
          topics: allTopics ? null : [...names].map(topicOf),
          allowAutoTopicCreation: version >= 4 ? allowAutoTopicCreation : true,
        }),
      onAnswer: (answer: MetadataResponse, context) => this.onAnswer(answer, context, allTopics),
      onFailure: (error, context) => this.onFailure(error, context),
    })
  }

  private onAnswer(answer: MetadataResponse, context: AnswerContext, allTopics: boolean): void {
    if (answer.errorCode === ErrorCode.REBOOTSTRAP_REQUIRED) {
      this.rebootstrap()
      this.onFailure(brokerError(answer.errorCode, { broker: context.broker }), context)
      return
    }
    // A broker that is starting or cut off knows of nobody.
    if (answer.brokers.length === 0) {
      const error = brokerError(ErrorCode.BROKER_NOT_AVAILABLE, { broker: context.broker })
      this.onFailure(error, context)
      return
    }
    this.asking = false
    this.failures = 0
    this.failure = null
    this.failedNodes.clear()
    this.usesBootstrap = false
    this.lastAnswerMs = context.nowMs
    const before = this.view
    this.view = viewAfter(before, answer, (topic) => !allTopics && this.isWanted(topic))
    this.idleAnswers = isNews(before, this.view) ? 0 : this.idleAnswers + 1
    const waitMs = backoffMs(this.settings.retryBackoff, this.idleAnswers + 1, this.entropy)
    this.notBeforeMs = context.nowMs + waitMs
    if (answer.topics.some(isPassing)) this.wanted = true
    this.onChange()
  }

  private onFailure(error: ClientError, { nowMs, nodeId }: FailureContext): void {
    this.asking = false
    this.wanted = true
    if (this.failures === 0) this.firstFailureMs = nowMs
    this.failures++
    const waitMs = backoffMs(this.settings.retryBackoff, this.failures, this.entropy)
    this.notBeforeMs = nowMs + waitMs
    if (nodeId !== null) this.failedNodes.add(nodeId)
    if (this.isLost(nowMs)) this.rebootstrap()
    if (!error.retriable) {
      this.failure = error
      this.onChange()
    }
    this.onRetry(error, this.failures, waitMs)
  }

  /** Every broker we know of has failed since the last answer, or none has answered for very long. */
  private isLost(nowMs: number): boolean {
    if (nowMs - this.firstFailureMs >= this.settings.metadataRebootstrapTriggerMs) return true
    for (const id of this.view.nodes.keys()) if (!this.failedNodes.has(id)) return false
    return true
  }

  private rebootstrap(): void {
    if (this.settings.metadataRecoveryStrategy === 'none') return
    this.usesBootstrap = true
    this.failedNodes.clear()
  }

  private isWanted(topic: string): boolean {
    if (this.used.has(topic)) return true
    for (const interest of this.interests.values()) if (interest.topics.has(topic)) return true
    return false
  }
}

function topicOf(name: string) {
  return { topicId: 'AAAAAAAAAAAAAAAAAAAAAA', name, unknownTaggedFields: null }
}

/** Something about the topic that the next answer may have better. */
function isPassing(topic: MetadataResponseTopic): boolean {
  if (topic.errorCode !== ErrorCode.NONE) return errorOf(topic.errorCode).retriable
  return topic.partitions.some((partition) => partition.leaderId < 0)
}

function isNews(before: ClusterView, after: ClusterView): boolean {
  if (before.topics.size !== after.topics.size) return true
  for (const [name, topic] of after.topics) {
    const known = before.topics.get(name)
    if (known === undefined || known.errorCode !== topic.errorCode || known.id !== topic.id)
      return true
    if (known.partitions.length !== topic.partitions.length) return true
    for (const [index, { leader, leaderEpoch }] of topic.partitions.entries()) {
      const other = known.partitions[index]!
      if (other.leader !== leader || other.leaderEpoch !== leaderEpoch) return true
    }
  }
  return false
}
