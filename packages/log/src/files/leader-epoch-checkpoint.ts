/** `leader-epoch-checkpoint`: the first offset of every leader epoch that wrote to a log. */
import { CorruptFileError } from '../errors.ts'
import { checkpointNumber, formatCheckpoint, parseCheckpoint } from './checkpoint-file.ts'

export interface EpochStart {
  epoch: number
  startOffset: number
}

export function formatEpochs(entries: readonly EpochStart[]): string {
  return formatCheckpoint(entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`))
}

export function parseEpochs(path: string, text: string): EpochStart[] {
  return parseCheckpoint(path, text).map((line) => {
    const fields = line.split(/\s+/)
    if (fields.length !== 2) throw new CorruptFileError(path, `not an entry: ${line}`)
    return {
      epoch: checkpointNumber(path, fields[0]),
      startOffset: checkpointNumber(path, fields[1]),
    }
  })
}
