import { MemoryFileSystem } from '@barnabas/base/testing'
import { MemorySegmentStore } from '../../src/store/memory-segment-store.ts'
import { runSegmentStoreSuite } from '../conformance/segment-store.ts'
import { openStore } from '../support/file-store.ts'

runSegmentStoreSuite('segments in memory', async () => ({
  store: new MemorySegmentStore(0, 0),
  reopen: null,
}))

runSegmentStoreSuite('segments in files', async () => {
  const files = new MemoryFileSystem()
  const open = async () => (await openStore({ files })).store
  return { store: await open(), reopen: open }
})

runSegmentStoreSuite('segments in files, every operation late and one handle open', async () => {
  const files = new MemoryFileSystem()
  files.delay = () => Promise.resolve()
  const open = async () => (await openStore({ files, maxOpen: 1 })).store
  return { store: await open(), reopen: open }
})
