import { int32, message } from '../dsl.ts'

export const ResponseHeader = message({
  name: 'ResponseHeader',
  kind: 'header',
  versions: '0-1',
  flexible: '1+',
  doc: 'Stands before each response.',
  fields: {
    correlationId: int32(),
  },
})
