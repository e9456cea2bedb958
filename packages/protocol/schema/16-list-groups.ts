import { array, int16, int32, message, string, struct } from './dsl.ts'

export const ListGroupsRequest = message({
  name: 'ListGroupsRequest',
  kind: 'request',
  apiKey: 16,
  versions: '0-5',
  flexible: '3+',
  listeners: ['broker'],
  doc: 'Asks for the groups that a broker coordinates.',
  history: {
    4: 'A filter by state (KIP-518).',
    5: 'A filter by type (KIP-848).',
  },
  fields: {
    statesFilter: array(string(), { versions: '4+' }),
    typesFilter: array(string(), { versions: '5+' }),
  },
})

const ListedGroup = struct('ListedGroup', {
  groupId: string(),
  protocolType: string(),
  groupState: string({ versions: '4+', ignorable: true }),
  groupType: string({ versions: '5+', ignorable: true }),
})

export const ListGroupsResponse = message({
  name: 'ListGroupsResponse',
  kind: 'response',
  apiKey: 16,
  versions: '0-5',
  flexible: '3+',
  doc: 'Ids, protocol types, states and types of groups.',
  fields: {
    throttleTimeMs: int32({ versions: '1+', ignorable: true }),
    errorCode: int16(),
    groups: array(ListedGroup),
  },
})
