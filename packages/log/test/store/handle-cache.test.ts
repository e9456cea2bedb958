import { StorageError } from '@barnabas/base'
import { MemoryFileSystem } from '@barnabas/base/testing'
import { describe, expect, test } from 'vitest'
import { HandleCache, type OpenFile } from '../../src/store/handle-cache.ts'

async function setup(maxOpen: number, count = 10) {
  const files = new MemoryFileSystem()
  await files.makeDirectories('/d')
  for (let n = 0; n < count; n++) {
    const handle = await files.open(`/d/${n}`, 'readwrite')
    await handle.writev([Buffer.from([n])], 0)
    await handle.close()
  }
  return { files, cache: new HandleCache(files, maxOpen) }
}

async function byteOf(file: OpenFile) {
  const into = Buffer.alloc(1)
  await file.handle!.read(into, 0)
  return into[0]
}

describe('handle cache', () => {
  test('ten thousand idle files hold no more handles than allowed', async () => {
    const { cache } = await setup(8, 10_000)
    let most = 0
    let wrong = 0
    for (let n = 0; n < 10_000; n++) {
      const file = await cache.acquire(`/d/${n}`, 'read')
      if ((await byteOf(file)) !== (n & 0xff)) wrong++
      cache.release(file)
      most = Math.max(most, cache.openCount)
    }
    expect({ most, wrong }).toEqual({ most: 8, wrong: 0 })
  })

  test('a file in use stays open, whatever the limit', async () => {
    const { cache } = await setup(2)
    const held: OpenFile[] = []
    for (let n = 0; n < 5; n++) held.push(await cache.acquire(`/d/${n}`, 'read'))
    expect(cache.openCount).toBe(5)
    for (const [n, file] of held.entries()) expect(await byteOf(file)).toBe(n)
    for (const file of held) cache.release(file)
    expect(cache.openCount).toBeLessThanOrEqual(2)
  })

  test('an open file is given without a wait, and opened once for all who wait', async () => {
    const { files, cache } = await setup(4)
    let opened = 0
    files.delay = (operation) => {
      if (operation === 'open') opened++
      return null
    }
    const [a, b] = await Promise.all([cache.acquire('/d/1', 'read'), cache.acquire('/d/1', 'read')])
    expect(a).toBe(b)
    expect(opened).toBe(1)
    expect(cache.acquire('/d/1', 'read')).toBe(a)
  })

  test('what was used lately is kept', async () => {
    const { cache } = await setup(4)
    const use = async (n: number) => cache.release(await cache.acquire(`/d/${n}`, 'read'))
    for (let n = 0; n < 4; n++) await use(n)
    for (let n = 4; n < 10; n++) {
      await use(0)
      await use(n)
    }
    expect(cache.acquire('/d/0', 'read')).not.toBeInstanceOf(Promise)
  })

  test('a discarded file is closed by its last user', async () => {
    const { cache } = await setup(4)
    const file = await cache.acquire('/d/1', 'read')
    let gone = false
    const discarding = cache.discard('/d/1').then(() => {
      gone = true
    })
    expect(await byteOf(file)).toBe(1)
    const other = await cache.acquire('/d/1', 'read')
    expect(other).not.toBe(file)
    expect(gone).toBe(false)
    cache.release(file)
    await discarding
    expect(file.handle).toBeNull()
    expect(await byteOf(other)).toBe(1)
    cache.release(other)
    await cache.closeIdle()
    expect(cache.openCount).toBe(0)
  })

  test('a file open for reading is opened again for writing', async () => {
    const { cache } = await setup(4)
    cache.release(await cache.acquire('/d/1', 'read'))
    const file = await cache.acquire('/d/1', 'readwrite')
    await file.handle!.writev([Buffer.from([77])], 0)
    cache.release(file)
    expect(cache.acquire('/d/1', 'read')).toBe(file)
  })

  test('a failure to open is told to all who wait, and not remembered', async () => {
    const { files, cache } = await setup(4)
    files.fail({ operation: 'open', path: '/d/1', systemCode: 'EMFILE' })
    const both = await Promise.allSettled([
      cache.acquire('/d/1', 'read'),
      cache.acquire('/d/1', 'read'),
    ])
    for (const one of both) {
      expect((one as PromiseRejectedResult).reason).toBeInstanceOf(StorageError)
    }
    expect(await byteOf(await cache.acquire('/d/1', 'read'))).toBe(1)
  })
})
