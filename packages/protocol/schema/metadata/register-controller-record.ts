import { array, bool, int16, int32, message, string, struct, uint16, uuid } from '../dsl.ts'

const ControllerEndpoint = struct('ControllerEndpoint', {
  name: string({ mapKey: true }),
  host: string(),
  port: uint16(),
  securityProtocol: int16(),
})

const ControllerFeature = struct('ControllerFeature', {
  name: string({ mapKey: true }),
  minSupportedVersion: int16(),
  maxSupportedVersion: int16(),
})

export const RegisterControllerRecord = message({
  name: 'RegisterControllerRecord',
  kind: 'metadata',
  apiKey: 27,
  versions: '0',
  flexible: '0+',
  doc: 'A controller registered (KIP-919).',
  fields: {
    controllerId: int32(),
    incarnationId: uuid(),
    zkMigrationReady: bool(),
    endPoints: array(ControllerEndpoint),
    features: array(ControllerFeature),
  },
})
