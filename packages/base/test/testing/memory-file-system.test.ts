import { seededEntropy, StorageError } from '@barnabas/base'
import { MemoryFileSystem } from '@barnabas/base/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const bytes = (content: string) => new Uint8Array(Buffer.from(content))

async function content(files: MemoryFileSystem, path: string): Promise<string | null> {
  if ((await files.stat(path)) === null) return null
  return Buffer.from(await files.readFile(path)).toString()
}

async function directory(): Promise<MemoryFileSystem> {
  const files = new MemoryFileSystem()
  await files.makeDirectories('/d')
  await files.syncDirectory('/')
  return files
}

async function write(files: MemoryFileSystem, path: string, text: string, sync: boolean) {
  const file = await files.open(path, 'readwrite')
  await file.truncate(0)
  await file.writev([bytes(text)], 0)
  if (sync) await file.datasync()
  await file.close()
}

test('a crash loses bytes without datasync and names without syncDirectory', async () => {
  let files = await directory()
  await write(files, '/d/kept', 'kept', true)
  await write(files, '/d/empty', 'lost', false)
  await files.syncDirectory('/d')
  await write(files, '/d/nameless', 'bytes are synced, the name is not', true)
  await write(files, '/d/kept', 'changed', false)
  files = files.crash()
  expect(await files.list('/d')).toEqual(['empty', 'kept'])
  expect(await content(files, '/d/kept')).toBe('kept')
  expect(await content(files, '/d/empty')).toBe('')
})

test('a crash brings back what was removed or renamed and not synced', async () => {
  let files = await directory()
  await write(files, '/d/a', 'a', true)
  await write(files, '/d/b', 'b', true)
  await files.syncDirectory('/d')
  await files.remove('/d/a')
  await files.rename('/d/b', '/d/c')
  files = files.crash()
  expect(await files.list('/d')).toEqual(['a', 'b'])
  expect(await content(files, '/d/b')).toBe('b')
})

test('a killed process loses nothing but its locks and handles', async () => {
  const files = await directory()
  await write(files, '/d/a', 'a', false)
  const open = await files.open('/d/a', 'readwrite')
  expect(await files.lock('/d/.lock')).not.toBe(null)
  const next = files.kill()
  expect(await content(next, '/d/a')).toBe('a')
  expect(await next.lock('/d/.lock')).not.toBe(null)
  expect(() => open.writev([bytes('from the dead')], 0)).toThrow(StorageError)
  await expect(files.list('/d')).rejects.toThrow(StorageError)
  expect(await content(next, '/d/a')).toBe('a')
})

test('FIL-13 a crash at any step of replaceFile leaves the old or the new content', async () => {
  const seen = new Set<string | null>()
  for (let step = 0; step < 8; step++) {
    for (let seed = 0; seed < 40; seed++) {
      const files = await directory()
      await files.replaceFile('/d/checkpoint', bytes('old'))
      let steps = 0
      let next: MemoryFileSystem | null = null
      files.delay = () => {
        if (steps++ === step && !next) next = files.crash(seededEntropy(seed))
        return null
      }
      await files.replaceFile('/d/checkpoint', bytes('new')).catch(() => {})
      next ??= files.crash(seededEntropy(seed))
      const found = await content(next, '/d/checkpoint')
      expect(['old', 'new']).toContain(found)
      seen.add(found)
      if (step === 7) expect(found).toBe('new')
    }
  }
  expect(seen.size).toBe(2)
})

test('whatever a crash takes, synced bytes stay and the rest is old, new or zero', async () => {
  const property = fc.asyncProperty(
    fc.nat(),
    fc.integer({ min: 1, max: 60_000 }),
    fc.integer({ min: 0, max: 60_000 }),
    fc.boolean(),
    async (seed, syncedBytes, laterBytes, truncates) => {
      const files = new MemoryFileSystem()
      const file = await files.open('/f', 'readwrite')
      await files.syncDirectory('/')
      await file.writev([new Uint8Array(syncedBytes).fill(1)], 0)
      await file.datasync()
      const cut = truncates ? Math.floor(syncedBytes / 2) : syncedBytes
      if (truncates) await file.truncate(cut)
      await file.writev([new Uint8Array(laterBytes).fill(2)], cut)
      const next = files.crash(seededEntropy(seed))
      const found = await next.readFile('/f')
      const most = Math.max(syncedBytes, cut + laterBytes)
      expect(found.length).toBeGreaterThanOrEqual(Math.min(syncedBytes, cut + laterBytes))
      expect(found.length).toBeLessThanOrEqual(most)
      for (let at = 0; at < found.length; at++) {
        const value = found[at]!
        if (at < cut ? value !== 1 : value > 2) throw new Error(`${value} at ${at}`)
      }
      const handle = await next.open('/f', 'readwrite')
      await handle.truncate(most + 10)
      const tail = await next.readFile('/f')
      expect(tail.subarray(found.length).every((value) => value === 0)).toBe(true)
    },
  )
  await fc.assert(property, { numRuns: 60 })
})

