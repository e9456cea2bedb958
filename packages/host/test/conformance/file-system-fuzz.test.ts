import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FileSystem, StorageError } from '@barnabas/base'
import { MemoryFileSystem } from '@barnabas/base/testing'
import { createFileSystem } from '@barnabas/host'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const name = fc.constantFrom('a', 'b', 'c', 'd/a', 'd/b', 'd')

const step = fc.oneof(
  fc.record({
    kind: fc.constant('write' as const),
    path: name,
    position: fc.nat(40_000),
    length: fc.nat(20_000),
  }),
  fc.record({ kind: fc.constant('truncate' as const), path: name, size: fc.nat(50_000) }),
  fc.record({ kind: fc.constant('rename' as const), path: name, to: name }),
  fc.record({ kind: fc.constant('replace' as const), path: name, length: fc.nat(30) }),
  fc.record({
    kind: fc.constantFrom('remove', 'removeTree', 'makeDirectories', 'list', 'read'),
    path: name,
  }),
)

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

async function withFile(
  files: FileSystem,
  path: string,
  use: (file: Awaited<ReturnType<FileSystem['open']>>) => Promise<void>,
) {
  const file = await files.open(path, 'readwrite')
  try {
    await use(file)
  } finally {
    await file.close()
  }
}

async function perform(files: FileSystem, root: string, action: Step): Promise<unknown> {
  const path = `${root}/${action.path}`
  if ('position' in action) {
    const bytes = Buffer.alloc(action.length, `${action.position},`)
    return withFile(files, path, async (file) => file.writev([bytes], action.position))
  }
  if ('size' in action) return withFile(files, path, async (file) => file.truncate(action.size))
  if ('to' in action) return files.rename(path, `${root}/${action.to}`)
  if ('length' in action) return files.replaceFile(path, Buffer.alloc(action.length, 'r'))
  switch (action.kind) {
    case 'list':
      return files.list(path)
    case 'read':
      return Buffer.from(await files.readFile(path)).toString('latin1')
    case 'remove':
      return files.remove(path)
    case 'removeTree':
      return files.removeTree(path)
    default:
      return files.makeDirectories(path)
  }
}

/** What came of it: the result, or that it failed. The codes of rare failures differ by system. */
async function outcome(files: FileSystem, root: string, action: Step): Promise<unknown> {
  try {
    return await perform(files, root, action)
  } catch (error) {
    if (error instanceof StorageError) return 'failed'
    throw error
  }
}

test('any operations have the same results on the host and in memory', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'barnabas-fuzz-'))
  let run = 0
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const real = createFileSystem()
        const memory = new MemoryFileSystem()
        const root = join(directory, String(run++))
        await real.makeDirectories(root)
        await memory.makeDirectories('/r')
        for (const action of steps) {
          const expected = await outcome(real, root, action)
          expect(await outcome(memory, '/r', action)).toEqual(expected)
        }
      }),
      { numRuns: 150, seed: 20261125 },
    )
  } finally {
    await rm(directory, { recursive: true })
  }
})
