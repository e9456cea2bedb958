import { MemoryFileSystem, runFileSystemSuite } from '@barnabas/base/testing'
import { describe, test } from 'vitest'

describe('MemoryFileSystem', () => {
  runFileSystemSuite(test, async () => {
    const files = new MemoryFileSystem({ nowMs: () => 1_700_000_000_000 })
    await files.makeDirectories('/data')
    return { files, directory: '/data' }
  })
})

describe('MemoryFileSystem with every operation late', () => {
  runFileSystemSuite(test, async () => {
    const files = new MemoryFileSystem()
    await files.makeDirectories('/data')
    files.delay = () => Promise.resolve()
    return { files, directory: '/data' }
  })
})
