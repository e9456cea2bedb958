import { array, int16, int32, message, of, string, struct, uint16, uuid } from '../dsl.ts'

const Endpoint = struct('Endpoint', {
  name: string({ mapKey: true }),
  host: string(),
  port: uint16(),
})

const KRaftVersionFeature = struct('KRaftVersionFeature', {
  minSupportedVersion: int16(),
  maxSupportedVersion: int16(),
})

const Voter = struct('Voter', {
  voterId: int32(),
  voterDirectoryId: uuid(),
  endpoints: array(Endpoint),
  kRaftVersionFeature: of(KRaftVersionFeature),
})

export const VotersRecord = message({
  name: 'VotersRecord',
  kind: 'data',
  versions: '0',
  flexible: '0+',
  doc: 'Control record: the voters of the metadata quorum (KIP-853).',
  fields: {
    version: int16(),
    voters: array(Voter),
  },
})
