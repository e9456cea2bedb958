/**
 * What every `FileSystem` must do. Runs against any implementation, with any test runner: the caller
 * hands in how to declare a test and how to get a fresh, empty directory.
 */
import nodeAssert from 'node:assert/strict'
import { StorageError } from '../errors.ts'
import type { Awaitable, FileHandle, FileSystem } from '../world.ts'

export interface FileSystemUnderTest {
  files: FileSystem
  /** An empty directory that exists; every path of the test lies below it. */
  directory: string
  dispose?(): Promise<void>
}

type Check = (files: FileSystem, directory: string) => Promise<void>

export function runFileSystemSuite(
  declareTest: (title: string, run: () => Promise<void>) => void,
  make: () => Promise<FileSystemUnderTest>,
): void {
  for (const [title, check] of Object.entries({ ...handleChecks, ...nameChecks })) {
    declareTest(title, async () => {
      const { files, directory, dispose } = await make()
      try {
        await check(files, directory)
      } finally {
        await dispose?.()
      }
    })
  }
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')
const bytes = (content: string) => new Uint8Array(Buffer.from(content, 'latin1'))

async function contentOf(files: FileSystem, path: string): Promise<string> {
  return text(await files.readFile(path))
}

async function put(files: FileSystem, path: string, content: string): Promise<void> {
  const file = await files.open(path, 'readwrite')
  await file.writev([bytes(content)], 0)
  await file.close()
}

async function read(file: FileHandle, position: number, length: number): Promise<string> {
  const into = new Uint8Array(length)
  return text(into.subarray(0, await file.read(into, position)))
}

/** The operation fails with a `StorageError` of this code, thrown at once or as a rejection. */
async function failsWith(systemCodes: string, operation: () => Awaitable<unknown>): Promise<void> {
  try {
    await operation()
  } catch (error) {
    nodeAssert.ok(error instanceof StorageError, `not a StorageError: ${String(error)}`)
    nodeAssert.ok(
      systemCodes.split(' ').includes(error.systemCode),
      `${error.systemCode} instead of ${systemCodes}`,
    )
    return
  }
  nodeAssert.fail(`no failure where ${systemCodes} is due`)
}

const handleChecks: Record<string, Check> = {
  async 'what is written is read, at any position'(files, directory) {
    const file = await files.open(`${directory}/a`, 'readwrite')
    nodeAssert.equal(await file.size(), 0)
    await file.writev([bytes('hello '), bytes(''), bytes('world')], 0)
    nodeAssert.equal(await file.size(), 11)
    await file.writev([bytes('W')], 6)
    nodeAssert.equal(await read(file, 0, 100), 'hello World')
    nodeAssert.equal(await read(file, 6, 3), 'Wor')
    nodeAssert.equal(await read(file, 11, 5), '')
    nodeAssert.equal(await read(file, 500, 5), '')
    nodeAssert.equal(await read(file, 0, 0), '')
    await file.writev([], 3)
    nodeAssert.equal(await file.size(), 11)
    await file.close()
    nodeAssert.equal(await contentOf(files, `${directory}/a`), 'hello World')
  },

  async 'a gap that was never written reads as zeros'(files, directory) {
    const file = await files.open(`${directory}/a`, 'readwrite')
    await file.writev([bytes('end')], 50_000)
    nodeAssert.equal(await file.size(), 50_003)
    nodeAssert.equal(await read(file, 49_998, 5), '\0\0end')
    await file.close()
  },

  async 'many parts and large ones arrive whole'(files, directory) {
    const file = await files.open(`${directory}/a`, 'readwrite')
    const parts = Array.from({ length: 2500 }, (_, n) => new Uint8Array(3).fill(n % 251))
    await file.writev(parts, 1)
    const small = new Uint8Array(7501)
    nodeAssert.equal(await file.read(small, 0), 7501)
    nodeAssert.deepEqual(small.subarray(1), new Uint8Array(Buffer.concat(parts)))
    const large = Array.from({ length: 3 }, (_, n) => new Uint8Array(2_000_000).fill(n + 1))
    await file.writev(large, 7501)
    nodeAssert.equal(await file.size(), 6_007_501)
    const all = new Uint8Array(6_000_010)
    nodeAssert.equal(await file.read(all, 7501), 6_000_000)
    for (const [n, part] of large.entries()) {
      nodeAssert.equal(Buffer.compare(all.subarray(n * 2_000_000, (n + 1) * 2_000_000), part), 0)
    }
    await file.close()
  },

  async 'truncate cuts, and extends with zeros'(files, directory) {
    const file = await files.open(`${directory}/a`, 'readwrite')
    await file.writev([bytes('0123456789')], 0)
    await file.truncate(4)
    nodeAssert.equal(await file.size(), 4)
    await file.truncate(7)
    nodeAssert.equal(await read(file, 0, 20), '0123\0\0\0')
    await file.truncate(0)
    nodeAssert.equal(await file.size(), 0)
    await file.datasync()
    await file.close()
  },

  async 'a handle for reading does not write, a closed one does nothing'(files, directory) {
    await failsWith('ENOENT', () => files.open(`${directory}/a`, 'read'))
    await put(files, `${directory}/a`, 'content')
    const file = await files.open(`${directory}/a`, 'read')
    nodeAssert.equal(await read(file, 0, 20), 'content')
    await failsWith('EBADF', () => file.writev([bytes('x')], 0))
    await failsWith('EBADF EINVAL', () => file.truncate(0))
    await file.close()
    await file.close()
    await failsWith('EBADF', () => file.read(new Uint8Array(1), 0))
    await failsWith('EBADF', () => file.writev([bytes('x')], 0))
    await failsWith('EBADF', () => file.truncate(0))
    await failsWith('EBADF', () => file.datasync())
    await failsWith('EBADF', () => file.size())
  },

  async 'two handles of one file see the same bytes'(files, directory) {
    const one = await files.open(`${directory}/a`, 'readwrite')
    const other = await files.open(`${directory}/a`, 'readwrite')
    await one.writev([bytes('shared')], 0)
    nodeAssert.equal(await read(other, 0, 20), 'shared')
    await files.rename(`${directory}/a`, `${directory}/b`)
    await other.writev([bytes('S')], 0)
    nodeAssert.equal(await contentOf(files, `${directory}/b`), 'Shared')
    await files.remove(`${directory}/b`)
    nodeAssert.equal(await read(one, 0, 20), 'Shared')
    await one.close()
    await other.close()
  },
}

const nameChecks: Record<string, Check> = {
  async 'directories are made, listed in order, and removed with all in them'(files, directory) {
    await files.makeDirectories(`${directory}/x/y/z`)
    await files.makeDirectories(`${directory}/x/y`)
    for (const name of ['b', 'a', '10', '9']) await put(files, `${directory}/x/${name}`, name)
    nodeAssert.deepEqual(await files.list(`${directory}/x`), ['10', '9', 'a', 'b', 'y'])
    await files.syncDirectory(`${directory}/x`)
    await files.removeTree(`${directory}/x`)
    await files.removeTree(`${directory}/x`)
    nodeAssert.deepEqual(await files.list(directory), [])
    await put(files, `${directory}/f`, '')
    await files.removeTree(`${directory}/f`)
    nodeAssert.deepEqual(await files.list(directory), [])
  },

  async 'names that are wrong are refused'(files, directory) {
    await put(files, `${directory}/file`, 'f')
    await files.makeDirectories(`${directory}/d/e`)
    await failsWith('ENOENT', () => files.list(`${directory}/none`))
    await failsWith('ENOTDIR', () => files.list(`${directory}/file`))
    await failsWith('ENOENT', () => files.readFile(`${directory}/none`))
    await failsWith('EISDIR', () => files.readFile(`${directory}/d`))
    await failsWith('ENOENT', () => files.open(`${directory}/none/a`, 'readwrite'))
    await failsWith('EISDIR', () => files.open(`${directory}/d`, 'readwrite'))
    await failsWith('EEXIST ENOTDIR', () => files.makeDirectories(`${directory}/file`))
    await failsWith('ENOENT', () => files.rename(`${directory}/none`, `${directory}/b`))
    await failsWith('ENOTEMPTY EEXIST', async () => {
      await files.makeDirectories(`${directory}/g`)
      await files.rename(`${directory}/g`, `${directory}/d`)
    })
    await failsWith('EISDIR EPERM', () => files.remove(`${directory}/d`))
    await failsWith('ENOENT', () => files.syncDirectory(`${directory}/none`))
    await failsWith('ENOENT', () => files.setModified(`${directory}/none`, 0))
    await failsWith('ENOENT', () => files.diskSpace(`${directory}/none`))
    await files.remove(`${directory}/none`)
    await files.removeTree(`${directory}/none`)
  },

  async 'rename replaces a file and moves a directory'(files, directory) {
    await put(files, `${directory}/a`, 'new')
    await put(files, `${directory}/b`, 'old')
    await files.rename(`${directory}/a`, `${directory}/b`)
    nodeAssert.equal(await contentOf(files, `${directory}/b`), 'new')
    nodeAssert.equal(await files.stat(`${directory}/a`), null)
    await files.makeDirectories(`${directory}/d`)
    await files.rename(`${directory}/b`, `${directory}/d/b`)
    await files.rename(`${directory}/d`, `${directory}/e`)
    nodeAssert.deepEqual(await files.list(directory), ['e'])
    nodeAssert.equal(await contentOf(files, `${directory}/e/b`), 'new')
  },

  async 'stat tells size, kind and time'(files, directory) {
    nodeAssert.equal(await files.stat(`${directory}/none`), null)
    nodeAssert.equal((await files.stat(directory))?.isDirectory, true)
    await put(files, `${directory}/a`, 'four')
    const info = await files.stat(`${directory}/a`)
    nodeAssert.equal(info?.isDirectory, false)
    nodeAssert.equal(info?.sizeBytes, 4)
    nodeAssert.equal(await files.stat(`${directory}/a/below`), null)
    const modifiedMs = 1_700_000_000_123
    await files.setModified(`${directory}/a`, modifiedMs)
    nodeAssert.equal((await files.stat(`${directory}/a`))?.modifiedMs, modifiedMs)
  },

  async 'replaceFile leaves the new content and no other file'(files, directory) {
    const path = `${directory}/checkpoint`
    await files.replaceFile(path, bytes('first'))
    nodeAssert.equal(await contentOf(files, path), 'first')
    await put(files, `${path}.tmp`, 'a longer left-over of a crash')
    await files.replaceFile(path, bytes('2nd'), { sync: false })
    nodeAssert.equal(await contentOf(files, path), '2nd')
    await files.replaceFile(path, new Uint8Array(0))
    nodeAssert.equal(await contentOf(files, path), '')
    nodeAssert.deepEqual(await files.list(directory), ['checkpoint'])
    await failsWith('ENOENT', () => files.replaceFile(`${directory}/none/a`, bytes('x')))
  },

  async 'a lock is held once, and free again after unlock'(files, directory) {
    const path = `${directory}/.lock`
    await put(files, path, '') // as Apache Kafka leaves it
    const lock = await files.lock(path)
    nodeAssert.notEqual(lock, null)
    nodeAssert.equal(await files.lock(path), null)
    nodeAssert.notEqual(await files.lock(`${directory}/other`), null)
    await lock?.unlock()
    await lock?.unlock()
    const again = await files.lock(path)
    nodeAssert.notEqual(again, null)
    await lock?.unlock() // of an earlier lock: no effect
    nodeAssert.equal(await files.lock(path), null)
    await again?.unlock()
    await failsWith('ENOENT', () => files.lock(`${directory}/none/.lock`))
  },

  async 'the disk has a size and room'(files, directory) {
    const { totalBytes, usableBytes } = await files.diskSpace(directory)
    nodeAssert.ok(totalBytes > 0 && usableBytes > 0 && usableBytes <= totalBytes)
  },
}
