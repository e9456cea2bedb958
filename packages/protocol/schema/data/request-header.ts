import { int16, int32, message, string } from '../dsl.ts'

export const RequestHeader = message({
  name: 'RequestHeader',
  kind: 'header',
  versions: '1-2',
  flexible: '2+',
  fields: {
    requestApiKey: int16(),
    requestApiVersion: int16(),
    correlationId: int32(),
    clientId: string({ versions: '1+', nullable: '1+', flexible: 'none' }),
  },
})
