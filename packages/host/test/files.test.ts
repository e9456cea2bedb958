import { once } from 'node:events'
import fs from 'node:fs'
import { spawn, spawnSync } from 'node:child_process'
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StorageError } from '@barnabas/base'
import { createFileSystem } from '@barnabas/host'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const files = createFileSystem()
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'barnabas-files-'))
})

afterEach(() => rm(directory, { recursive: true }))

test('small writes and reads answer at once, large ones with a promise', async () => {
  const file = await files.open(join(directory, 'a'), 'readwrite')
  expect(file.writev([new Uint8Array(1000)], 0)).toBe(undefined)
  const large = file.writev([new Uint8Array(3_000_000), new Uint8Array(3_000_000)], 0)
  expect(large).toBeInstanceOf(Promise)
  await large
  await file.datasync()
  expect(file.read(new Uint8Array(64 * 1024), 0)).toBe(64 * 1024)
  const slow = file.read(new Uint8Array(64 * 1024 + 1), 0)
  expect(slow).toBeInstanceOf(Promise)
  expect(await slow).toBe(64 * 1024 + 1)
  expect(file.read(new Uint8Array(1_000_000), 0, true)).toBe(1_000_000)
  expect(file.size()).toBe(6_000_000)
  await file.close()
})

test('close waits for what is in the thread pool', async () => {
  const path = join(directory, 'a')
  const file = await files.open(path, 'readwrite')
  const writing = file.writev([new Uint8Array(8_000_000).fill(1)], 0)
  const syncing = file.datasync()
  const closing = file.close()
  await Promise.all([writing, syncing, closing])
  expect((await stat(path)).size).toBe(8_000_000)
})

test('errors name the operation, the file and what to do', async () => {
  const error = await files.open(join(directory, 'none', 'a'), 'read').catch((e: unknown) => e)
  expect(error).toBeInstanceOf(StorageError)
  expect(error).toMatchObject({ systemCode: 'ENOENT', path: join(directory, 'none', 'a') })
  expect((error as Error).message).toMatch(/^cannot open .*ENOENT, no such file/)
  expect((error as Error).cause).toBeInstanceOf(Error)
  const full = await files.open('/dev/full', 'readwrite')
  expect(() => full.writev([new Uint8Array(10)], 0)).toThrow(/ENOSPC, the disk is full/)
  await expect(full.writev([new Uint8Array(5_000_000)], 0)).rejects.toMatchObject({
    systemCode: 'ENOSPC',
    retriable: true,
  })
  await full.close()
})

/** A process that takes the lock, says so and waits for its end. */
async function startHolder(path: string) {
  const script = `
    import { createFileSystem } from ${JSON.stringify(new URL('../src/files.ts', import.meta.url).href)}
    const lock = await createFileSystem().lock(${JSON.stringify(path)})
    console.log(lock === null ? 'refused' : 'held')
    process.stdin.once('data', async () => {
      await lock?.unlock()
      process.exit()
    })`
  const child = spawn(
    process.execPath,
    ['--conditions=barnabas-source', '--import=tsx', '--input-type=module', '--eval', script],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const [answer] = await once(child.stdout, 'data')
  return { child, answer: String(answer).trim() }
}

test('FIL-16 a lock keeps other processes out, and dies with its process', async () => {
  const path = join(directory, '.lock')
  await writeFile(path, '') // as Apache Kafka leaves it
  const { child, answer } = await startHolder(path)
  expect(answer).toBe('held')
  expect(await files.lock(path)).toBe(null)
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
  const lock = await files.lock(path)
  expect(lock).not.toBe(null)
  const refused = await startHolder(path)
  expect(refused.answer).toBe('refused')
  const refusedExit = once(refused.child, 'exit')
  refused.child.stdin.write('end\n')
  await refusedExit
  expect(await files.lock(path)).toBe(null)
  await lock!.unlock()
  expect(await readFile(path, 'utf8')).toBe('')
})

test('of many who claim a lock at once exactly one gets it', async () => {
  const path = join(directory, '.lock')
  for (let round = 0; round < 5; round++) {
    const locks = await Promise.all(Array.from({ length: 20 }, () => files.lock(path)))
    const held = locks.filter((lock) => lock !== null)
    expect(held.length).toBe(1)
    await held[0]!.unlock()
  }
})

test('foreign content, claims of earlier boots and of a re-used process id do not lock', async () => {
  const path = join(directory, '.lock')
  await writeFile(path, 'something else without a line end')
  const first = await files.lock(path)
  expect(first).not.toBe(null)
  const line = (await readFile(path, 'utf8')).trim().split('\n').at(-1)!
  const [, id, start, boot] = line.split(' ')
  expect(Number(id)).toBe(process.pid)
  await first!.unlock()
  await writeFile(path, `claim ${id} ${start} another-boot x\n`)
  const second = await files.lock(path)
  expect(second).not.toBe(null)
  await second!.unlock()
  if (start !== '-') {
    await writeFile(path, `claim ${id} ${Number(start) + 1} ${boot} x\nclaim 1\n`)
    expect(await files.lock(path)).not.toBe(null)
  }
})

test('a lock whose file was removed can be unlocked', async () => {
  const path = join(directory, '.lock')
  const lock = await files.lock(path)
  await appendFile(path, '')
  await rm(path)
  await lock!.unlock()
})

const hasFlock = spawnSync('flock', ['--version']).status === 0

test.skipIf(!hasFlock)(
  "FIL-16 a lock of the system's own, as Apache Kafka takes, counts",
  async () => {
    const path = join(directory, '.lock')
    const child = spawn('flock', [path, 'sh', '-c', 'echo held; read line'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    expect(await files.lock(path)).toBe(null)
    const exited = once(child, 'exit')
    child.stdin.write('end\n')
    await exited
    expect(await files.lock(path)).not.toBe(null)
  },
)

test('what the system writes or reads only in part is completed', async () => {
  const path = join(directory, 'a')
  const file = await files.open(path, 'readwrite')
  const { readSync, writeSync, writev, writevSync } = fs
  const firstBytes = (parts: Uint8Array[], count: number) => [
    Buffer.concat(parts).subarray(0, count),
  ]
  const partial: Record<string, (...call: any[]) => unknown> = {
    writeSync: (fd, part, from, length, at) => writeSync(fd, part, from, Math.min(length, 3), at),
    readSync: (fd, into, from, length, at) => readSync(fd, into, from, Math.min(length, 4), at),
    writevSync: (fd, parts, at) => writevSync(fd, firstBytes(parts, 5), at),
    writev: (fd, parts, at, done) => writev(fd, firstBytes(parts, 700_001), at, done),
  }
  for (const [name, call] of Object.entries(partial)) {
    vi.spyOn(fs, name as 'writev').mockImplementation(call as typeof fs.writev)
  }
  try {
    await file.writev([Buffer.from('one part')], 0)
    await file.writev(['and ', '', 'several ', 'of them'].map(Buffer.from), 8)
    const into = Buffer.alloc(40)
    const length = await file.read(into, 0)
    expect(into.toString('latin1', 0, length)).toBe('one partand several of them')
    const large = Buffer.alloc(2_100_000, '0123456')
    await file.writev([large, large], 0)
    expect(Buffer.compare(await readFile(path), Buffer.concat([large, large]))).toBe(0)
  } finally {
    vi.restoreAllMocks()
  }
})
