/** Events in the order of their arrival, with a few that go before all others. */
export class EventQueue<T> {
  private events: T[] = []
  private head = 0
  private readonly urgent: T[] = []

  get length(): number {
    return this.urgent.length + this.events.length - this.head
  }

  push(event: T): void {
    this.events.push(event)
  }

  /** Before all that wait in the ordinary way, after those that are urgent already. */
  pushUrgent(event: T): void {
    this.urgent.push(event)
  }

  shift(): T | undefined {
    if (this.urgent.length > 0) return this.urgent.shift()
    if (this.head === this.events.length) return undefined
    const event = this.events[this.head++]!
    if (this.head === this.events.length) {
      this.events = []
      this.head = 0
    } else if (this.head > 1024 && this.head * 2 > this.events.length) {
      this.events = this.events.slice(this.head)
      this.head = 0
    }
    return event
  }

  /** Empties the queue. */
  takeAll(): T[] {
    const all = [...this.urgent, ...this.events.slice(this.head)]
    this.urgent.length = 0
    this.events = []
    this.head = 0
    return all
  }
}
