/**
 * What every driver of the metadata log promises, as tests. A driver under test brings an environment in
 * which its nodes can be started, stopped, and (where several nodes can be) made to lead.
 */
import { ErrorCode } from '@barnabas/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  configRecord,
  type Leadership,
  type MetadataBatch,
  type MetadataLog,
  type MetadataLogListener,
  type MetadataRecord,
  type MetadataSnapshot,
} from '../../src/index.ts'

export interface MetadataLogEnvironment {
  /** A log as node `nodeId` sees it, over what is stored; not yet open. */
  make(nodeId: number): MetadataLog | Promise<MetadataLog>
  /** Makes a node the leader of a new epoch; absent where there is only one node. */
  elect?(nodeId: number): void | Promise<void>
  /** Lets everything happen that is under way. */
  settle(): Promise<void>
  dispose?(): Promise<void>
}

/** Keeps all it is told. */
export class RecordingListener implements MetadataLogListener {
  readonly records: { offset: number; record: MetadataRecord }[] = []
  readonly leaderships: Leadership[] = []
  readonly snapshots: number[] = []
  readonly events: string[] = []
  failure: Error | null = null
  private depth = 0

  async onSnapshot({ provenance, records }: MetadataSnapshot): Promise<void> {
    await this.alone(() => {
      this.records.length = 0
      for (const record of records) this.records.push({ offset: -1, record })
      this.snapshots.push(provenance.offset)
      this.events.push('snapshot')
    })
  }

  async onCommit(batches: readonly MetadataBatch[]): Promise<void> {
    await this.alone(() => {
      for (const batch of batches) {
        const at = batch.baseOffset + batch.controls.length
        batch.records.forEach((record, n) => this.records.push({ offset: at + n, record }))
      }
      this.events.push('commit')
    })
  }

  async onCaughtUp(): Promise<void> {
    await this.alone(() => this.events.push('caughtUp'))
  }

  async onLeadership(leadership: Leadership): Promise<void> {
    await this.alone(() => {
      this.leaderships.push(leadership)
      this.events.push('leadership')
    })
  }

  onFailure(error: Error): void {
    this.failure = error
  }

  get values(): (string | null)[] {
    return this.records.map(({ record }) =>
      record.type === 'ConfigRecord' ? record.data.value : record.type,
    )
  }

  /** The epoch in which `nodeId` leads, as last told; null when it does not. */
  epochOf(nodeId: number): number | null {
    const last = this.leaderships.at(-1)
    return last?.leaderId === nodeId ? last.epoch : null
  }

  /** No call may begin before the one before it is over. */
  private async alone(note: () => void): Promise<void> {
    expect(this.depth, 'calls of the listener overlap').toBe(0)
    this.depth++
    note()
    await Promise.resolve()
    this.depth--
  }
}

export const record = (value: string) => configRecord(2, 'topic', 'key', value)

