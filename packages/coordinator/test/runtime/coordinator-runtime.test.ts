import { ApiError } from '@barnabas/base'
import { createTestWorld, type TestWorld } from '@barnabas/base/testing'
import { ErrorCode } from '@barnabas/protocol'
import { beforeEach, describe, expect, test } from 'vitest'
import { CoordinatorRuntime, EMPTY_METADATA, OutcomeBuilder } from '../../src/index.ts'
import { CounterShard, counterCodec, type CounterKinds } from '../support/counter-shard.ts'
import { MemoryLog } from '../support/memory-log.ts'

let world: TestWorld
let log: MemoryLog
let shards: CounterShard[]
let tasks: { task: string; finish(event: string): void }[]
let runtime: CoordinatorRuntime<CounterShard, CounterKinds>

beforeEach(() => {
  world = createTestWorld()
  log = new MemoryLog()
  start()
})

function start(onBug: 'throw' | 'reload' = 'throw'): void {
  shards = []
  tasks = []
  runtime = new CoordinatorRuntime<CounterShard, CounterKinds>({
    name: 'counters',
    world,
    writer: log,
    codec: counterCodec,
    metadata: EMPTY_METADATA,
    createShard: (_partition, timeline) => {
      const shard = new CounterShard(timeline)
      shards.push(shard)
      return shard
    },
    runTask: (_partition, _epoch, task) =>
      new Promise((resolve) => tasks.push({ task, finish: resolve })),
    onBug,
  })
  log.onHighWatermark = (partition, offset) => runtime.onHighWatermark(partition, offset)
}

async function elect(epoch = 1): Promise<void> {
  runtime.onElected(0, epoch)
  await world.settle()
}

const add = (name: string, amount = 1, options = {}) =>
  runtime.write(0, `add ${name}`, (shard) => shard.add(name, amount), options)
const wait = (name: string) =>
  runtime.write(0, `wait ${name}`, (shard, context) => shard.wait(name, context), { mayPark: true })
const get = (name: string) => runtime.read(0, (shard, offset) => shard.counters.getAt(name, offset))

async function errorOf(promise: Promise<unknown>): Promise<number> {
  const failure: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  )
  expect(failure).toBeInstanceOf(ApiError)
  return (failure as ApiError).errorCode
}

/** What has become of a promise by now. */
function watch<T>(promise: Promise<T>): { state: string } {
  const watched = { state: 'waiting' }
  promise.then(
    (value) => {
      watched.state = `done ${String(value)}`
    },
    (error: ApiError) => {
      watched.state = `error ${error.errorCode}`
    },
  )
  return watched
}

describe('life of a shard', () => {
  test('GRP-01 who is not elected is not the coordinator, who loads says so', async () => {
    expect(await errorOf(add('a'))).toBe(ErrorCode.NOT_COORDINATOR)
    expect(await errorOf(get('a'))).toBe(ErrorCode.NOT_COORDINATOR)
    runtime.onElected(0, 1)
    expect(await errorOf(add('a'))).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    await world.settle()
    expect(await add('a')).toBe(1)
    runtime.onResigned(0, 2)
    expect(await errorOf(add('a'))).toBe(ErrorCode.NOT_COORDINATOR)
    expect(shards[0]!.unloaded).toBe(true)
  })

  test('the state is that of the log, with unknown records skipped', async () => {
    await elect()
    await add('a', 1)
    await add('b', 2)
    await add('a', 3)
    const stored = log.stored(0)
    const unknown = { key: Buffer.from('unknown'), value: Buffer.from('?') }
    stored.push({ ...stored[0]!, records: [unknown], baseOffset: 3, nextOffset: 4 })
    log.commit(0)
    runtime.onElected(0, 2)
    expect(shards[0]!.unloaded).toBe(true)
    await world.settle()
    expect(shards[1]!.digest()).toEqual(shards[0]!.digest())
    expect(shards[1]!.events).toEqual(['loaded 2'])
    expect(await add('b')).toBe(3)
  })

  test('an older election or resignation changes nothing', async () => {
    await elect(5)
    await elect(4)
    runtime.onResigned(0, 4)
    await elect(5)
    expect(shards.length).toBe(1)
    expect(await add('a')).toBe(1)
    runtime.onResigned(0, null)
    expect(runtime.activePartitions()).toEqual([])
  })

  test('resigning while loading leaves nothing behind', async () => {
    await elect(1)
    await add('a')
    log.beforeLoad = () => runtime.onResigned(0, 2)
    runtime.onElected(0, 2)
    await world.settle()
    expect(runtime.activePartitions()).toEqual([])
    expect(shards[1]!.events).toEqual([])
  })

  test('a log that cannot be read is tried again', async () => {
    await elect(1)
    await add('a')
    let broken = true
    log.beforeLoad = () => {
      if (broken) throw new ApiError(ErrorCode.KAFKA_STORAGE_ERROR)
    }
    await elect(2)
    expect(runtime.activePartitions()).toEqual([])
    broken = false
    await world.advance(1_000)
    expect(await get('a')).toBe(1)
  })

  test('resigning fails all who wait with NOT_COORDINATOR', async () => {
    await elect()
    log.holdWatermark = true
    const committed = watch(add('a'))
    const parked = watch(wait('b'))
    await world.settle()
    log.holdAppends = true
    const appending = watch(add('c'))
    await world.settle()
    const queued = watch(add('d'))
    runtime.onResigned(0, null)
    await world.settle()
    expect([committed, parked, appending, queued].map(({ state }) => state)).toEqual(
      Array.from({ length: 4 }, () => `error ${ErrorCode.NOT_COORDINATOR}`),
    )
    log.releaseAppend()
    await world.settle()
    expect(runtime.statistics()).toMatchObject({ parkedRequests: 0, queuedEvents: 0 })
  })
})

