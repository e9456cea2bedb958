/**
 * Random lives of one log: everything a broker does with it, with appends under way meanwhile, orderly
 * stops, kills, and crashes that lose or tear what was not synced, also in the middle of an operation.
 * After every step the log must equal the model. A seed gives the same life again.
 */
import { type Entropy, chance, randomBelow, seededEntropy } from '@barnabas/base'
import { createTestWorld, type MemoryFileSystem } from '@barnabas/base/testing'
import { BatchView, readBatches } from '@barnabas/protocol'
import { marker, recordsOf, simple } from '../support/batches.ts'
import {
  DIRECTORY,
  type LogSetup,
  type LogUnderTest,
  openLog,
  openMemoryLog,
} from '../support/partition-log.ts'
import { LogModel } from './log-model.ts'

const CONFIG = {
  segmentBytes: 1500,
  indexIntervalBytes: 200,
  retentionMs: -1,
  cleanup: { delete: true, compact: true },
  producerIdExpirationMs: Number.MAX_SAFE_INTEGER,
}

const OPEN_BEFORE = { currentTransactionFirstOffset: -2 }

interface Producer {
  id: number
  sequence: number
  hasTransaction: boolean
}

export class LogFuzz {
  readonly trace: string[] = []
  private readonly entropy: Entropy
  private readonly tailBytes: number
  private under!: LogUnderTest
  private files!: MemoryFileSystem
  private model = new LogModel()
  private producers: Producer[] = []
  private checkpoint = { recoveryPoint: 0, logStartOffset: 0 }
  private clock = 10_000
  private cutFrom = Number.POSITIVE_INFINITY

  private readonly isInMemory: boolean

  constructor(seed: number, options: { isInMemory?: boolean } = {}) {
    this.isInMemory = options.isInMemory ?? false
    this.entropy = seededEntropy(`log fuzz ${seed}`)
    this.tailBytes = chance(this.entropy, 0.5) ? 4000 : 0
  }

  async run(steps: number): Promise<void> {
    const world = createTestWorld(1, { startMs: 10_000 })
    this.files = world.files
    await this.files.makeDirectories(DIRECTORY)
    for (const directory of ['/', '/data', DIRECTORY]) await this.files.syncDirectory(directory)
    await this.open({ world })
    for (let n = 0; n < steps; n++) await this.step()
    await this.under.log.close()
  }

  private async step(): Promise<void> {
    const { log } = this.under
    const roll = randomBelow(this.entropy, 100)
    if (roll < 50) await this.appendSome()
    else if (roll < 56) await this.appendMarker()
    else if (roll < 60) this.note('roll', () => log.rollSegment())
    else if (roll < 66) await this.flush()
    else if (roll < 70) await this.truncate()
    else if (roll < 71) await this.reset()
    else if (roll < 76) await this.deleteRecords()
    else if (roll < 80) await this.compact()
    else if (roll < 84) this.takeCheckpoint()
    else if (this.isInMemory) this.note('no restart')
    else if (roll < 88) await this.restart('clean')
    else if (roll < 91) await this.restart('kill')
    else if (roll < 92) await this.killAfterRoll()
    else if (roll < 96) await this.restart('crash')
    else await this.interrupt()
    await this.compare()
  }

  private note(what: string, run: () => unknown = () => {}): void {
    this.trace.push(what)
    run()
  }

  private batch(): BatchView {
    this.clock += randomBelow(this.entropy, 30) - 5
    const count = 1 + randomBelow(this.entropy, 4)
    const timestamp = this.clock
    if (chance(this.entropy, 0.5)) return simple(count, { timestamp })
    const producer = this.pick()
    const baseSequence = producer.sequence
    producer.sequence += count
    const transactional = producer.id % 2 === 0
    if (transactional) producer.hasTransaction = true
    return simple(count, {
      timestamp,
      producerId: producer.id,
      producerEpoch: 0,
      baseSequence,
      transactional,
    })
  }

  private pick(): Producer {
    if (this.producers.length < 6) {
      this.producers.push({ id: this.producers.length, sequence: 0, hasTransaction: false })
    }
    return this.producers[randomBelow(this.entropy, this.producers.length)]!
  }

