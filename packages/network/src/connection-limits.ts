/**
 * How many connections may be open: `max.connections`, `max.connections.per.ip` and its overrides, as in
 * Apache Kafka. Pure bookkeeping; the listener asks before it serves a connection.
 */

export interface ConnectionLimitSettings {
  maxConnections: number
  maxConnectionsPerIp: number
  /** By address. */
  maxConnectionsPerIpOverrides: ReadonlyMap<string, number>
}

export type Admission = { admitted: true } | { admitted: false; reason: string }

export class ConnectionLimits {
  private readonly settings: ConnectionLimitSettings
  private readonly byIp = new Map<string, number>()
  private total = 0

  constructor(settings: ConnectionLimitSettings) {
    this.settings = settings
  }

  get count(): number {
    return this.total
  }

  /** Counts one connection in, or says why not. */
  admit(ip: string): Admission {
    const { maxConnections, maxConnectionsPerIp, maxConnectionsPerIpOverrides } = this.settings
    if (this.total >= maxConnections) {
      return { admitted: false, reason: `max.connections (${maxConnections}) is reached` }
    }
    const address = ip.startsWith('::ffff:') ? ip.slice(7) : ip
    const limit = maxConnectionsPerIpOverrides.get(address) ?? maxConnectionsPerIp
    const count = this.byIp.get(address) ?? 0
    if (count >= limit) {
      return {
        admitted: false,
        reason: `max.connections.per.ip (${limit}) is reached for ${address}`,
      }
    }
    this.byIp.set(address, count + 1)
    this.total++
    return { admitted: true }
  }

  /** Counts an admitted connection out. */
  leave(ip: string): void {
    const address = ip.startsWith('::ffff:') ? ip.slice(7) : ip
    const count = this.byIp.get(address) ?? 0
    if (count <= 1) this.byIp.delete(address)
    else this.byIp.set(address, count - 1)
    this.total--
  }
}
