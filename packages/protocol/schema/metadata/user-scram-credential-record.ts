import { bytes, int32, int8, message, string } from '../dsl.ts'

export const UserScramCredentialRecord = message({
  name: 'UserScramCredentialRecord',
  kind: 'metadata',
  apiKey: 11,
  versions: '0',
  flexible: '0+',
  doc: 'A SCRAM credential of a user.',
  fields: {
    name: string(),
    mechanism: int8(),
    salt: bytes(),
    storedKey: bytes(),
    serverKey: bytes(),
    iterations: int32(),
  },
})
