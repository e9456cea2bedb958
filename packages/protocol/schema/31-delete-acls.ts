import { array, int16, int32, int8, message, string, struct } from './dsl.ts'

const DeleteAclsFilter = struct('DeleteAclsFilter', {
  resourceTypeFilter: int8(),
  resourceNameFilter: string({ nullable: '0+' }),
  patternTypeFilter: int8({ versions: '1+', default: 3 }),
  principalFilter: string({ nullable: '0+' }),
  hostFilter: string({ nullable: '0+' }),
  operation: int8(),
  permissionType: int8(),
})

export const DeleteAclsRequest = message({
  name: 'DeleteAclsRequest',
  kind: 'request',
  apiKey: 31,
  versions: '1-3',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  forwardable: true,
  doc: 'Deletes the ACLs that match filters.',
  history: {
    1: 'Prefixed resource patterns (KIP-290).',
    3: 'Users as a resource (KIP-373).',
  },
  fields: {
    filters: array(DeleteAclsFilter),
  },
})

const DeleteAclsMatchingAcl = struct('DeleteAclsMatchingAcl', {
  errorCode: int16(),
  errorMessage: string({ nullable: '0+' }),
  resourceType: int8(),
  resourceName: string(),
  patternType: int8({ versions: '1+', default: 3 }),
  principal: string(),
  host: string(),
  operation: int8(),
  permissionType: int8(),
})

const DeleteAclsFilterResult = struct('DeleteAclsFilterResult', {
  errorCode: int16(),
  errorMessage: string({ nullable: '0+' }),
  matchingAcls: array(DeleteAclsMatchingAcl),
})

export const DeleteAclsResponse = message({
  name: 'DeleteAclsResponse',
  kind: 'response',
  apiKey: 31,
  versions: '1-3',
  flexible: '2+',
  doc: 'What each filter deleted.',
  fields: {
    throttleTimeMs: int32(),
    filterResults: array(DeleteAclsFilterResult),
  },
})
