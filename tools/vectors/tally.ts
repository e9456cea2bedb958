/** Counts what passed and keeps the first failures. */
const SHOWN_FAILURES = 20

export class Tally {
  readonly name: string
  passed = 0
  failed = 0
  readonly failures: string[] = []

  constructor(name: string) {
    this.name = name
  }

  check(title: string, body: () => void): void {
    try {
      body()
      this.passed++
    } catch (error) {
      this.failed++
      if (this.failures.length < SHOWN_FAILURES)
        this.failures.push(`${title}: ${(error as Error).message}`)
    }
  }
}