describe('life of a write', () => {
  test('a response goes out when its records are committed', async () => {
    await elect()
    log.holdWatermark = true
    const first = watch(add('a'))
    const second = watch(add('a'))
    await world.settle()
    expect(log.endOffset(0)).toBe(2)
    expect([first.state, second.state]).toEqual(['waiting', 'waiting'])
    expect(await get('a')).toBe(undefined)
    log.commit(0, 1)
    await world.settle()
    expect([first.state, second.state]).toEqual(['done 1', 'waiting'])
    log.commit(0, 2)
    await world.settle()
    expect(second.state).toBe('done 2')
    expect(await get('a')).toBe(2)
  })

  test('a response without records waits for what it was decided on', async () => {
    await elect()
    log.holdWatermark = true
    void add('a')
    const alive = watch(runtime.write(0, 'keep', (shard) => shard.keepAlive('a', 10)))
    await world.settle()
    expect(alive.state).toBe('waiting')
    log.commit(0)
    await world.settle()
    expect(alive.state).toBe('done undefined')
  })

  test('events that arrive together share a batch, those that come during an append the next', async () => {
    await elect()
    log.holdAppends = true
    void add('a')
    void add('b')
    await world.settle()
    void add('c')
    void add('d')
    await world.settle()
    void add('e')
    await world.settle()
    expect(log.held.length).toBe(1)
    log.releaseAppend()
    await world.settle()
    log.releaseAppend()
    await world.settle()
    expect(log.stored(0).map(({ records }) => records.length)).toEqual([2, 3])
    expect(await get('e')).toBe(1)
  })

  test('a refusal fails only its own event', async () => {
    await elect()
    const good = add('a', 5)
    const bad = add('a', -6)
    expect(await errorOf(bad)).toBe(ErrorCode.INVALID_REQUEST)
    expect(await good).toBe(5)
    expect(await get('a')).toBe(5)
  })

  test('OFF-18 a commit that takes too long ends in COORDINATOR_NOT_AVAILABLE', async () => {
    await elect()
    log.holdWatermark = true
    const slow = watch(add('a', 1, { timeoutMs: 5_000 }))
    await world.advance(4_999)
    expect(slow.state).toBe('waiting')
    await world.advance(1)
    expect(slow.state).toBe(`error ${ErrorCode.COORDINATOR_NOT_AVAILABLE}`)
    log.commit(0)
    expect(await get('a')).toBe(1)
  })

  test('records too large for one batch are refused, unless they may be split', async () => {
    await elect()
    log.maxBytes = 200
    const three = (atomic: boolean) =>
      runtime.write(0, 'three', () => {
        const outcome = new OutcomeBuilder<CounterKinds>()
        for (const name of ['a', 'b', 'c']) outcome.append({ name: name.repeat(40), value: 1 })
        outcome.atomic = atomic
        outcome.onAppendFailed = () => 'too large'
        return outcome.respond('ok')
      })
    expect(await errorOf(three(true))).toBe(ErrorCode.UNKNOWN_SERVER_ERROR)
    await world.settle()
    expect(shards[0]!.events).toEqual(['loaded 0', 'too large'])
    expect(await three(false)).toBe('ok')
    expect(log.stored(0).map(({ records }) => records.length)).toEqual([1, 1, 1])
  })
})

