/**
 * Asynchronous tasks that happen one after another in the order they were asked for. The first failure
 * is told to the owner and ends the series: later tasks fail with it.
 */
export class SerialWork {
  private tail: Promise<void> = Promise.resolve()
  private failure: unknown = null
  private readonly onFailure: (error: unknown) => void

  constructor(onFailure: (error: unknown) => void) {
    this.onFailure = onFailure
  }

  /** The caller need not wait: a failure reaches the owner in any case. */
  run(task: () => Promise<void>): Promise<void> {
    const result = this.tail.then(async () => {
      if (this.failure !== null) throw this.failure
      try {
        await task()
      } catch (error) {
        this.failure = error
        this.onFailure(error)
        throw error
      }
    })
    this.tail = result.catch(() => {})
    return result
  }

  /** Resolves when all that was asked for before is done; rejects when something failed. */
  async done(): Promise<void> {
    await this.tail
    if (this.failure !== null) throw this.failure
  }
}

/** One holder at a time, in order. */
export class Mutex {
  private tail: Promise<unknown> = Promise.resolve()

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.tail.then(task)
    this.tail = result.catch(() => {})
    return result
  }
}
