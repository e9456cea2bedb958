/**
 * What a directory holds before its first start: the records that a cluster begins with
 * (`bootstrap.checkpoint`), and the voters of its quorum. Starting without is fine too: the driver makes
 * what is missing.
 */
import { type FileSystem, type Logger, StorageError } from '@barnabas/base'
import type { MetadataRecord } from '../../records/metadata-record.ts'
import { BOOTSTRAP_FILE, LOG_DIRECTORY } from './files.ts'
import { decodeSnapshot, encodeSnapshot, Snapshots } from './snapshots.ts'
import { type LocalVoter, voterControls } from './voters.ts'

export interface FormatOptions {
  readonly files: FileSystem
  readonly logger: Logger
  readonly nodeId: number
  /** The node's metadata log directory. */
  readonly directory: string
  /** See `bootstrapContent`. */
  readonly bootstrap: readonly MetadataRecord[]
  readonly voter?: LocalVoter
  readonly nowMs: number
}

/** Writes both files. What a log already holds is not touched. */
export async function formatMetadataDirectory(options: FormatOptions): Promise<void> {
  const { files, directory, nowMs, voter } = options
  const log = `${directory}/${LOG_DIRECTORY}`
  await files.makeDirectories(log)
  const content = { epoch: 0, nowMs, lastTimestampMs: 0, records: options.bootstrap, controls: [] }
  await files.replaceFile(`${directory}/${BOOTSTRAP_FILE}`, encodeSnapshot(content))
  if (voter === undefined) return
  const snapshots = new Snapshots(files, log, options.logger, true)
  const controls = voterControls(options.nodeId, voter)
  await snapshots.write(
    { endOffset: 0, epoch: 0 },
    { ...content, lastTimestampMs: nowMs, records: [], controls },
  )
}

/** The records of `bootstrap.checkpoint`; null when there is no such file. */
export async function readBootstrap(
  files: FileSystem,
  directory: string,
): Promise<readonly MetadataRecord[] | null> {
  const path = `${directory}/${BOOTSTRAP_FILE}`
  try {
    const bytes = await files.readFile(path)
    return decodeSnapshot(path, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)).records
  } catch (error) {
    if (error instanceof StorageError && error.systemCode === 'ENOENT') return null
    throw error
  }
}