  private async send(batch: BatchView, origin: 'client' | 'coordinator'): Promise<void> {
    const { log } = this.under
    const result = await log.appendAsLeader(batch, { leaderEpoch: 0, origin })
    if (!result.accepted) throw new Error(`rejected: ${result.message}`)
    this.model.append(batch)
    log.setHighWatermark(log.logEndOffset)
  }

  private async appendSome(): Promise<void> {
    const count = 1 + randomBelow(this.entropy, 4)
    this.note(`append ${count}`)
    await Promise.all(Array.from({ length: count }, () => this.send(this.batch(), 'client')))
  }

  private async appendMarker(): Promise<void> {
    const producer = this.producers.find(({ hasTransaction }) => hasTransaction)
    if (producer === undefined) return
    producer.hasTransaction = false
    const type = chance(this.entropy, 0.5) ? 'abort' : 'commit'
    this.note(`${type} ${producer.id}`)
    const options = { producerId: producer.id, producerEpoch: 0, timestamp: this.clock }
    await this.send(marker(type, options), 'coordinator')
  }

  private async flush(): Promise<void> {
    const { end } = this.model
    this.note(`flush ${end}`)
    await this.under.log.flush()
    this.model.durable = Math.max(this.model.durable, end)
  }

  private async truncate(): Promise<void> {
    const { log } = this.under
    const offset =
      log.logStartOffset + randomBelow(this.entropy, this.model.end - log.logStartOffset + 1)
    this.note(`truncate to ${offset} of ${this.model.end}`)
    this.cutFrom = offset
    await log.truncateTo(offset)
    this.model.truncateTo(offset)
    log.setHighWatermark(log.logEndOffset)
    this.afterCut()
  }

  private async reset(): Promise<void> {
    const offset = this.model.end + randomBelow(this.entropy, 5)
    this.note(`begin again at ${offset}`)
    await this.under.log.truncateFullyAndStartAt(offset)
    this.model.reset(offset)
    this.under.log.setHighWatermark(offset)
    this.afterCut()
  }

  /** As the broker does: the recovery point is stored before the log goes on, producers go on too. */
  private afterCut(): void {
    this.takeCheckpoint()
    this.resume()
  }

  private resume(): void {
    // The log may know of batches that are deleted; what it should know is compared elsewhere.
    for (const producer of this.producers) {
      const entry = this.under.log.producers.get(producer.id)
      producer.sequence = (entry?.lastSequence ?? -1) + 1
      producer.hasTransaction = entry?.hasOpenTransaction ?? false
    }
  }

  private async deleteRecords(): Promise<void> {
    const { log } = this.under
    const { start, end } = this.model
    if (end === start) return
    const offset = start + randomBelow(this.entropy, Math.ceil((end - start) / 2) + 1)
    this.note(`delete records before ${offset}`)
    log.deleteRecords(offset)
    this.model.start = Math.max(this.model.start, offset)
    // The model keeps what retention drops: until the start is stored, a crash may bring it back.
    await log.applyRetention()
  }

  /** Drops some plain batches of closed segments, which is what compaction does in the end. */
  private async compact(): Promise<void> {
    const { log } = this.under
    const closed = log.segments.length - 1
    if (closed < 1) return
    await this.flush()
    const first = randomBelow(this.entropy, closed)
    const count = 1 + randomBelow(this.entropy, Math.min(2, closed - first))
    const removed = await this.replace(first, count)
    this.model.remove(removed)
  }

  private async replace(first: number, count: number): Promise<Set<number>> {
    const { log } = this.under
    const group = log.segments.slice(first, first + count)
    const to = log.segments[first + count]!.baseOffset
    const inside = this.model.batches.filter(
      ({ baseOffset }) => baseOffset >= group[0]!.baseOffset && baseOffset < to,
    )
    const removed = new Set<number>()
    for (const batch of inside) {
      if (batch.producerId < 0 && chance(this.entropy, 0.4)) removed.add(batch.baseOffset)
    }
    this.note(`compact ${group.map(({ baseOffset }) => baseOffset)} without ${[...removed]}`)
    await log.maintain(async (store) => {
      const draft = await store.createDraft(group[0]!.baseOffset)
      for (const batch of inside) {
        if (!removed.has(batch.baseOffset)) await draft.append(recordsOf(batch), [batch])
      }
      for (const segment of group) {
        for (const aborted of await segment.abortedTransactions()) draft.appendAborted(aborted)
      }
      await store.replace(draft, group)
      await log.afterCompaction()
    })
    return removed
  }

