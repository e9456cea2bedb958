import { array, int16, int32, int8, message, string, struct } from './dsl.ts'

export const DescribeAclsRequest = message({
  name: 'DescribeAclsRequest',
  kind: 'request',
  apiKey: 29,
  versions: '1-3',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  doc: 'Asks for the ACLs that match a filter.',
  history: {
    1: 'Prefixed resource patterns (KIP-290).',
    3: 'Users as a resource (KIP-373).',
  },
  fields: {
    resourceTypeFilter: int8(),
    resourceNameFilter: string({ nullable: '0+' }),
    patternTypeFilter: int8({ versions: '1+', default: 3 }),
    principalFilter: string({ nullable: '0+' }),
    hostFilter: string({ nullable: '0+' }),
    operation: int8(),
    permissionType: int8(),
  },
})

const AclDescription = struct('AclDescription', {
  principal: string(),
  host: string(),
  operation: int8(),
  permissionType: int8(),
})

const DescribeAclsResource = struct('DescribeAclsResource', {
  resourceType: int8(),
  resourceName: string(),
  patternType: int8({ versions: '1+', default: 3 }),
  acls: array(AclDescription),
})

export const DescribeAclsResponse = message({
  name: 'DescribeAclsResponse',
  kind: 'response',
  apiKey: 29,
  versions: '1-3',
  flexible: '2+',
  doc: 'ACLs by resource.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    resources: array(DescribeAclsResource),
  },
})
