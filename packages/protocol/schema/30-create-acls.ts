import { array, int16, int32, int8, message, string, struct } from './dsl.ts'

const AclCreation = struct('AclCreation', {
  resourceType: int8(),
  resourceName: string(),
  resourcePatternType: int8({ versions: '1+', default: 3 }),
  principal: string(),
  host: string(),
  operation: int8(),
  permissionType: int8(),
})

export const CreateAclsRequest = message({
  name: 'CreateAclsRequest',
  kind: 'request',
  apiKey: 30,
  versions: '1-3',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  forwardable: true,
  doc: 'Creates ACLs.',
  history: {
    1: 'Prefixed resource patterns (KIP-290).',
    3: 'Users as a resource (KIP-373).',
  },
  fields: {
    creations: array(AclCreation),
  },
})

const AclCreationResult = struct('AclCreationResult', {
  errorCode: int16(),
  errorMessage: string({ nullable: '0+' }),
})

export const CreateAclsResponse = message({
  name: 'CreateAclsResponse',
  kind: 'response',
  apiKey: 30,
  versions: '1-3',
  flexible: '2+',
  doc: 'Whether each ACL was created.',
  fields: {
    throttleTimeMs: int32(),
    results: array(AclCreationResult),
  },
})