  private takeCheckpoint(): void {
    const { recoveryPoint, logStartOffset } = this.under.log
    this.checkpoint = { recoveryPoint, logStartOffset }
    this.note(`checkpoint ${recoveryPoint} ${logStartOffset}`)
  }

  private async restart(how: 'clean' | 'kill' | 'crash'): Promise<void> {
    this.note(`restart: ${how}`)
    const { world } = this.under
    if (how === 'clean') {
      await this.under.log.close()
      this.takeCheckpoint()
      this.model.durable = this.model.end
      await this.open({ world, wasStoppedCleanly: true, highWatermark: this.model.end })
      const end = this.model.batches.at(-1)?.nextOffset ?? this.model.start
      if (this.under.log.logEndOffset < end) throw new Error('an orderly stop lost something')
      this.model.end = this.under.log.logEndOffset
      this.model.durable = this.model.end
      this.takeCheckpoint()
      return
    }
    // A kill leaves what the system has, a crash of the machine what was synced, and some of the rest.
    const { durable } = this.model
    if (how === 'kill') this.model.durable = this.model.end
    this.files = how === 'kill' ? this.files.kill() : this.files.crash(this.crashEntropy())
    await this.open({ world })
    await this.settle([this.model])
    this.model.durable = Math.min(durable, this.model.end)
  }

  /** The process dies between a roll and what it sets off in the background. */
  private async killAfterRoll(): Promise<void> {
    await this.flush()
    this.takeCheckpoint()
    this.note('roll', () => this.under.log.rollSegment())
    if (chance(this.entropy, 0.5)) await this.send(this.batch(), 'client')
    await this.restart(chance(this.entropy, 0.5) ? 'kill' : 'crash')
  }

  private crashEntropy(): Entropy | null {
    return chance(this.entropy, 0.7) ? this.entropy : null
  }

  /** Something is under way when the machine goes down: it has happened, or it has not. */
  private async interrupt(): Promise<void> {
    const { world } = this.under
    const before = this.model.copy()
    this.note('interrupted:')
    this.cutFrom = Number.POSITIVE_INFINITY
    const operation = this.anyOperation()
    const outcome = operation.catch(() => {})
    for (let n = randomBelow(this.entropy, 60); n > 0; n--) await Promise.resolve()
    this.files = this.files.crash(this.crashEntropy())
    await outcome
    const after = this.model
    // Of a truncation any part may have happened.
    before.durable = Math.min(before.durable, this.cutFrom)
    after.durable = Math.min(after.durable, before.durable)
    await this.open({ world })
    await this.settle([after, before])
    this.resume()
  }

  private anyOperation(): Promise<void> {
    switch (randomBelow(this.entropy, 5)) {
      case 0:
        return this.compact()
      case 1:
        return this.truncate()
      case 2:
        return this.deleteRecords()
      case 3:
        return this.appendSome()
      default:
        return this.under.log.close()
    }
  }

  private async open(setup: LogSetup): Promise<void> {
    if (this.isInMemory) {
      this.under = openMemoryLog({ config: CONFIG, tailBytes: this.tailBytes })
      return
    }
    this.files.delay = chance(this.entropy, 0.5) ? () => this.someDelay() : null
    this.under = await openLog({
      config: CONFIG,
      tailBytes: this.tailBytes,
      files: this.files,
      ...this.checkpoint,
      ...setup,
    })
  }

  private someDelay(): Promise<void> | null {
    if (chance(this.entropy, 0.6)) return null
    const turns = randomBelow(this.entropy, 5)
    return (async () => {
      for (let n = 0; n < turns; n++) await Promise.resolve()
    })()
  }

