/**
 * What calls reject with. `code` is stable: the protocol's name of an error that a broker gave
 * (`TOPIC_ALREADY_EXISTS`), or one of ours (`BARNABAS_TIMEOUT`). `retriable` says whether the same call may
 * succeed later, `broker` which broker it was, `hint` what to do.
 */
import { EnvironmentError } from '@barnabas/base'
import { ErrorCode, errorOf } from '@barnabas/protocol'

export interface ErrorDetails {
  retriable?: boolean
  /** `host:port (id 1)`. */
  broker?: string | null
  hint?: string | null
  /** What the error is about: a topic, partition, group, ... */
  about?: string | null
  cause?: unknown
}

/** The root of all errors of the client. */
export class ClientError extends EnvironmentError {
  override readonly name: string = 'ClientError'
  readonly broker: string | null
  readonly hint: string | null

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    const { broker = null, hint = null, about = null, cause, retriable = false } = details
    const where = broker === null ? '' : ` [broker ${broker}]`
    const text = `${about === null ? '' : `${about}: `}${message}${where}${hint === null ? '' : `; ${hint}`}`
    super(code, text, { cause, retriable })
    this.broker = broker
    this.hint = hint
  }
}

/** A broker answered with an error code. */
export class BrokerError extends ClientError {
  override readonly name: string = 'BrokerError'
  readonly errorCode: number

  constructor(errorCode: number, details: ErrorDetails & { message?: string | null } = {}) {
    const info = errorOf(errorCode)
    const { message } = details
    const text = message ? `${message} (${info.name})` : `${info.message} (${info.name})`
    super(info.name, text, { retriable: info.retriable, hint: hintOf(errorCode), ...details })
    this.errorCode = errorCode
  }
}

/** Time ran out. What was asked for may still happen. */
export class TimeoutError extends ClientError {
  override readonly name = 'TimeoutError'

  constructor(message: string, details: ErrorDetails = {}) {
    super('BARNABAS_TIMEOUT', message, { retriable: true, ...details })
  }
}

/** No connection, or it was lost before the answer came. */
export class ConnectionError extends ClientError {
  override readonly name = 'ConnectionError'

  constructor(message: string, details: ErrorDetails = {}) {
    super('BARNABAS_DISCONNECTED', message, { retriable: true, ...details })
  }
}

/** The broker does not accept who we say we are, or we do not accept it. */
export class AuthenticationError extends ClientError {
  override readonly name = 'AuthenticationError'

  constructor(message: string, details: ErrorDetails = {}) {
    super('BARNABAS_AUTHENTICATION', message, details)
  }
}

/** The broker is too old (or too new) for what was asked. */
export class UnsupportedError extends ClientError {
  override readonly name = 'UnsupportedError'

  constructor(message: string, details: ErrorDetails = {}) {
    super('BARNABAS_UNSUPPORTED', message, details)
  }
}

/** The client, producer or consumer is closed. */
export class ClosedError extends ClientError {
  override readonly name = 'ClosedError'

  constructor(what: string, details: ErrorDetails = {}) {
    super('BARNABAS_CLOSED', `the ${what} is closed`, details)
  }
}

/** Options that contradict each other or are out of range. */
export class ConfigError extends ClientError {
  override readonly name = 'ConfigError'

  constructor(message: string, details: ErrorDetails = {}) {
    super('BARNABAS_CONFIG', message, details)
  }
}

/** The call does not fit the present state, such as a commit without a transaction. */
export class StateError extends ClientError {
  override readonly name = 'StateError'

  constructor(message: string, details: ErrorDetails = {}) {
    super('BARNABAS_STATE', message, details)
  }
}

/** A key or value could not be turned into bytes or back. */
export class SerializationError extends ClientError {
  override readonly name = 'SerializationError'

  constructor(message: string, details: ErrorDetails = {}) {
    super('BARNABAS_SERIALIZATION', message, details)
  }
}

/** Another producer or member with the same id has taken over; this one must be closed. */
export class FencedError extends BrokerError {
  override readonly name = 'FencedError'
}

const FENCING: ReadonlySet<number> = new Set([
  ErrorCode.PRODUCER_FENCED,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.TRANSACTION_COORDINATOR_FENCED,
  ErrorCode.FENCED_INSTANCE_ID,
])

/** The error for a code, of the class that fits it. */
export function brokerError(
  errorCode: number,
  details: ErrorDetails & { message?: string | null } = {},
): BrokerError {
  return FENCING.has(errorCode)
    ? new FencedError(errorCode, details)
    : new BrokerError(errorCode, details)
}

/** Whatever was thrown, as an error of ours. */
export function asClientError(error: unknown, details: ErrorDetails = {}): ClientError {
  if (error instanceof ClientError) return error
  if (error instanceof EnvironmentError) {
    return new ClientError(error.code, error.message, {
      retriable: error.retriable,
      cause: error,
      ...details,
    })
  }
  const { message, code } = error as { message?: string; code?: string }
  return new ClientError(code ?? 'BARNABAS_FAILED', message ?? String(error), {
    cause: error,
    ...details,
  })
}

/** What an aborted call rejects with: the reason given, as the platform's own calls do. */
export function abortReason(signal: AbortSignal): Error {
  const { reason } = signal
  return reason instanceof Error ? reason : new ClientError('ABORT_ERR', 'the call was aborted')
}

const HINTS: Readonly<Record<number, string>> = {
  [ErrorCode.TOPIC_AUTHORIZATION_FAILED]:
    'grant the principal the operation by an ACL on the topic',
  [ErrorCode.GROUP_AUTHORIZATION_FAILED]: 'grant the principal READ by an ACL on the group',
  [ErrorCode.CLUSTER_AUTHORIZATION_FAILED]:
    'grant the principal the operation by an ACL on the cluster',
  [ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED]:
    'grant the principal WRITE by an ACL on the transactional id',
  [ErrorCode.MESSAGE_TOO_LARGE]:
    'raise max.message.bytes of the topic and maxRequestBytes of the producer, or send less at once',
  [ErrorCode.INVALID_SESSION_TIMEOUT]:
    'choose sessionTimeoutMs between group.min.session.timeout.ms and group.max.session.timeout.ms',
  [ErrorCode.NOT_ENOUGH_REPLICAS]: 'wait for replicas to come back, or lower min.insync.replicas',
  [ErrorCode.UNSUPPORTED_SASL_MECHANISM]: 'choose a mechanism that the listener offers',
  [ErrorCode.INVALID_TRANSACTION_TIMEOUT]:
    'lower transactionTimeoutMs to at most transaction.max.timeout.ms of the broker',
  [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]: 'create the topic, or check its name',
  [ErrorCode.PRODUCER_FENCED]: 'another producer uses the same transactionalId; close this one',
  [ErrorCode.INVALID_PRODUCER_EPOCH]:
    'another producer uses the same transactionalId; close this one',
  [ErrorCode.FENCED_INSTANCE_ID]: 'another member uses the same groupInstanceId; close this one',
}

function hintOf(errorCode: number): string | null {
  return HINTS[errorCode] ?? null
}
