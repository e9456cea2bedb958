import { array, int16, int32, message, of, string, struct, uint16, uuid } from './dsl.ts'

const Listener = struct('Listener', {
  name: string({ mapKey: true }),
  host: string(),
  port: uint16(),
})

const KRaftVersionFeature = struct('KRaftVersionFeature', {
  minSupportedVersion: int16(),
  maxSupportedVersion: int16(),
})

export const UpdateRaftVoterRequest = message({
  name: 'UpdateRaftVoterRequest',
  kind: 'request',
  apiKey: 82,
  versions: '0',
  flexible: '0+',
  listeners: ['controller'],
  doc: 'KRaft: a voter changes its endpoints or versions (KIP-853).',
  fields: {
    clusterId: string({ nullable: '0+' }),
    currentLeaderEpoch: int32(),
    voterId: int32(),
    voterDirectoryId: uuid(),
    listeners: array(Listener),
    kRaftVersionFeature: of(KRaftVersionFeature),
  },
})

const CurrentLeader = struct('CurrentLeader', {
  leaderId: int32({ default: -1 }),
  leaderEpoch: int32({ default: -1 }),
  host: string(),
  port: int32(),
})

export const UpdateRaftVoterResponse = message({
  name: 'UpdateRaftVoterResponse',
  kind: 'response',
  apiKey: 82,
  versions: '0',
  flexible: '0+',
  doc: 'Whether it was changed, and who leads.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    currentLeader: of(CurrentLeader, { tag: 0 }),
  },
})
