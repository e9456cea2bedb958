import { int16, int32, message, string } from '../dsl.ts'

export const RequestHeader = message({
  name: 'RequestHeader',
  kind: 'header',
  versions: '1-2',
  flexible: '2+',
  doc: 'Stands before each request. The client id is never compact, so that any broker can read the header of any ApiVersions request.',
  fields: {
    requestApiKey: int16(),
    requestApiVersion: int16(),
    correlationId: int32(),
    clientId: string({ versions: '1+', nullable: '1+', flexible: 'none' }),
  },
})
