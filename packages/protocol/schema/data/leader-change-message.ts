import { array, int16, int32, message, struct, uuid } from '../dsl.ts'

const Voter = struct('Voter', {
  voterId: int32(),
  voterDirectoryId: uuid({ versions: '1+' }),
})

export const LeaderChangeMessage = message({
  name: 'LeaderChangeMessage',
  kind: 'data',
  versions: '0-1',
  flexible: '0+',
  doc: "Control record: the first record of a metadata leader's epoch.",
  history: {
    1: 'Directories of voters (KIP-853).',
  },
  fields: {
    version: int16(),
    leaderId: int32(),
    voters: array(Voter),
    grantingVoters: array(Voter),
  },
})
