import { array, bytes, int16, int32, int8, message, string, struct } from './dsl.ts'

const ScramCredentialDeletion = struct('ScramCredentialDeletion', {
  name: string(),
  mechanism: int8(),
})

const ScramCredentialUpsertion = struct('ScramCredentialUpsertion', {
  name: string(),
  mechanism: int8(),
  iterations: int32(),
  salt: bytes(),
  saltedPassword: bytes(),
})

export const AlterUserScramCredentialsRequest = message({
  name: 'AlterUserScramCredentialsRequest',
  kind: 'request',
  apiKey: 51,
  versions: '0',
  flexible: '0+',
  listeners: ['broker', 'controller'],
  forwardable: true,
  doc: 'Sets and deletes SCRAM credentials (KIP-554).',
  fields: {
    deletions: array(ScramCredentialDeletion),
    upsertions: array(ScramCredentialUpsertion),
  },
})

const AlterUserScramCredentialsResult = struct('AlterUserScramCredentialsResult', {
  user: string(),
  errorCode: int16(),
  errorMessage: string({ nullable: '0+' }),
})

export const AlterUserScramCredentialsResponse = message({
  name: 'AlterUserScramCredentialsResponse',
  kind: 'response',
  apiKey: 51,
  versions: '0',
  flexible: '0+',
  doc: 'Whether each user was changed.',
  fields: {
    throttleTimeMs: int32(),
    results: array(AlterUserScramCredentialsResult),
  },
})