export function runMetadataLogSuite(
  name: string,
  makeEnvironment: () => MetadataLogEnvironment | Promise<MetadataLogEnvironment>,
): void {
  describe(`metadata log: ${name}`, () => {
    let environment: MetadataLogEnvironment
    const logs: MetadataLog[] = []

    beforeEach(async () => {
      environment = await makeEnvironment()
    })

    afterEach(async () => {
      await Promise.all(logs.splice(0).map((log) => log.close()))
      await environment.dispose?.()
    })

    async function open(nodeId: number) {
      const log = await environment.make(nodeId)
      const listener = new RecordingListener()
      logs.push(log)
      await log.open(listener)
      await environment.settle()
      return { log, listener }
    }

    /** Node 1, leading. */
    async function openLeader() {
      const opened = await open(1)
      await environment.elect?.(1)
      await environment.settle()
      const epoch = opened.listener.epochOf(1)
      expect(epoch, 'node 1 leads').not.toBe(null)
      return { ...opened, epoch: epoch! }
    }

    test('an empty log is caught up at once, and its only node leads', async () => {
      const { listener } = await openLeader()
      expect(listener.values).toEqual([])
      expect(listener.events.indexOf('caughtUp')).toBe(0)
    })

    test('what is appended comes back in order, at the offsets promised', async () => {
      const { log, listener, epoch } = await openLeader()
      const start = log.endOffset
      const first = log.append([record('a'), record('b')], epoch)
      const second = log.append([record('c')], epoch)
      expect(await Promise.all([first, second])).toEqual([start + 1, start + 2])
      await environment.settle()
      expect(listener.values).toEqual(['a', 'b', 'c'])
      expect(listener.records.map((each) => each.offset)).toEqual([start, start + 1, start + 2])
      expect(log.endOffset).toBe(start + 3)
    })

    test('many appends at a time keep their order and stay whole', async () => {
      const { log, listener, epoch } = await openLeader()
      const wanted = Array.from({ length: 300 }, (_, n) => String(n))
      await Promise.all(wanted.map((value) => log.append([record(value)], epoch)))
      await environment.settle()
      expect(listener.values).toEqual(wanted)
    })

    test('a node that comes again gets everything, then leads in a later epoch', async () => {
      const { log, epoch } = await openLeader()
      await log.append([record('a'), record('b')], epoch)
      await log.close()
      const again = await openLeader()
      expect(again.listener.values).toEqual(['a', 'b'])
      expect(again.epoch).toBeGreaterThan(epoch)
      expect(again.listener.events.at(0)).toBe('commit')
      expect(again.listener.events.indexOf('caughtUp')).toBeLessThan(
        again.listener.events.indexOf('leadership'),
      )
    })

    test('nobody appends under an epoch that is not the present one', async () => {
      const { log, listener, epoch } = await openLeader()
      for (const wrong of [epoch - 1, epoch + 1]) {
        await expect(log.append([record('x')], wrong)).rejects.toMatchObject({
          errorCode: ErrorCode.NOT_CONTROLLER,
        })
      }
      await log.append([record('a')], epoch)
      await environment.settle()
      expect(listener.values).toEqual(['a'])
    })

    test('who resigned appends no more under the old epoch', async () => {
      const { log, listener, epoch } = await openLeader()
      await log.resign(epoch)
      await environment.settle()
      await expect(log.append([record('x')], epoch)).rejects.toMatchObject({
        errorCode: ErrorCode.NOT_CONTROLLER,
      })
      expect(listener.leaderships.at(-1)!.epoch).toBeGreaterThan(epoch)
    })

    test('a closed log takes nothing', async () => {
      const { log, epoch } = await openLeader()
      await log.close()
      await log.close()
      await expect(log.append([record('x')], epoch)).rejects.toThrow()
    })

    test('a snapshot stands for everything up to it', async () => {
      const { log, epoch } = await openLeader()
      await log.append([record('a')], epoch)
      const offset = await log.append([record('b')], epoch)
      await log.writeSnapshot({
        provenance: { offset, epoch, timestampMs: 1 },
        records: [record('a and b')],
      })
      await log.append([record('c')], epoch)
      await log.close()
      const { listener } = await open(1)
      expect(listener.snapshots).toEqual([offset])
      expect(listener.values).toEqual(['a and b', 'c'])
      expect(listener.records.at(-1)!.offset).toBe(offset + 1)
    })

    test('the newest of several snapshots counts', async () => {
      const { log, epoch } = await openLeader()
      let offset = 0
      for (const value of ['a', 'b', 'c']) {
        offset = await log.append([record(value)], epoch)
        const provenance = { offset, epoch, timestampMs: 1 }
        await log.writeSnapshot({ provenance, records: [record(`up to ${value}`)] })
      }
      await log.close()
      const { listener } = await open(1)
      expect(listener.values).toEqual(['up to c'])
      expect(listener.snapshots).toEqual([offset])
    })

    if (!environmentHasElections(makeEnvironment)) return

    describe('with several nodes', () => {
      test('all get the same', async () => {
        const one = await openLeader()
        const two = await open(2)
        await one.log.append([record('a')], one.epoch)
        await one.log.append([record('b'), record('c')], one.epoch)
        await environment.settle()
        expect(two.listener.records).toEqual(one.listener.records)
        expect(two.listener.epochOf(2)).toBe(null)
      })

      test('a deposed controller cannot write, and the new one has all it wrote', async () => {
        const one = await openLeader()
        const two = await open(2)
        await one.log.append([record('a')], one.epoch)
        await environment.elect!(2)
        // Not told yet, it still takes itself for the leader.
        await expect(one.log.append([record('x')], one.epoch)).rejects.toMatchObject({
          errorCode: ErrorCode.NOT_CONTROLLER,
        })
        await environment.settle()
        const epoch = two.listener.epochOf(2)!
        expect(epoch).toBeGreaterThan(one.epoch)
        expect(two.listener.values).toEqual(['a'])
        await two.log.append([record('b')], epoch)
        await environment.settle()
        expect(one.listener.values).toEqual(['a', 'b'])
        expect(one.listener.epochOf(1)).toBe(null)
      })

      test('a node that is not the leader cannot write under its epoch either', async () => {
        const one = await openLeader()
        const two = await open(2)
        await expect(two.log.append([record('x')], one.epoch)).rejects.toMatchObject({
          errorCode: ErrorCode.NOT_CONTROLLER,
        })
      })

      test('when the leader goes, another leads', async () => {
        const one = await openLeader()
        const two = await open(2)
        await one.log.append([record('a')], one.epoch)
        await one.log.close()
        await environment.settle()
        expect(two.listener.epochOf(2)).toBeGreaterThan(one.epoch)
      })

      test('a late node starts from a snapshot', async () => {
        const one = await openLeader()
        const offset = await one.log.append([record('a')], one.epoch)
        const provenance = { offset, epoch: one.epoch, timestampMs: 1 }
        await one.log.writeSnapshot({ provenance, records: [record('a')] })
        await one.log.append([record('b')], one.epoch)
        const two = await open(2)
        expect(two.listener.values).toEqual(['a', 'b'])
      })
    })
  })
}

/** Whether the environment can elect must be known before its tests are collected. */
function environmentHasElections(make: unknown): boolean {
  return (make as { elections?: boolean }).elections === true
}

/** Marks an environment whose nodes can be many. */
export function withElections<T extends () => unknown>(make: T): T {
  return Object.assign(make, { elections: true })
}
