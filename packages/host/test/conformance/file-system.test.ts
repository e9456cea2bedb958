import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryFileSystem, runFileSystemSuite } from '@barnabas/base/testing'
import { createFileSystem } from '@barnabas/host'
import { describe, test } from 'vitest'

describe('the file system of the host', () => {
  runFileSystemSuite(test, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'barnabas-files-'))
    return {
      files: createFileSystem(),
      directory,
      dispose: () => rm(directory, { recursive: true }),
    }
  })
})

describe('the file system in memory', () => {
  runFileSystemSuite(test, async () => {
    const files = new MemoryFileSystem()
    await files.makeDirectories('/data')
    return { files, directory: '/data' }
  })
})
