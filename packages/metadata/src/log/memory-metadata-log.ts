/**
 * A metadata log in memory, shared by the nodes of clusters that live in one process, and by simulations.
 * The quorum is an object that decides at once; what takes time (delivery, losing touch) is up to the
 * test: nodes can be cut off, and leadership given to whom it likes.
 */
import { assert } from '@barnabas/base'
import type { MetadataBatch } from '../records/metadata-batch.ts'
import {
  decodeMetadataRecord,
  encodeMetadataRecord,
  type MetadataRecord,
} from '../records/metadata-record.ts'
import { deposed } from './deposed.ts'
import type {
  Leadership,
  MetadataLog,
  MetadataLogListener,
  MetadataSnapshot,
} from './metadata-log.ts'

const NOBODY = -1

export interface MemoryQuorumOptions {
  nowMs?: () => number
  /** Records after which a snapshot is due; never when absent. */
  recordsPerSnapshot?: number
}

/** The log itself, and who leads. */
export class MemoryMetadataQuorum {
  readonly batches: MetadataBatch[] = []
  /** Encoded, so that whoever loads it gets objects of its own. */
  snapshot: { provenance: MetadataSnapshot['provenance']; records: Uint8Array[] } | null = null
  leadership: Leadership = { leaderId: NOBODY, epoch: 0 }
  readonly options: MemoryQuorumOptions
  private readonly members = new Map<number, MemoryMetadataLog>()

  constructor(options: MemoryQuorumOptions = {}) {
    this.options = options
  }

  /** The log as one node sees it. The first to open it leads, until it goes or another is elected. */
  join(nodeId: number): MemoryMetadataLog {
    return new MemoryMetadataLog(nodeId, this)
  }

  /** Makes a node the leader of a new epoch. */
  elect(leaderId: number): void {
    this.leadership = { leaderId, epoch: this.leadership.epoch + 1 }
    this.wakeAll()
  }

  /** Cuts a node off: it hears nothing, and what it appends arrives when it is connected again. */
  isolate(nodeId: number): void {
    this.members.get(nodeId)?.setConnected(false)
  }

  reconnect(nodeId: number): void {
    this.members.get(nodeId)?.setConnected(true)
  }

  get endOffset(): number {
    return (this.batches.at(-1)?.lastOffset ?? this.snapshot?.provenance.offset ?? -1) + 1
  }

  /** @internal */
  add(member: MemoryMetadataLog): void {
    assert(!this.members.has(member.nodeId), `node ${member.nodeId} has the log open already`)
    this.members.set(member.nodeId, member)
    if (this.leadership.leaderId === NOBODY) this.elect(member.nodeId)
  }

  /** @internal */
  remove(nodeId: number): void {
    this.members.delete(nodeId)
    if (this.leadership.leaderId !== nodeId) return
    const next = [...this.members.values()].find((each) => each.isConnected)
    this.elect(next?.nodeId ?? NOBODY)
  }

  /** @internal */
  append(records: readonly MetadataRecord[], nodeId: number, epoch: number): number {
    const { leaderId, epoch: current } = this.leadership
    if (leaderId !== nodeId || epoch !== current) throw deposed(epoch, current)
    const baseOffset = this.endOffset
    const lastOffset = baseOffset + records.length - 1
    const timestampMs = this.options.nowMs?.() ?? 0
    this.batches.push({ baseOffset, lastOffset, epoch, timestampMs, records, controls: [] })
    this.wakeAll()
    return lastOffset
  }

  private wakeAll(): void {
    for (const member of this.members.values()) member.wake()
  }
}

export class MemoryMetadataLog implements MetadataLog {
  readonly nodeId: number
  private readonly quorum: MemoryMetadataQuorum
  private listener: MetadataLogListener | null = null
  private nextOffset = 0
  private told: Leadership = { leaderId: NOBODY, epoch: 0 }
  private caughtUp = false
  private connected = true
  private delivering: Promise<void> | null = null
  private readonly whenConnected: (() => void)[] = []
  private closed = false

