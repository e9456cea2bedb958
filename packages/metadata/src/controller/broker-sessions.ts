/**
 * When each broker was last heard of. Soft state of the acting controller: nothing of it is stored; a new
 * controller gives every broker a full session to speak up.
 */

interface Session {
  lastContactMs: number
  /** How far the broker has replayed the metadata log. */
  metadataOffset: number
  /** End of the log when it asked to shut down; -1 while it has not. */
  shutdownOffset: number
}

export class BrokerSessions {
  private readonly sessions = new Map<number, Session>()

  /** A sign of life. */
  touch(brokerId: number, monotonicMs: number, metadataOffset: number): void {
    const session = this.sessions.get(brokerId)
    if (session === undefined) {
      const fresh = { lastContactMs: monotonicMs, metadataOffset, shutdownOffset: -1 }
      this.sessions.set(brokerId, fresh)
      return
    }
    session.lastContactMs = monotonicMs
    session.metadataOffset = Math.max(session.metadataOffset, metadataOffset)
  }

  /** A new incarnation starts without a past. */
  remove(brokerId: number): void {
    this.sessions.delete(brokerId)
  }

  isValid(brokerId: number, monotonicMs: number, timeoutMs: number): boolean {
    const session = this.sessions.get(brokerId)
    return session !== undefined && monotonicMs - session.lastContactMs < timeoutMs
  }

  /** When the session of a broker ends; null when it has none. */
  expiryMs(brokerId: number, timeoutMs: number): number | null {
    const session = this.sessions.get(brokerId)
    return session === undefined ? null : session.lastContactMs + timeoutMs
  }

  metadataOffset(brokerId: number): number {
    return this.sessions.get(brokerId)?.metadataOffset ?? -1
  }

  /** All brokers in service must have seen the log up to here before the broker may stop. */
  shutdownOffset(brokerId: number): number {
    return this.sessions.get(brokerId)?.shutdownOffset ?? -1
  }

  noteShutdownOffset(brokerId: number, offset: number): void {
    const session = this.sessions.get(brokerId)
    if (session !== undefined) session.shutdownOffset = offset
  }

  clear(): void {
    this.sessions.clear()
  }
}
