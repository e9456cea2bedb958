/** Names and small texts in the directory of a metadata log, all as Apache Kafka writes them. */
import { MalformedError } from '@barnabas/base'
import { ZERO_UUID } from '@barnabas/protocol'

/** The directory, within the metadata log directory of a node. */
export const LOG_DIRECTORY = '__cluster_metadata-0'
/** Beside it: what a log begins with. */
export const BOOTSTRAP_FILE = 'bootstrap.checkpoint'
export const QUORUM_STATE_FILE = 'quorum-state'
export const LEADER_EPOCH_FILE = 'leader-epoch-checkpoint'
export const PARTITION_METADATA_FILE = 'partition.metadata'

/** The id of the metadata topic is the same in every cluster. */
export const PARTITION_METADATA_TEXT = 'version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ'

export type SegmentPart = 'log' | 'index' | 'timeindex'

export function segmentFileName(baseOffset: number, part: SegmentPart): string {
  return `${padded(baseOffset, 20)}.${part}`
}

/** Base offset of a segment's log file; null for any other name. */
export function segmentBaseOffset(name: string): number | null {
  const match = /^(\d{20})\.log$/.exec(name)
  return match === null ? null : Number(match[1])
}

export interface SnapshotId {
  /** First offset that is not in the snapshot. */
  readonly endOffset: number
  readonly epoch: number
}

export function snapshotFileName({ endOffset, epoch }: SnapshotId): string {
  return `${padded(endOffset, 20)}-${padded(epoch, 10)}.checkpoint`
}

export function snapshotIdOf(name: string): SnapshotId | null {
  const match = /^(\d{20})-(\d{10})\.checkpoint$/.exec(name)
  return match === null ? null : { endOffset: Number(match[1]), epoch: Number(match[2]) }
}

/** What a node remembers of elections. Version 1 goes with voters that stand in the log itself. */
export interface QuorumState {
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly version: 0 | 1
}

export function quorumStateText({ leaderId, leaderEpoch, version }: QuorumState): string {
  const vote =
    version === 0
      ? { votedId: -1, appliedOffset: 0, currentVoters: [{ voterId: leaderId }] }
      : { votedId: -1, votedDirectoryId: ZERO_UUID }
  const clusterId = version === 0 ? { clusterId: '' } : {}
  return JSON.stringify({ ...clusterId, leaderId, leaderEpoch, ...vote, data_version: version })
}

export function parseQuorumState(path: string, text: string): QuorumState {
  const state = parseJson(path, text)
  const { leaderId, leaderEpoch, data_version: version } = state
  if (typeof leaderId !== 'number' || typeof leaderEpoch !== 'number') {
    throw new MalformedError(`${path} does not say who leads: ${text}`)
  }
  if (version !== 0 && version !== 1) {
    throw new MalformedError(`${path} has version ${String(version)}; known are 0 and 1`)
  }
  return { leaderId, leaderEpoch, version }
}

function parseJson(path: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw new MalformedError(`${path} is no JSON object: ${text}`)
}

/** Where each epoch begins. */
export interface EpochStart {
  readonly epoch: number
  readonly offset: number
}

export function leaderEpochText(starts: readonly EpochStart[]): string {
  const lines = starts.map(({ epoch, offset }) => `${epoch} ${offset}\n`)
  return `0\n${starts.length}\n${lines.join('')}`
}

/** Lines that say nothing are left out: the file can be made again from the log. */
export function parseLeaderEpochs(text: string): EpochStart[] {
  return text
    .split('\n')
    .slice(2)
    .map((line) => /^(\d+) (\d+)$/.exec(line.trim()))
    .filter((match) => match !== null)
    .map((match) => ({ epoch: Number(match[1]), offset: Number(match[2]) }))
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}
