import { array, bytes, int32, message, string, struct } from '../dsl.ts'

const TopicPartition = struct('TopicPartition', {
  topic: string({ versions: '1+', mapKey: true }),
  partitions: array(int32(), { versions: '1+' }),
})

export const ConsumerProtocolSubscription = message({
  name: 'ConsumerProtocolSubscription',
  kind: 'data',
  versions: '0-3',
  flexible: 'none',
  doc: "What a classic consumer group's member tells its leader. Newer versions only append fields.",
  history: {
    1: 'Partitions that the member owns (KIP-429).',
    2: 'Generation in which it owned them (KIP-792).',
    3: 'Rack of the member (KIP-881).',
  },
  fields: {
    topics: array(string()),
    userData: bytes({ nullable: '0+', default: null }),
    ownedPartitions: array(TopicPartition, { versions: '1+', ignorable: true }),
    generationId: int32({ versions: '2+', default: -1, ignorable: true }),
    rackId: string({ versions: '3+', nullable: '3+', default: null, ignorable: true }),
  },
})
