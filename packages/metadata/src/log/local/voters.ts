/** The quorum of one, as the log itself names it (KIP-853). */
import {
  createVotersRecordEndpoint,
  createVotersRecordVoter,
  KRaftVersionRecord,
  LeaderChangeMessage,
  type Uuid,
  VotersRecord,
} from '@barnabas/protocol'
import type { QuorumControl } from '../../records/metadata-batch.ts'

/** The node that is the whole quorum. */
export interface LocalVoter {
  readonly directoryId: Uuid
  /** The controller's listeners. */
  readonly endpoints: readonly { name: string; host: string; port: number }[]
}

/** Says that voters stand in the log, and who they are. */
export function voterControls(nodeId: number, voter: LocalVoter): QuorumControl[] {
  const version = KRaftVersionRecord.create({ kRaftVersion: 1 })
  const voters = VotersRecord.create({
    voters: [
      createVotersRecordVoter({
        voterId: nodeId,
        voterDirectoryId: voter.directoryId,
        endpoints: voter.endpoints.map((each) => createVotersRecordEndpoint({ ...each })),
        kRaftVersionFeature: {
          minSupportedVersion: 0,
          maxSupportedVersion: 1,
          unknownTaggedFields: null,
        },
      }),
    ],
  })
  return [
    { type: 'kraftVersion', data: version },
    { type: 'voters', data: voters },
  ]
}

/** Opens an epoch in which the node leads by its own vote. */
export function leaderChange(nodeId: number): QuorumControl {
  const voter = {
    voterId: nodeId,
    voterDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAA',
    unknownTaggedFields: null,
  }
  const data = LeaderChangeMessage.create({
    leaderId: nodeId,
    voters: [voter],
    grantingVoters: [{ ...voter }],
  })
  return { type: 'leaderChange', data }
}

/** The newest of each kind: `later` over `earlier`. */
export function newestControls(
  earlier: readonly QuorumControl[],
  later: readonly QuorumControl[],
): readonly QuorumControl[] {
  const kept = later.filter(({ type }) => type === 'kraftVersion' || type === 'voters')
  const others = earlier.filter((each) => !kept.some(({ type }) => type === each.type))
  return [...others, ...kept]
}
