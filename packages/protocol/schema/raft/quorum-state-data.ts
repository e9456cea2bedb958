import { array, int32, int64, message, string, struct, uuid } from '../dsl.ts'

const Voter = struct('Voter', {
  voterId: int32({ versions: '0' }),
})

export const QuorumStateData = message({
  name: 'QuorumStateData',
  kind: 'data',
  versions: '0-1',
  flexible: '0+',
  doc: 'What a node remembers of its quorum: epoch, leader, vote. Stored as JSON.',
  history: {
    1: 'Directory of the node voted for; no voters (KIP-853).',
  },
  fields: {
    clusterId: string({ versions: '0' }),
    leaderId: int32({ default: -1 }),
    leaderEpoch: int32({ default: -1 }),
    votedId: int32({ default: -1 }),
    votedDirectoryId: uuid({ versions: '1+' }),
    appliedOffset: int64({ versions: '0' }),
    currentVoters: array(Voter, { versions: '0', nullable: '0' }),
  },
})
