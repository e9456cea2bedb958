import { bool, message, string } from '../dsl.ts'

export const DefaultPrincipalData = message({
  name: 'DefaultPrincipalData',
  kind: 'data',
  versions: '0',
  flexible: '0+',
  fields: {
    type: string(),
    name: string(),
    tokenAuthenticated: bool(),
  },
})
