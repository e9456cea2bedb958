/**
 * What one fetch request is about, whatever its session: which partitions to read, and which of the
 * results its response must carry.
 *
 *   session id, epoch
 *   any, -1     sessionless: all partitions in, all results out; a session of that id is closed
 *   any, 0      the same, and the response opens a session (id 0: there was no room for one)
 *   id, n > 0   incremental: the request brings changes, the response carries news only
 */
import {
  ErrorCode,
  type FetchRequest,
  type FetchResponsePartitionData,
  type Uuid,
} from '@barnabas/protocol'
import {
  FINAL_EPOCH,
  type FetchSession,
  INITIAL_EPOCH,
  NO_SESSION,
  nextSessionEpoch,
} from './fetch-session.ts'
import type { FetchSessionCache } from './fetch-session-cache.ts'
import { type FetchTarget, hasRecords, targetsOf, usesTopicIds } from './fetch-target.ts'

export interface FetchOutcome {
  target: FetchTarget
  data: FetchResponsePartitionData
}

/** What the response says of the session, and the results that belong in it. */
export interface FetchConclusion {
  errorCode: number
  sessionId: number
  outcomes: readonly FetchOutcome[]
}

export interface FetchContext {
  /** When it is set, nothing is to be read. */
  readonly errorCode: number
  /** In the order in which they are to be served. Each needs an outcome. */
  readonly targets: readonly FetchTarget[]
  /** Called once, when the response is about to be sent. */
  conclude(outcomes: readonly FetchOutcome[], nowMs: number): FetchConclusion
  /** Instead of `conclude`: the client exceeded its quota, so it gets nothing now. */
  throttle(): FetchConclusion
}

export interface FetchOpening {
  request: FetchRequest
  version: number
  fromFollower: boolean
  nowMs: number
  topicName(topicId: Uuid): string | null
}

export function openFetch(cache: FetchSessionCache, opening: FetchOpening): FetchContext {
  const { request, version, nowMs, topicName } = opening
  const { sessionId, sessionEpoch } = request
  if (sessionEpoch === FINAL_EPOCH || sessionEpoch === INITIAL_EPOCH) {
    cache.remove(sessionId)
    const targets = [...targetsOf(request, version, topicName).values()]
    if (sessionEpoch === FINAL_EPOCH) return new SessionlessContext(targets)
    return new OpeningContext(cache, targets, opening.fromFollower, usesTopicIds(version))
  }
  const session = cache.get(sessionId)
  if (session === null) return new FailedContext(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
  if (session.epoch !== sessionEpoch) {
    return new FailedContext(ErrorCode.INVALID_FETCH_SESSION_EPOCH)
  }
  if (session.usesTopicIds !== usesTopicIds(version)) {
    return new FailedContext(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR)
  }
  session.update(request, version, topicName)
  if (session.size === 0) {
    cache.remove(sessionId)
    return new SessionlessContext([])
  }
  cache.touch(session, nowMs)
  session.epoch = nextSessionEpoch(session.epoch)
  return new IncrementalContext(session)
}

class SessionlessContext implements FetchContext {
  readonly errorCode = ErrorCode.NONE
  readonly targets: readonly FetchTarget[]

  constructor(targets: readonly FetchTarget[]) {
    this.targets = targets
  }

  conclude(outcomes: readonly FetchOutcome[], _nowMs: number): FetchConclusion {
    return { errorCode: ErrorCode.NONE, sessionId: NO_SESSION, outcomes }
  }

  throttle(): FetchConclusion {
    return { errorCode: ErrorCode.NONE, sessionId: NO_SESSION, outcomes: [] }
  }
}

class OpeningContext extends SessionlessContext {
  private readonly cache: FetchSessionCache
  private readonly fromFollower: boolean
  private readonly usesTopicIds: boolean

  constructor(
    cache: FetchSessionCache,
    targets: readonly FetchTarget[],
    fromFollower: boolean,
    byId: boolean,
  ) {
    super(targets)
    this.cache = cache
    this.fromFollower = fromFollower
    this.usesTopicIds = byId
  }

  override conclude(outcomes: readonly FetchOutcome[], nowMs: number): FetchConclusion {
    const { cache, targets, fromFollower, usesTopicIds: byId } = this
    const session = cache.create(targets, fromFollower, byId, nowMs)
    if (session === null) return super.conclude(outcomes, nowMs)
    for (const { target, data } of outcomes) target.told(data)
    return { errorCode: ErrorCode.NONE, sessionId: session.id, outcomes }
  }
}

class IncrementalContext implements FetchContext {
  readonly errorCode = ErrorCode.NONE
  readonly targets: readonly FetchTarget[]
  private readonly session: FetchSession
  private readonly expectedEpoch: number

  constructor(session: FetchSession) {
    this.session = session
    this.expectedEpoch = session.epoch
    this.targets = [...session.targets]
  }

  conclude(outcomes: readonly FetchOutcome[]): FetchConclusion {
    const { session } = this
    if (this.isOvertaken()) return this.overtaken()
    const news: FetchOutcome[] = []
    for (const outcome of outcomes) {
      const { target, data } = outcome
      if (!target.isNews(data)) continue
      news.push(outcome)
      target.told(data)
      if (hasRecords(data)) session.moveToEnd(target)
    }
    return { errorCode: ErrorCode.NONE, sessionId: session.id, outcomes: news }
  }

  throttle(): FetchConclusion {
    if (this.isOvertaken()) return this.overtaken()
    return { errorCode: ErrorCode.NONE, sessionId: this.session.id, outcomes: [] }
  }

  /** Another request of the same session came while this one waited. */
  private isOvertaken(): boolean {
    return this.session.epoch !== this.expectedEpoch
  }

  private overtaken(): FetchConclusion {
    return {
      errorCode: ErrorCode.INVALID_FETCH_SESSION_EPOCH,
      sessionId: this.session.id,
      outcomes: [],
    }
  }
}

class FailedContext implements FetchContext {
  readonly errorCode: number
  readonly targets: readonly FetchTarget[] = []

  constructor(errorCode: number) {
    this.errorCode = errorCode
  }

  conclude(): FetchConclusion {
    return { errorCode: this.errorCode, sessionId: NO_SESSION, outcomes: [] }
  }

  throttle(): FetchConclusion {
    return this.conclude()
  }
}
