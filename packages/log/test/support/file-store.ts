import {
  MemoryFileSystem,
  RecordingLogger,
  VirtualTime,
  VirtualTimers,
} from '@barnabas/base/testing'
import type { FileSystem, Logger } from '@barnabas/base'
import type { FileSegmentStore } from '../../src/store/file-segment-store.ts'
import { HandleCache } from '../../src/store/handle-cache.ts'
import { findEnd, openFileSegmentStore } from '../../src/store/file-loader.ts'

export interface FileStoreSetup {
  files?: FileSystem
  log?: Logger
  time?: VirtualTime
  handles?: HandleCache
  maxOpen?: number
  indexIntervalBytes?: number
  maxIndexSizeBytes?: number
  startOffset?: number
  onFailure?: (error: unknown) => void
}

export const DIRECTORY = '/data/t-0'

/** Opens (or creates) a store in `DIRECTORY`. */
export async function openStore(
  setup: FileStoreSetup = {},
): Promise<{ store: FileSegmentStore; ragged: boolean }> {
  const files = setup.files ?? new MemoryFileSystem()
  await files.makeDirectories(DIRECTORY)
  const store = await openFileSegmentStore(
    {
      context: {
        files,
        handles: setup.handles ?? new HandleCache(files, setup.maxOpen ?? 4),
        directory: DIRECTORY,
        indexOptions: {
          indexIntervalBytes: setup.indexIntervalBytes ?? 100,
          maxIndexSizeBytes: setup.maxIndexSizeBytes ?? 10_485_760,
        },
        rebuild: () => Promise.reject(new Error('no rebuild in this test')),
        onRepair: () => {},
      },
      timers: new VirtualTimers(setup.time ?? new VirtualTime()),
      log: setup.log ?? new RecordingLogger(),
      deleteDelayMs: 60_000,
      onFailure: setup.onFailure ?? (() => {}),
    },
    setup.startOffset ?? 0,
    0,
  )
  return { store, ragged: !(await findEnd(store)) }
}