test('names after a crash are those of some moment since the last sync', async () => {
  const steps: ((files: MemoryFileSystem) => Promise<void>)[] = [
    (files) => write(files, '/d/a', 'a', true),
    (files) => files.rename('/d/a', '/d/b'),
    (files) => write(files, '/d/c', 'c', true),
    (files) => files.rename('/d/c', '/d/b'),
    (files) => files.remove('/d/b'),
  ]
  const calm = await directory()
  const states = [(await calm.list('/d')).join()]
  for (const step of steps) {
    await step(calm)
    states.push((await calm.list('/d')).join())
  }
  const seen = new Set<string>()
  for (let seed = 0; seed < 60; seed++) {
    const files = await directory()
    for (const step of steps) await step(files)
    seen.add((await files.crash(seededEntropy(seed)).list('/d')).join())
  }
  expect([...seen].sort()).toEqual([...new Set(states)].sort())
})

test('faults hit the operation, the path and the number of times asked for', async () => {
  const files = await directory()
  files.fail({ operation: 'open', path: '/d/a', systemCode: 'EMFILE', times: 2 })
  await expect(files.open('/d/a', 'readwrite')).rejects.toMatchObject({ systemCode: 'EMFILE' })
  await expect(files.open('/d/a', 'readwrite')).rejects.toThrow(/ulimit/)
  const file = await files.open('/d/a', 'readwrite')
  files.fail({ operation: 'writev', path: /a$/, systemCode: 'EIO', writtenBytes: 3 })
  expect(() => file.writev([bytes('ab'), bytes('cd')], 0)).toThrow(/EIO/)
  expect(await content(files, '/d/a')).toBe('abc')
  files.fail({ operation: 'datasync', path: '/d/a', systemCode: 'EIO', times: 9 })
  await expect(file.datasync()).rejects.toMatchObject({ path: '/d/a', retriable: false })
  files.clearFaults()
  await file.datasync()
  files.fail({ operation: 'rename', path: '/d/x.tmp', systemCode: 'EIO' })
  await expect(files.replaceFile('/d/x', bytes('x'))).rejects.toMatchObject({ systemCode: 'EIO' })
  expect(await files.list('/d')).toEqual(['a'])
})

test('a full disk takes what fits, and has room again after a removal', async () => {
  const files = await directory()
  files.capacityBytes = 10
  const file = await files.open('/d/a', 'readwrite')
  await file.writev([bytes('1234')], 0)
  expect(await files.diskSpace('/')).toEqual({ totalBytes: 10, usableBytes: 6 })
  expect(() => file.writev([bytes('56'), bytes('7890abc')], 4)).toThrow(/ENOSPC/)
  expect(await content(files, '/d/a')).toBe('1234567890')
  await file.writev([bytes('ABCDEFGHIJ')], 0) // needs no room
  await file.close()
  await files.remove('/d/a')
  await write(files, '/d/b', '0123456789', true)
  expect(files.usedBytes).toBe(10)
})

test('a flipped bit is flipped on the disk too', async () => {
  let files = await directory()
  await write(files, '/d/a', 'abc', true)
  await files.syncDirectory('/d')
  files.flipBit('/d/a', 1, 0)
  files = files.crash()
  expect(await content(files, '/d/a')).toBe('acc')
})

test('a delayed operation takes place after its delay, or never after a crash', async () => {
  const files = await directory()
  const file = await files.open('/d/a', 'readwrite')
  let release = () => {}
  files.delay = () => new Promise<void>((resolve) => (release = resolve))
  const part = bytes('early')
  const writing = file.writev([part], 0)
  part.set(bytes('later'))
  release()
  await writing
  files.delay = null
  expect(await content(files, '/d/a')).toBe('later')
  files.delay = () => new Promise<void>((resolve) => (release = resolve))
  const lost = file.writev([bytes('never')], 0)
  const next = files.kill()
  release()
  await expect(lost).rejects.toThrow(/EIO/)
  expect(await content(next, '/d/a')).toBe('later')
})
