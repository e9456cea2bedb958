import { array, int32, message, of, string, struct, uint16 } from '../dsl.ts'

export const StreamsGroupMemberMetadataKey = message({
  name: 'StreamsGroupMemberMetadataKey',
  kind: 'coordinator-key',
  apiKey: 19,
  versions: '0',
  flexible: 'none',
  doc: 'Key of StreamsGroupMemberMetadataValue.',
  fields: {
    groupId: string(),
    memberId: string(),
  },
})

const Endpoint = struct('Endpoint', {
  host: string(),
  port: uint16(),
})

const KeyValue = struct('KeyValue', {
  key: string(),
  value: string(),
})

export const StreamsGroupMemberMetadataValue = message({
  name: 'StreamsGroupMemberMetadataValue',
  kind: 'coordinator-value',
  apiKey: 19,
  versions: '0',
  flexible: '0+',
  doc: "A streams group's member (KIP-1071).",
  fields: {
    instanceId: string({ nullable: '0+' }),
    rackId: string({ nullable: '0+' }),
    clientId: string(),
    clientHost: string(),
    rebalanceTimeoutMs: int32({ default: -1 }),
    topologyEpoch: int32(),
    processId: string(),
    userEndpoint: of(Endpoint, { nullable: '0+', default: null }),
    clientTags: array(KeyValue),
  },
})