describe('failed appends', () => {
  test('a failed append undoes its batch and all that came after it', async () => {
    await elect()
    await add('a', 10)
    log.holdAppends = true
    const first = watch(add('a'))
    const waiting = watch(wait('a'))
    await world.settle()
    const second = watch(add('a'))
    await world.settle()
    expect(shards[0]!.counters.get('a')).toBe(12)
    log.failAppend(ErrorCode.NOT_ENOUGH_REPLICAS)
    await world.settle()
    const error = `error ${ErrorCode.COORDINATOR_NOT_AVAILABLE}`
    expect([first.state, waiting.state, second.state]).toEqual([error, error, error])
    expect(shards[0]!.counters.get('a')).toBe(10)
    expect(runtime.statistics().parkedRequests).toBe(0)
    log.holdAppends = false
    expect(await add('a')).toBe(11)
  })

  test('the log speaks of leaders, the client hears of coordinators', async () => {
    await elect()
    log.failures = [ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.MESSAGE_TOO_LARGE]
    expect(await errorOf(add('a'))).toBe(ErrorCode.NOT_COORDINATOR)
    expect(await errorOf(add('a'))).toBe(ErrorCode.UNKNOWN_SERVER_ERROR)
  })

  test('what shall follow a failed append comes before what waits', async () => {
    await elect()
    log.holdAppends = true
    void add('a').catch(() => {})
    await world.settle()
    void add('b').catch(() => {})
    log.failAppend(ErrorCode.KAFKA_STORAGE_ERROR)
    await world.settle()
    expect(shards[0]!.events).toEqual(['loaded 0', 'failed a'])
  })

  test('a log that is not where it should be is loaded again', async () => {
    await elect()
    await add('a')
    const intruder = { key: Buffer.from('a'), value: Buffer.from('77') }
    log.store(0, { records: [intruder], timestampMs: 0, producer: null, marker: null })
    expect(await errorOf(add('a'))).toBe(ErrorCode.NOT_COORDINATOR)
    await world.advance(1_000)
    expect(await get('a')).toBe(2)
    expect(world.log.find('loading again', 'error').length).toBe(1)
  })

  test('a bug ends the process, or the shard is loaded again', async () => {
    start('reload')
    await elect()
    await add('a')
    const bug = runtime.write(0, 'bug', () => {
      throw new TypeError('oops')
    })
    expect(await errorOf(bug)).toBe(ErrorCode.UNKNOWN_SERVER_ERROR)
    await world.advance(1_000)
    const poison = runtime.write(0, 'poison', () => {
      const outcome = new OutcomeBuilder<CounterKinds>()
      outcome.append({ name: 'a', value: 9 })
      outcome.append({ name: 'poison', value: 1 })
      return outcome.respond(undefined)
    })
    expect(await errorOf(poison)).toBe(ErrorCode.UNKNOWN_SERVER_ERROR)
    await world.advance(1_000)
    expect(await get('a')).toBe(1)
    expect(shards.length).toBe(3)
  })
})

describe('parked requests', () => {
  test('a parked request is answered by another, once that is committed', async () => {
    await elect()
    const waiting = watch(wait('a'))
    await world.settle()
    expect(runtime.statistics().parkedRequests).toBe(1)
    log.holdWatermark = true
    void add('a', 7)
    await world.settle()
    expect(waiting.state).toBe('waiting')
    log.commit(0)
    await world.settle()
    expect(waiting.state).toBe('done 7')
    expect(runtime.statistics().parkedRequests).toBe(0)
  })

  test('after a failed append the request is parked still', async () => {
    await elect()
    const waiting = watch(wait('a'))
    await world.settle()
    log.failures = [ErrorCode.NOT_ENOUGH_REPLICAS]
    expect(await errorOf(add('a'))).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    expect(waiting.state).toBe('waiting')
    await add('a', 3)
    await world.settle()
    expect(waiting.state).toBe('done 3')
  })
})

