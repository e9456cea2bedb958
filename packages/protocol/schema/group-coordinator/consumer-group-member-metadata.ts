import { array, bytes, int32, message, of, string, struct } from '../dsl.ts'

export const ConsumerGroupMemberMetadataKey = message({
  name: 'ConsumerGroupMemberMetadataKey',
  kind: 'coordinator-key',
  apiKey: 5,
  versions: '0',
  flexible: 'none',
  doc: 'Key of ConsumerGroupMemberMetadataValue.',
  fields: {
    groupId: string(),
    memberId: string(),
  },
})

const ClassicProtocol = struct('ClassicProtocol', {
  name: string(),
  metadata: bytes(),
})

const ClassicMemberMetadata = struct('ClassicMemberMetadata', {
  sessionTimeoutMs: int32(),
  supportedProtocols: array(ClassicProtocol),
})

export const ConsumerGroupMemberMetadataValue = message({
  name: 'ConsumerGroupMemberMetadataValue',
  kind: 'coordinator-value',
  apiKey: 5,
  versions: '0',
  flexible: '0+',
  doc: "A consumer group's member and its subscription (KIP-848).",
  fields: {
    instanceId: string({ nullable: '0+' }),
    rackId: string({ nullable: '0+' }),
    clientId: string(),
    clientHost: string(),
    subscribedTopicNames: array(string()),
    subscribedTopicRegex: string({ nullable: '0+' }),
    rebalanceTimeoutMs: int32({ default: -1 }),
    serverAssignor: string({ nullable: '0+' }),
    classicMemberMetadata: of(ClassicMemberMetadata, { nullable: '0+', tag: 0 }),
  },
})
