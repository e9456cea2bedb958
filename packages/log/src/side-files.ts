/**
 * What stands beside the segments of a log: producer snapshots, the leader epoch checkpoint, the topic
 * id. One implementation over files, one in memory for logs without a directory.
 */
import type { FileSystem } from '@barnabas/base'
import type { Uuid } from '@barnabas/protocol'
import { readIfPresent, readTextIfPresent } from './files/checkpoint-file.ts'
import {
  LEADER_EPOCH_CHECKPOINT,
  PARTITION_METADATA,
  parseSegmentFileName,
  PRODUCER_SNAPSHOT_SUFFIX,
  segmentFileName,
} from './files/file-names.ts'
import { formatPartitionMetadata, readPartitionMetadata } from './files/partition-metadata.ts'

export interface SideFiles {
  /** For messages. */
  snapshotPath(offset: number): string
  /** In ascending order. */
  listSnapshots(): Promise<number[]>
  readSnapshot(offset: number): Promise<Uint8Array | null>
  writeSnapshot(offset: number, content: Uint8Array, sync: boolean): Promise<void>
  removeSnapshot(offset: number): Promise<void>
  readEpochs(): Promise<string | null>
  writeEpochs(text: string): Promise<void>
  readTopicId(): Promise<Uuid | null>
  writeTopicId(topicId: Uuid): Promise<void>
}

export class DirectorySideFiles implements SideFiles {
  private readonly files: FileSystem
  private readonly directory: string

  constructor(files: FileSystem, directory: string) {
    this.files = files
    this.directory = directory
  }

  snapshotPath(offset: number): string {
    return `${this.directory}/${segmentFileName(offset, PRODUCER_SNAPSHOT_SUFFIX)}`
  }

  async listSnapshots(): Promise<number[]> {
    const offsets: number[] = []
    for (const name of await this.files.list(this.directory)) {
      const parsed = parseSegmentFileName(name)
      if (parsed?.suffix === PRODUCER_SNAPSHOT_SUFFIX && parsed.state === '') {
        offsets.push(parsed.offset)
      }
    }
    return offsets.sort((a, b) => a - b)
  }

  readSnapshot(offset: number): Promise<Uint8Array | null> {
    return readIfPresent(this.files, this.snapshotPath(offset))
  }

  writeSnapshot(offset: number, content: Uint8Array, sync: boolean): Promise<void> {
    return this.files.replaceFile(this.snapshotPath(offset), content, { sync })
  }

  removeSnapshot(offset: number): Promise<void> {
    return this.files.remove(this.snapshotPath(offset))
  }

  readEpochs(): Promise<string | null> {
    return readTextIfPresent(this.files, this.epochsPath)
  }

  writeEpochs(text: string): Promise<void> {
    return this.files.replaceFile(this.epochsPath, Buffer.from(text))
  }

  readTopicId(): Promise<Uuid | null> {
    return readPartitionMetadata(this.files, this.metadataPath)
  }

  writeTopicId(topicId: Uuid): Promise<void> {
    const content = Buffer.from(formatPartitionMetadata(topicId))
    return this.files.replaceFile(this.metadataPath, content)
  }

  private get epochsPath(): string {
    return `${this.directory}/${LEADER_EPOCH_CHECKPOINT}`
  }

  private get metadataPath(): string {
    return `${this.directory}/${PARTITION_METADATA}`
  }
}

export class MemorySideFiles implements SideFiles {
  private readonly snapshots = new Map<number, Uint8Array>()
  private epochs: string | null = null
  private topicId: Uuid | null = null

  snapshotPath(offset: number): string {
    return `snapshot at ${offset} in memory`
  }

  async listSnapshots(): Promise<number[]> {
    return [...this.snapshots.keys()].sort((a, b) => a - b)
  }

  async readSnapshot(offset: number): Promise<Uint8Array | null> {
    return this.snapshots.get(offset) ?? null
  }

  async writeSnapshot(offset: number, content: Uint8Array): Promise<void> {
    this.snapshots.set(offset, content)
  }

  async removeSnapshot(offset: number): Promise<void> {
    this.snapshots.delete(offset)
  }

  async readEpochs(): Promise<string | null> {
    return this.epochs
  }

  async writeEpochs(text: string): Promise<void> {
    this.epochs = text
  }

  async readTopicId(): Promise<Uuid | null> {
    return this.topicId
  }

  async writeTopicId(topicId: Uuid): Promise<void> {
    this.topicId = topicId
  }
}