  /** Finds which of the possible models the log is, as far as it survived. */
  private async settle(candidates: readonly LogModel[]): Promise<void> {
    const { log } = this.under
    const found = await this.readAll()
    const reasons: string[] = []
    for (const candidate of candidates) {
      const cut = candidate.cutTo(found, log)
      if (typeof cut === 'string') {
        reasons.push(cut)
        continue
      }
      this.model = cut
      log.setHighWatermark(log.logEndOffset)
      this.takeCheckpoint()
      this.resume()
      return
    }
    throw new Error(`after a crash: ${reasons.join('; or: ')}`)
  }

  private async readAll(): Promise<BatchView[]> {
    const { log } = this.under
    const found: BatchView[] = []
    for (let offset = log.logStartOffset; ; ) {
      const maxBytes = 1 + randomBelow(this.entropy, 2000)
      const run = await log.read(offset, maxBytes, 'logEnd', true)
      for (const owner of run.owners) owner.release()
      if (run.sizeBytes === 0) return found
      if (run.endOffset <= offset) throw new Error(`a read at ${offset} goes to ${run.endOffset}`)
      found.push(...readBatches(Buffer.concat(run.parts)).batches)
      offset = run.endOffset
    }
  }

  private async compare(): Promise<void> {
    const { log } = this.under
    const { model } = this
    if (log.logEndOffset !== model.end) {
      throw new Error(`the end is ${log.logEndOffset}, expected ${model.end}`)
    }
    if (log.logStartOffset !== model.start) {
      throw new Error(`the start is ${log.logStartOffset}, expected ${model.start}`)
    }
    const found = await this.readAll()
    const expected = model.visible
    const listed = (batches: BatchView[]) => batches.map(({ baseOffset }) => baseOffset).join()
    if (!recordsOf(...found).equals(recordsOf(...expected))) {
      throw new Error(`holds ${listed(found)}, expected ${listed(expected)}`)
    }
    await this.compareProducers()
    await this.compareTimestamp()
  }

  private async compareProducers(): Promise<void> {
    const { log } = this.under
    const { start } = this.model
    for (const expected of this.model.producers().snapshot()) {
      if (expected.lastOffset < start) continue
      const found = log.producers.get(expected.producerId)?.toSnapshot()
      // A transaction may have begun in records that are deleted; the log may know, or no longer.
      const opened = [found?.currentTransactionFirstOffset, expected.currentTransactionFirstOffset]
      const isOlder = opened.some((offset = -1) => offset >= 0 && offset < start)
      const known = { ...found, coordinatorEpoch: 0, ...(isOlder ? OPEN_BEFORE : {}) }
      const wanted = { ...expected, coordinatorEpoch: 0, ...(isOlder ? OPEN_BEFORE : {}) }
      if (JSON.stringify(known) !== JSON.stringify(wanted)) {
        throw new Error(`producer ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`)
      }
    }
    const aborted = await log.abortedTransactions(start, this.model.end)
    for (const wanted of this.model.aborted()) {
      if (wanted.firstOffset < start) continue
      const isKnown = aborted.some(
        ({ producerId, firstOffset, lastOffset }) =>
          producerId === wanted.producerId &&
          lastOffset === wanted.lastOffset &&
          firstOffset === wanted.firstOffset,
      )
      if (!isKnown) {
        throw new Error(`aborted ${JSON.stringify(aborted)}, expected ${JSON.stringify(wanted)}`)
      }
    }
  }

  private async compareTimestamp(): Promise<void> {
    const { log } = this.under
    const wanted = this.clock - randomBelow(this.entropy, 300)
    const found = await log.offsetForTimestamp(wanted, 'logEnd')
    const { start } = this.model
    // All records of these batches have the same timestamp.
    const batch = this.model.visible.find(
      (one) => one.maxTimestamp >= wanted && one.lastOffset >= start,
    )
    const expected = batch === undefined ? null : Math.max(batch.baseOffset, start)
    if ((found?.offset ?? null) !== expected) {
      throw new Error(`time ${wanted} is at ${found?.offset}, expected ${expected}`)
    }
  }
}