  /** @internal Use `MemoryMetadataQuorum.join`. */
  constructor(nodeId: number, quorum: MemoryMetadataQuorum) {
    this.nodeId = nodeId
    this.quorum = quorum
  }

  get isConnected(): boolean {
    return this.connected && !this.closed
  }

  get endOffset(): number {
    return this.quorum.endOffset
  }

  async open(listener: MetadataLogListener): Promise<void> {
    assert(this.listener === null, 'the log is open already')
    this.listener = listener
    this.quorum.add(this)
    this.wake()
    while (!this.caughtUp && !this.closed) await this.delivering
  }

  async append(records: readonly MetadataRecord[], epoch: number): Promise<number> {
    assert(records.length > 0, 'an append needs a record')
    // Written and read again, so that nobody shares objects with the log.
    const stored = records.map((record) => decodeMetadataRecord(encodeMetadataRecord(record)))
    while (!this.connected && !this.closed) {
      await new Promise<void>((resolve) => this.whenConnected.push(resolve))
    }
    if (this.closed) throw deposed(epoch, this.quorum.leadership.epoch)
    return this.quorum.append(stored, this.nodeId, epoch)
  }

  async resign(epoch: number): Promise<void> {
    const { leaderId, epoch: current } = this.quorum.leadership
    if (leaderId !== this.nodeId || epoch !== current || !this.isConnected) return
    this.quorum.remove(this.nodeId)
    this.quorum.add(this)
  }

  get isSnapshotDue(): boolean {
    const limit = this.quorum.options.recordsPerSnapshot ?? Number.POSITIVE_INFINITY
    const start = this.quorum.snapshot?.provenance.offset ?? -1
    return this.nextOffset - 1 - start >= limit
  }

  async writeSnapshot({ provenance, records }: MetadataSnapshot): Promise<void> {
    const { quorum } = this
    const present = quorum.snapshot?.provenance.offset ?? -1
    if (provenance.offset <= present) return
    quorum.snapshot = { provenance, records: [...records].map(encodeMetadataRecord) }
    const kept = quorum.batches.findIndex((batch) => batch.lastOffset > provenance.offset)
    quorum.batches.splice(0, kept < 0 ? quorum.batches.length : kept)
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    if (this.listener !== null) this.quorum.remove(this.nodeId)
    this.release()
    await this.delivering
  }

  /** @internal */
  setConnected(connected: boolean): void {
    this.connected = connected
    if (connected) {
      this.release()
      this.wake()
    }
  }

  /** @internal */
  wake(): void {
    if (this.listener === null || this.delivering !== null || !this.isConnected) return
    this.delivering = this.deliver(this.listener).finally(() => {
      this.delivering = null
      if (this.hasNews()) this.wake()
    })
  }

  private release(): void {
    for (const resolve of this.whenConnected.splice(0)) resolve()
  }

  private hasNews(): boolean {
    const { endOffset, leadership } = this.quorum
    if (!this.isConnected) return false
    return this.nextOffset < endOffset || !this.caughtUp || this.told !== leadership
  }

  private async deliver(listener: MetadataLogListener): Promise<void> {
    // Never within the call that brought the news: the caller goes on first.
    await Promise.resolve()
    while (this.hasNews()) {
      const { leadership } = this.quorum
      if (this.nextOffset < this.quorum.endOffset) {
        await this.deliverRecords(listener)
      } else if (!this.caughtUp) {
        this.caughtUp = true
        await listener.onCaughtUp()
      } else {
        this.told = leadership
        await listener.onLeadership(leadership)
      }
    }
  }

  private async deliverRecords(listener: MetadataLogListener): Promise<void> {
    const { snapshot, batches } = this.quorum
    const first = batches.find((batch) => batch.baseOffset === this.nextOffset)
    if (first === undefined && snapshot !== null) {
      const { provenance, records } = snapshot
      this.nextOffset = provenance.offset + 1
      await listener.onSnapshot({ provenance, records: records.map(decodeMetadataRecord) })
      return
    }
    const news = batches.filter((batch) => batch.baseOffset >= this.nextOffset)
    this.nextOffset = this.quorum.endOffset
    await listener.onCommit(news)
  }
}
