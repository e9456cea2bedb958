import { array, message, string } from '../dsl.ts'

export const ShareGroupMemberMetadataKey = message({
  name: 'ShareGroupMemberMetadataKey',
  kind: 'coordinator-key',
  apiKey: 10,
  versions: '0',
  flexible: 'none',
  doc: 'Key of ShareGroupMemberMetadataValue.',
  fields: {
    groupId: string(),
    memberId: string(),
  },
})

export const ShareGroupMemberMetadataValue = message({
  name: 'ShareGroupMemberMetadataValue',
  kind: 'coordinator-value',
  apiKey: 10,
  versions: '0',
  flexible: '0+',
  doc: "A share group's member and its subscription (KIP-932).",
  fields: {
    rackId: string({ nullable: '0+' }),
    clientId: string(),
    clientHost: string(),
    subscribedTopicNames: array(string()),
  },
})
