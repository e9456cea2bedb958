/**
 * One of the broker's log directories: whom it belongs to, how it was left, and its checkpoint files.
 * A storage failure takes it offline with all logs in it; the others go on.
 */
import {
  EnvironmentError,
  type Entropy,
  type FileSystem,
  type Logger,
  randomUuid,
} from '@barnabas/base'
import type { Uuid } from '@barnabas/protocol'
import { CorruptFileError, DirectoryLockedError } from '../errors.ts'
import { readCleanShutdown, writeCleanShutdown } from '../files/clean-shutdown.ts'
import {
  CLEAN_SHUTDOWN,
  CLEANER_CHECKPOINT,
  HIGH_WATERMARK_CHECKPOINT,
  LOCK,
  LOG_START_CHECKPOINT,
  META_PROPERTIES,
  RECOVERY_POINT_CHECKPOINT,
} from '../files/file-names.ts'
import {
  type MetaProperties,
  readMetaProperties,
  writeMetaProperties,
} from '../files/meta-properties.ts'
import { formatOffsets, type PartitionOffset, readOffsets } from '../files/offset-checkpoint.ts'

export type CheckpointName =
  | typeof RECOVERY_POINT_CHECKPOINT
  | typeof LOG_START_CHECKPOINT
  | typeof HIGH_WATERMARK_CHECKPOINT
  | typeof CLEANER_CHECKPOINT

export interface NodeIdentity {
  clusterId: string
  nodeId: number
}

/** A directory belongs to another cluster or node. */
export class WrongDirectoryError extends EnvironmentError {
  override readonly name = 'WrongDirectoryError'

  constructor(path: string, what: string) {
    super(
      'BARNABAS_WRONG_DIRECTORY',
      `${path} belongs to ${what} (see ${path}/${META_PROPERTIES}); use another log.dirs, or the id it names`,
    )
  }
}

interface DirectoryParts {
  path: string
  files: FileSystem
  log: Logger
  lock: { unlock(): Promise<void> }
  id: Uuid
  stoppedEpoch: number | null
}

export class LogDirectory {
  readonly path: string
  /** directory.id */
  readonly id: Uuid
  /** Broker epoch of the orderly stop before this start; null when it was none. */
  readonly stoppedEpoch: number | null
  private readonly files: FileSystem
  private readonly log: Logger
  private readonly lock: { unlock(): Promise<void> }
  /** What the checkpoint files hold, so that one that says the same is not written again. */
  private readonly stored = new Map<CheckpointName, string>()
  private failure: unknown = null

  private constructor(parts: DirectoryParts) {
    this.path = parts.path
    this.files = parts.files
    this.log = parts.log
    this.lock = parts.lock
    this.id = parts.id
    this.stoppedEpoch = parts.stoppedEpoch
  }

  /**
   * Takes the directory for this process. An empty one is given an id and said to belong to the node;
   * the marker of an orderly stop is taken away, so that a crash from now on is seen as one.
   */
  static async open(
    path: string,
    world: { files: FileSystem; entropy: Entropy; log: Logger },
    identity: NodeIdentity,
  ): Promise<LogDirectory> {
    const { files, log } = world
    await files.makeDirectories(path)
    const lock = await files.lock(`${path}/${LOCK}`)
    if (lock === null) throw new DirectoryLockedError(path)
    try {
      const id = await settleIdentity(path, files, world.entropy, identity)
      const stoppedEpoch = await readCleanShutdown(files, `${path}/${CLEAN_SHUTDOWN}`)
      await files.remove(`${path}/${CLEAN_SHUTDOWN}`)
      await files.syncDirectory(path)
      return new LogDirectory({ path, files, log, lock, id, stoppedEpoch })
    } catch (error) {
      await lock.unlock()
      throw error
    }
  }

  get wasStoppedCleanly(): boolean {
    return this.stoppedEpoch !== null
  }

  get isOffline(): boolean {
    return this.failure !== null
  }

  /** True at the first failure. */
  fail(error: unknown): boolean {
    if (this.failure !== null) return false
    this.failure = error
    return true
  }

  /** Partition name -> offset. A checkpoint that cannot be read counts as empty: recovery does more. */
  async readCheckpoint(name: CheckpointName): Promise<Map<string, number>> {
    const offsets = new Map<string, number>()
    try {
      for (const entry of await readOffsets(this.files, `${this.path}/${name}`)) {
        offsets.set(`${entry.topic}-${entry.partition}`, entry.offset)
      }
    } catch (error) {
      if (!(error instanceof CorruptFileError)) throw error
      this.log.warn('a checkpoint cannot be read and is taken as empty', { reason: error.message })
    }
    return offsets
  }

  async writeCheckpoint(name: CheckpointName, offsets: Iterable<PartitionOffset>): Promise<void> {
    const text = formatOffsets(offsets)
    if (this.stored.get(name) === text) return
    await this.files.replaceFile(`${this.path}/${name}`, Buffer.from(text))
    this.stored.set(name, text)
  }

  /** The last thing in an orderly stop. */
  async release(brokerEpoch: number | null): Promise<void> {
    if (brokerEpoch !== null && !this.isOffline) {
      await writeCleanShutdown(this.files, `${this.path}/${CLEAN_SHUTDOWN}`, brokerEpoch)
    }
    await this.lock.unlock()
  }
}

async function settleIdentity(
  path: string,
  files: FileSystem,
  entropy: Entropy,
  identity: NodeIdentity,
): Promise<Uuid> {
  const file = `${path}/${META_PROPERTIES}`
  const found = await readMetaProperties(files, file)
  const { clusterId, nodeId } = identity
  const foundCluster = found?.clusterId ?? clusterId
  if (foundCluster !== clusterId) {
    throw new WrongDirectoryError(path, `cluster ${foundCluster}, not ${clusterId}`)
  }
  const foundNode = found?.nodeId ?? nodeId
  if (foundNode !== nodeId) throw new WrongDirectoryError(path, `node ${foundNode}, not ${nodeId}`)
  const directoryId = found?.directoryId ?? randomUuid(entropy)
  const wanted: MetaProperties = {
    version: 1,
    clusterId,
    nodeId,
    directoryId,
    others: found?.others ?? new Map(),
  }
  const isAsWanted = found !== null && found.version === 1 && found.directoryId !== null
  if (!isAsWanted) await writeMetaProperties(files, file, wanted)
  return directoryId
}
