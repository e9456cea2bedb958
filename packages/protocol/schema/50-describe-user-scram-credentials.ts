import { array, int16, int32, int8, message, string, struct } from './dsl.ts'

const UserName = struct('UserName', {
  name: string(),
})

export const DescribeUserScramCredentialsRequest = message({
  name: 'DescribeUserScramCredentialsRequest',
  kind: 'request',
  apiKey: 50,
  versions: '0',
  flexible: '0+',
  listeners: ['broker', 'controller'],
  doc: 'Asks which SCRAM credentials users have (KIP-554).',
  fields: {
    users: array(UserName, { nullable: '0+' }),
  },
})

const CredentialInfo = struct('CredentialInfo', {
  mechanism: int8(),
  iterations: int32(),
})

const DescribeUserScramCredentialsResult = struct('DescribeUserScramCredentialsResult', {
  user: string(),
  errorCode: int16(),
  errorMessage: string({ nullable: '0+' }),
  credentialInfos: array(CredentialInfo),
})

export const DescribeUserScramCredentialsResponse = message({
  name: 'DescribeUserScramCredentialsResponse',
  kind: 'response',
  apiKey: 50,
  versions: '0',
  flexible: '0+',
  doc: 'Mechanisms and iterations, never secrets.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    results: array(DescribeUserScramCredentialsResult),
  },
})
