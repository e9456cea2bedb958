import { MemoryFileSystem } from '@barnabas/base/testing'
import { describe, expect, test } from 'vitest'
import { recordsOf, simple } from '../support/batches.ts'
import { DIRECTORY, openStore } from '../support/file-store.ts'

const LOG = `${DIRECTORY}/00000000000000000000.log`

/** A store whose writes can be held back. */
async function setup() {
  const files = new MemoryFileSystem()
  const failures: unknown[] = []
  const { store } = await openStore({ files, onFailure: (error) => failures.push(error) })
  let held: (() => void)[] | null = null
  let writes = 0
  files.delay = (operation) => {
    if (operation !== 'writev') return null
    writes++
    const queue = held
    if (queue === null) return null
    return new Promise<void>((resolve) => void queue.push(resolve))
  }
  const append = (count: number) => {
    const batch = simple(count)
    batch.baseOffset = store.endOffset
    return store.append(recordsOf(batch), [batch])
  }
  return {
    files,
    store,
    failures,
    append,
    writes: () => writes,
    hold: () => {
      held = []
    },
    letOne: async () => {
      held?.shift()?.()
      for (let n = 0; n < 20; n++) await Promise.resolve()
    },
  }
}

describe('group commit', () => {
  test('a write that the system takes at once has no promise', async () => {
    const { append } = await setup()
    await append(1)
    expect(append(1)).toBeUndefined()
    expect(append(1)).toBeUndefined()
  })

  test('what arrives during a write goes out in one', async () => {
    const { append, hold, letOne, writes, store, files } = await setup()
    await append(1)
    hold()
    const before = writes()
    const results = Array.from({ length: 10 }, () => append(1))
    expect(writes()).toBe(before + 1)
    let done = 0
    for (const result of results) void Promise.resolve(result).then(() => done++)
    await letOne()
    expect(done).toBe(1)
    expect(writes()).toBe(before + 2)
    await letOne()
    expect(done).toBe(10)
    expect(writes()).toBe(before + 2)
    const run = await store.read({
      offset: 0,
      maxOffset: 11,
      maxBytes: 1 << 20,
      minOneBatch: true,
    })
    expect(run.endOffset).toBe(11)
    expect((await files.readFile(LOG)).length).toBe(run.sizeBytes)
  })

  test('a roll between waiting appends keeps each in its segment', async () => {
    const { append, hold, letOne, store } = await setup()
    await append(1)
    hold()
    const results = [append(1), append(1)]
    store.roll(3, 0)
    results.push(append(1), append(1))
    store.roll(5, 0)
    results.push(append(1))
    for (let n = 0; n < 6; n++) await letOne()
    await Promise.all(results)
    for (const [offset, end] of [
      [0, 3],
      [3, 5],
      [5, 6],
    ] as const) {
      const request = { offset, maxOffset: 99, maxBytes: 1 << 20, minOneBatch: true }
      expect((await store.read(request)).endOffset).toBe(end)
    }
  })

  test('nothing follows a write that failed', async () => {
    const { append, files, failures, store } = await setup()
    await append(1)
    files.fail({ operation: 'writev', path: LOG, systemCode: 'ENOSPC', writtenBytes: 5 })
    expect(() => append(1)).toThrow('ENOSPC')
    expect(() => append(1)).toThrow('ENOSPC')
    expect(failures.length).toBe(1)
    await expect(store.flush()).rejects.toThrow('ENOSPC')
  })

  test('all that wait behind a failing write fail', async () => {
    const { append, files, failures, hold, letOne, store } = await setup()
    await append(1)
    hold()
    const results = [append(1), append(1)]
    store.roll(3, 0)
    results.push(append(1))
    files.fail({ operation: 'writev', path: LOG, systemCode: 'EIO' })
    const settled = Promise.allSettled(results)
    await letOne()
    expect((await settled).map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
      'rejected',
    ])
    expect(failures.length).toBe(1)
  })
})
