/** Whether a log can be used, and what becomes of failures: storage ends it, the protocol's go on. */
import { ApiError, MalformedError } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import { LogClosedError, LogOfflineError } from './errors.ts'

export class LogHealth {
  isClosed = false
  private failure: unknown = null
  private readonly name: string
  private readonly onOffline: (error: unknown) => void

  constructor(name: string, onOffline: (error: unknown) => void) {
    this.name = name
    this.onOffline = onOffline
  }

  get isOffline(): boolean {
    return this.failure !== null
  }

  mustBeUsable(): void {
    if (this.failure !== null) throw new LogOfflineError(this.name, this.failure)
    if (this.isClosed) throw new LogClosedError(this.name)
  }

  /** The first failure counts. */
  fail(error: unknown): void {
    if (this.failure !== null) return
    this.failure = error
    this.onOffline(error)
  }

  /** Takes the log offline and gives what to throw. */
  offline(error: unknown): LogOfflineError {
    if (error instanceof LogOfflineError) return error
    this.fail(error)
    return new LogOfflineError(this.name, this.failure)
  }

  /** Waits, and turns a storage failure into the log's end. */
  async guarded<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise
    } catch (error) {
      if (error instanceof ApiError || error instanceof LogClosedError) throw error
      if (error instanceof MalformedError) {
        throw new ApiError(ErrorCode.CORRUPT_MESSAGE, error.message)
      }
      throw this.offline(error)
    }
  }
}