describe('timers', () => {
  const keepAlive = (name: string, durationMs: number) =>
    runtime.write(0, 'keep', (shard) => shard.keepAlive(name, durationMs))

  test('a timer that is armed anew fires once, at its new time', async () => {
    await elect()
    await add('a')
    await keepAlive('a', 100)
    await world.advance(60)
    await keepAlive('a', 100)
    await world.advance(99)
    expect(await get('a')).toBe(1)
    await world.advance(1)
    expect(await get('a')).toBe(undefined)
    expect(shards[0]!.events).toEqual(['loaded 0', 'expire a'])
  })

  test('a firing counts after all when the renewal is undone', async () => {
    await elect()
    await add('a')
    await keepAlive('a', 100)
    await world.advance(90)
    log.holdAppends = true
    void add('b').catch(() => {})
    await world.settle()
    const renewal = watch(keepAlive('a', 100))
    await world.advance(50)
    expect(shards[0]!.events).toEqual(['loaded 0'])
    log.holdAppends = false
    log.failAppend(ErrorCode.NOT_ENOUGH_REPLICAS)
    await world.settle()
    expect(renewal.state).toBe(`error ${ErrorCode.COORDINATOR_NOT_AVAILABLE}`)
    expect(shards[0]!.events).toEqual(['loaded 0', 'failed b', 'expire a'])
    expect(await get('a')).toBe(undefined)
  })

  test('a timer whose records could not be appended fires again', async () => {
    await elect()
    await add('a')
    await keepAlive('a', 100)
    log.failures = [ErrorCode.NOT_ENOUGH_REPLICAS, ErrorCode.NOT_ENOUGH_REPLICAS]
    await world.advance(100)
    expect(await get('a')).toBe(1)
    await world.advance(1_000)
    expect(await get('a')).toBe(undefined)
    expect(shards[0]!.events.length).toBe(4)
  })

  test('no timer outlives its shard', async () => {
    await elect()
    await keepAlive('a', 100)
    runtime.onResigned(0, null)
    await world.advance(200)
    expect(shards[0]!.events).toEqual(['loaded 0'])
  })
})

describe('transactions, tasks and metadata', () => {
  const producer = { producerId: 7, producerEpoch: 0 }

  test('records of a transaction have a batch of their own and count from its marker on', async () => {
    await elect()
    void add('a')
    const inTransaction = add('a', 5, { producer })
    void add('b')
    await inTransaction
    expect(log.stored(0).map((batch) => batch.producer?.producerId)).toEqual([
      undefined,
      7,
      undefined,
    ])
    expect(await get('a')).toBe(1)
    await runtime.completeTransaction(0, producer, 3, 'commit', 1_000)
    expect(log.stored(0).at(-1)!.marker).toEqual({ outcome: 'commit', coordinatorEpoch: 3 })
    expect(await get('a')).toBe(6)
    await elect(2)
    expect(await get('a')).toBe(6)
  })

  test('a marker that could not be appended is undone', async () => {
    await elect()
    await add('a', 5, { producer })
    log.failures = [ErrorCode.INVALID_PRODUCER_EPOCH]
    const failed = runtime.completeTransaction(0, producer, 3, 'commit', 1_000)
    expect(await errorOf(failed)).toBe(ErrorCode.INVALID_PRODUCER_EPOCH)
    expect(await get('a')).toBe(undefined)
    await runtime.completeTransaction(0, producer, 3, 'abort', 1_000)
    expect(await get('a')).toBe(undefined)
    expect(shards[0]!.digest()).toMatchObject({ pending: [] })
  })

  test('a task begins once its records are appended, its result is an event', async () => {
    await elect()
    log.failures = [ErrorCode.NOT_ENOUGH_REPLICAS]
    const work = () => runtime.write(0, 'work', (shard) => shard.work('dig'))
    await errorOf(work())
    expect(tasks).toEqual([])
    await work()
    expect(tasks.map(({ task }) => task)).toEqual(['dig'])
    tasks[0]!.finish('now')
    await world.settle()
    expect(await get('now')).toBe(world.clock.nowMs())
  })

  test('the result of a task finds nobody after the shard has gone', async () => {
    await elect()
    await runtime.write(0, 'work', (shard) => shard.work('dig'))
    await elect(2)
    tasks[0]!.finish('now')
    await world.settle()
    expect(shards[1]!.events).toEqual(['loaded 1'])
  })

  test('changes of the metadata reach all shards', async () => {
    await elect()
    runtime.onElected(1, 1)
    await world.settle()
    await add('a')
    const deletedTopics = [{ id: 'x', name: 'a' }]
    const change = {
      changedTopics: new Set<string>(),
      deletedTopics,
      changedGroups: new Set<string>(),
    }
    runtime.onMetadata(EMPTY_METADATA, change)
    await world.settle()
    expect(await get('a')).toBe(undefined)
    expect(log.endOffset(1)).toBe(1)
    const sizes = await runtime.writeAll('size', (shard) =>
      new OutcomeBuilder<CounterKinds>().respond(shard.counters.size),
    )
    expect(sizes).toEqual([0, 0])
  })

  test('what is not committed yet is not read, also after loading', async () => {
    await elect()
    await add('a', 1)
    log.holdWatermark = true
    watch(add('a', 1))
    await world.settle()
    runtime.onElected(0, 2)
    await world.settle()
    expect(await get('a')).toBe(1)
    log.commit(0)
    expect(await get('a')).toBe(2)
  })
})
