import { int8, message, string } from '../dsl.ts'

export const RemoveUserScramCredentialRecord = message({
  name: 'RemoveUserScramCredentialRecord',
  kind: 'metadata',
  apiKey: 22,
  versions: '0',
  flexible: '0+',
  doc: 'A SCRAM credential is gone.',
  fields: {
    name: string(),
    mechanism: int8(),
  },
})
