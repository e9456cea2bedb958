/** The small files beside the segments: who led last, where each epoch began, which topic this is. */
import { type FileSystem, StorageError } from '@barnabas/base'
import {
  type EpochStart,
  LEADER_EPOCH_FILE,
  leaderEpochText,
  PARTITION_METADATA_FILE,
  PARTITION_METADATA_TEXT,
  parseLeaderEpochs,
  parseQuorumState,
  QUORUM_STATE_FILE,
  quorumStateText,
} from './files.ts'

export class LocalState {
  private readonly files: FileSystem
  private readonly directory: string
  private readonly sync: boolean
  private starts: EpochStart[] = []
  private lastEpoch = 0

  constructor(files: FileSystem, directory: string, sync: boolean) {
    this.files = files
    this.directory = directory
    this.sync = sync
  }

  /** The last epoch that this node knows to have begun. */
  get epoch(): number {
    return this.lastEpoch
  }

  /** Makes the directory when there is none; the one it stands in is whoever's that gave it. */
  async load(): Promise<void> {
    await this.files.makeDirectories(this.directory)
    const parent = this.directory.slice(0, this.directory.lastIndexOf('/'))
    if (this.sync) await this.files.syncDirectory(parent)
    const state = await this.read(QUORUM_STATE_FILE)
    if (state !== null) {
      this.lastEpoch = parseQuorumState(this.path(QUORUM_STATE_FILE), state).leaderEpoch
    }
    this.starts = parseLeaderEpochs((await this.read(LEADER_EPOCH_FILE)) ?? '')
    if ((await this.read(PARTITION_METADATA_FILE)) === null) {
      await this.write(PARTITION_METADATA_FILE, PARTITION_METADATA_TEXT)
    }
  }

  /** Remembers an epoch before anything is written in it, so that it is never used twice. */
  async beginEpoch(
    leaderId: number,
    leaderEpoch: number,
    offset: number,
    version: 0 | 1,
  ): Promise<void> {
    this.lastEpoch = leaderEpoch
    await this.write(QUORUM_STATE_FILE, quorumStateText({ leaderId, leaderEpoch, version }))
    // An epoch in which nothing was written, because of a crash, began nowhere.
    this.starts = this.starts.filter((start) => start.offset < offset)
    this.starts.push({ epoch: leaderEpoch, offset })
    await this.write(LEADER_EPOCH_FILE, leaderEpochText(this.starts))
  }

  private async read(name: string): Promise<string | null> {
    try {
      return Buffer.from(await this.files.readFile(this.path(name))).toString('utf8')
    } catch (error) {
      if (error instanceof StorageError && error.systemCode === 'ENOENT') return null
      throw error
    }
  }

  private write(name: string, text: string): Promise<void> {
    return this.files.replaceFile(this.path(name), Buffer.from(text), { sync: this.sync })
  }

  private path(name: string): string {
    return `${this.directory}/${name}`
  }
}
