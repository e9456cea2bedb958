import { bool, message, string } from '../dsl.ts'

export const DefaultPrincipalData = message({
  name: 'DefaultPrincipalData',
  kind: 'data',
  versions: '0',
  flexible: '0+',
  doc: 'A principal as it travels inside an Envelope.',
  fields: {
    type: string(),
    name: string(),
    tokenAuthenticated: bool(),
  },
})
