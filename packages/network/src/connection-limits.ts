/**
 * Which connections are served: `max.connections` in all and by listener, `max.connections.per.ip` and
 * its overrides, `max.connection.creation.rate` in all and by listener, and the quota
 * `connection_creation_rate` of single addresses (KIP-402, KIP-612). Pure bookkeeping; a listener asks
 * before it serves a connection.
 *
 * Too many connections of one address are refused. Above the rate of the broker or a listener a
 * connection is served later; above the rate of its address it is closed, but not at once, so that its
 * client does not try again immediately. Beyond `max.connections`, where Kafka accepts nothing until
 * another connection ends, connections are refused.
 */
import { MAX_CONNECTION_DELAY_MS, MAX_RATED_ADDRESSES } from './limits.ts'
import { WindowedRate } from './windowed-rate.ts'

export interface ConnectionLimitSettings {
  maxConnections: number
  maxConnectionsPerIp: number
  /** By address. */
  maxConnectionsPerIpOverrides: ReadonlyMap<string, number>
  /** By the listener's name. */
  maxConnectionsPerListener?: ReadonlyMap<string, number>
  /** Connections a second. */
  maxCreationRate?: number
  maxCreationRatePerListener?: ReadonlyMap<string, number>
  /** The quota of an address; undefined or infinite when it has none. */
  maxCreationRateOfIp?(address: string): number | undefined
}

export type Admission =
  /** To be served after `delayMs`. Counted until `leave`. */
  | { admitted: true; delayMs: number }
  /** To be closed after `delayMs`. Not counted. */
  | { admitted: false; reason: string; delayMs: number }

export class ConnectionLimits {
  private settings: ConnectionLimitSettings
  private readonly byIp = new Map<string, number>()
  private readonly byListener = new Map<string, number>()
  private total = 0
  private readonly rate = new WindowedRate()
  private readonly rateByListener = new Map<string, WindowedRate>()
  /** Of addresses that have a quota; the one used least recently comes first. */
  private readonly rateByIp = new Map<string, WindowedRate>()

  constructor(settings: ConnectionLimitSettings) {
    this.settings = settings
  }

  get count(): number {
    return this.total
  }

  countOfListener(listener: string): number {
    return this.byListener.get(listener) ?? 0
  }

  countOfIp(ip: string): number {
    return this.byIp.get(plain(ip)) ?? 0
  }

  /** For connections from now on; those that are open stay. */
  configure(settings: ConnectionLimitSettings): void {
    this.settings = settings
  }

  /** Counts one connection in, or says why not. */
  admit(ip: string, listener = '', nowMs = 0): Admission {
    const address = plain(ip)
    const excess = this.excessOf(address, listener)
    if (excess !== null) return { admitted: false, reason: excess, delayMs: 0 }
    const closeAfterMs = this.recordIpRate(address, nowMs)
    if (closeAfterMs > 0) {
      const reason = `the quota connection_creation_rate of ${address} is exceeded`
      return { admitted: false, reason, delayMs: closeAfterMs }
    }
    this.byIp.set(address, this.countOfIp(address) + 1)
    this.byListener.set(listener, this.countOfListener(listener) + 1)
    this.total++
    return { admitted: true, delayMs: this.recordRates(listener, nowMs) }
  }

  /** Counts an admitted connection out. */
  leave(ip: string, listener = ''): void {
    decrement(this.byIp, plain(ip))
    decrement(this.byListener, listener)
    this.total--
  }

  private excessOf(address: string, listener: string): string | null {
    const { maxConnections, maxConnectionsPerListener } = this.settings
    if (this.total >= maxConnections) return `max.connections (${maxConnections}) is reached`
    const ofListener = maxConnectionsPerListener?.get(listener) ?? Infinity
    if (this.countOfListener(listener) >= ofListener) {
      return `max.connections (${ofListener}) of the listener ${listener} is reached`
    }
    const { maxConnectionsPerIp, maxConnectionsPerIpOverrides } = this.settings
    const ofIp = maxConnectionsPerIpOverrides.get(address) ?? maxConnectionsPerIp
    if (this.countOfIp(address) >= ofIp) {
      return `max.connections.per.ip (${ofIp}) is reached for ${address}`
    }
    return null
  }

  /** Records one connection of the address unless that exceeds its quota; then tells the excess. */
  private recordIpRate(address: string, nowMs: number): number {
    const limit = this.settings.maxCreationRateOfIp?.(address) ?? Infinity
    if (limit === Infinity) {
      this.rateByIp.delete(address)
      return 0
    }
    const rate = this.rateByIp.get(address) ?? new WindowedRate()
    this.rateByIp.delete(address)
    this.rateByIp.set(address, rate)
    if (this.rateByIp.size > MAX_RATED_ADDRESSES) {
      this.rateByIp.delete(this.rateByIp.keys().next().value!)
    }
    rate.record(nowMs)
    const excessMs = bounded(rate.excessMs(nowMs, limit))
    // A connection that is turned away does not count, or its client would never get in again.
    if (excessMs > 0) rate.record(nowMs, -1)
    return excessMs
  }

  private recordRates(listener: string, nowMs: number): number {
    const { maxCreationRate = Infinity, maxCreationRatePerListener } = this.settings
    const ofListener = maxCreationRatePerListener?.get(listener) ?? Infinity
    let delayMs = 0
    if (maxCreationRate !== Infinity) {
      this.rate.record(nowMs)
      delayMs = this.rate.excessMs(nowMs, maxCreationRate)
    }
    if (ofListener !== Infinity) {
      const rate = this.rateByListener.get(listener) ?? new WindowedRate()
      this.rateByListener.set(listener, rate)
      rate.record(nowMs)
      delayMs = Math.max(delayMs, rate.excessMs(nowMs, ofListener))
    }
    return bounded(delayMs)
  }
}

function bounded(delayMs: number): number {
  return Math.min(Math.round(delayMs), MAX_CONNECTION_DELAY_MS)
}

function decrement(counts: Map<string, number>, key: string): void {
  const count = counts.get(key) ?? 0
  if (count <= 1) counts.delete(key)
  else counts.set(key, count - 1)
}

/** An IPv4 peer of a socket that listens on IPv6 has an address like `::ffff:10.0.0.1`. */
function plain(ip: string): string {
  return ip.startsWith('::ffff:') && ip.includes('.') ? ip.slice(7) : ip
}
