/**
 * The three kinds of failure, never mixed: a broken invariant (`assert`, `InvariantError`), an outcome
 * the protocol foresees (`ApiError`, carries an error code and is caught at one border), and a failing
 * environment (`EnvironmentError` and its children, with the cause and whether trying again may help).
 */

/** A broken promise of our own code. Never caught and ignored: whoever owns the invariant stops. */
export class InvariantError extends Error {
  readonly code = 'BARNABAS_INVARIANT'
  override readonly name = 'InvariantError'
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}

/** For the arm of a switch that types say cannot be reached. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${String(value)}`)
}

/** An expected outcome, expressed as one of the protocol's error codes. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly errorCode: number

  constructor(errorCode: number, message?: string) {
    super(message ?? `error code ${errorCode}`)
    this.errorCode = errorCode
  }
}

/** Something outside failed. `code` is stable and documented; `retriable` says whether waiting may help. */
export class EnvironmentError extends Error {
  override readonly name: string = 'EnvironmentError'
  readonly code: string
  readonly retriable: boolean

  constructor(
    code: string,
    message: string,
    options: { cause?: unknown; retriable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retriable = options.retriable ?? false
  }
}

/** A file operation failed. `systemCode` is the operating system's (`ENOSPC`, `EIO`, `ENOENT`, ...). */
export class StorageError extends EnvironmentError {
  override readonly name = 'StorageError'
  readonly systemCode: string
  readonly path: string

  constructor(systemCode: string, path: string, message: string, cause?: unknown) {
    super('BARNABAS_STORAGE_IO', message, {
      cause,
      retriable: systemCode === 'ENOSPC' || systemCode === 'EMFILE',
    })
    this.systemCode = systemCode
    this.path = path
  }
}

/** Bytes that cannot be what they claim to be. Raised by every parser, never a response by itself. */
export class MalformedError extends Error {
  override readonly name: string = 'MalformedError'
  readonly code: string = 'BARNABAS_MALFORMED'
}
