import { ApiError } from '@barnabas/base'
import { createTestWorld } from '@barnabas/base/testing'
import { ErrorCode } from '@barnabas/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CoordinatorRuntime, EMPTY_METADATA } from '../../src/index.ts'
import { CounterShard, counterCodec, type CounterKinds } from '../support/counter-shard.ts'
import { MemoryLog } from '../support/memory-log.ts'
import { ShardContext } from '../support/shard-context.ts'

type Step =
  | { kind: 'add'; name: string; amount: number }
  | { kind: 'wait'; name: string }
  | { kind: 'turn' | 'append' | 'fail' | 'commit' | 'move' }

const name = fc.constantFrom('a', 'b', 'c')
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      name,
      amount: fc.integer({ min: -2, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), name }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('turn' as const, 'append' as const) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('commit' as const, 'fail' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('move' as const) }) },
)

/** A runtime on a log whose every append and commit the test decides. */
class Subject {
  readonly world = createTestWorld()
  readonly log = new MemoryLog()
  shard: CounterShard | null = null
  epoch = 0
  answered: { name: string; value: number }[] = []
  unanswered = 0
  readonly runtime = new CoordinatorRuntime<CounterShard, CounterKinds>({
    name: 'counters',
    world: this.world,
    writer: this.log,
    codec: counterCodec,
    metadata: EMPTY_METADATA,
    createShard: (_partition, timeline) => (this.shard = new CounterShard(timeline)),
    runTask: () => Promise.reject(new Error('there are no tasks')),
  })

  constructor() {
    this.log.onHighWatermark = (partition, offset) =>
      this.runtime.onHighWatermark(partition, offset)
    this.log.holdAppends = true
    this.log.holdWatermark = true
  }

  async move(): Promise<void> {
    this.runtime.onElected(0, ++this.epoch)
    while (this.log.held.length > 0) this.log.failAppend(ErrorCode.NOT_LEADER_OR_FOLLOWER)
    await this.world.settle()
  }

  submit(request: Promise<number>, counter: string): void {
    this.unanswered++
    request.then(
      (value) => {
        this.unanswered--
        this.answered.push({ name: counter, value })
      },
      (error: unknown) => {
        this.unanswered--
        expect(error).toBeInstanceOf(ApiError)
      },
    )
  }

  async take(next: Step): Promise<void> {
    const { runtime, log } = this
    if (next.kind === 'add') {
      const { name: counter, amount } = next
      this.submit(
        runtime.write(0, 'add', (shard) => shard.add(counter, amount)),
        counter,
      )
    } else if (next.kind === 'wait') {
      this.submit(
        runtime.write<number>(0, 'wait', (shard, context) => shard.wait(next.name, context)),
        next.name,
      )
    } else if (next.kind === 'turn') await this.world.settle()
    else if (next.kind === 'append' && log.held.length > 0) log.releaseAppend()
    else if (next.kind === 'fail' && log.held.length > 0) {
      log.failAppend(ErrorCode.NOT_ENOUGH_REPLICAS)
    } else if (next.kind === 'commit') log.commit(0)
    else if (next.kind === 'move') await this.move()
  }

  /** The counters as the log has them, up to an offset. */
  counters(limit: number): Map<string, number> {
    const counters = new Map<string, number>()
    for (const { baseOffset, records } of this.log.stored(0)) {
      records.forEach(({ key, value }, n) => {
        if (baseOffset + n >= limit) return
        counters.set(Buffer.from(key).toString(), Number(Buffer.from(value!).toString()))
      })
    }
    return counters
  }
}

test('whatever is appended, refused, committed and moved, the shard is what the log says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
      const subject = new Subject()
      await subject.move()
      for (const next of steps) {
        await subject.take(next)
        const committed = subject.log.highWatermark(0)
        const seen = await subject.runtime.read(
          0,
          (shard, offset) => new Map(shard.counters.entriesAt(offset)),
        )
        expect(seen).toEqual(subject.counters(committed))
      }
      await subject.world.settle()
      while (subject.log.held.length > 0) {
        subject.log.releaseAppend()
        await subject.world.settle()
      }
      subject.log.commit(0)
      await subject.world.settle()
      const { log, shard, runtime } = subject
      expect(new Map(shard!.counters)).toEqual(subject.counters(log.endOffset(0)))
      expect(subject.unanswered).toBe(runtime.statistics().parkedRequests)
      for (const { name: counter, value } of subject.answered) {
        const written = log
          .stored(0)
          .some(({ records }) =>
            records.some(
              (record) =>
                Buffer.from(record.key).toString() === counter &&
                Buffer.from(record.value!).toString() === String(value),
            ),
          )
        expect(written, `${counter}=${value} was acknowledged`).toBe(true)
      }
    }),
    { seed: 5, numRuns: 150 },
  )
})

test('the smallest shard keeps the laws of shards', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const context = new ShardContext<CounterShard, CounterKinds>({
        createShard: (timeline) => new CounterShard(timeline),
        codec: counterCodec,
        digest: (shard) => [...shard.counters].toSorted(),
        metadata: EMPTY_METADATA,
      })
      for (const next of steps) {
        if (next.kind === 'wait') context.run((shard, world) => shard.wait(next.name, world))
        if (next.kind === 'fail') context.failNextAppend(ErrorCode.NOT_ENOUGH_REPLICAS)
        if (next.kind === 'move') context.reload()
        if (next.kind !== 'add') continue
        try {
          context.run((shard) => shard.add(next.name, next.amount))
        } catch (error) {
          expect(error).toBeInstanceOf(ApiError)
        }
      }
      context.checkLaws()
    }),
    { seed: 6, numRuns: 100 },
  )
})
