import { array, bytes, int32, message, string, struct } from '../dsl.ts'

const TopicPartition = struct('TopicPartition', {
  topic: string({ mapKey: true }),
  partitions: array(int32()),
})

export const ConsumerProtocolAssignment = message({
  name: 'ConsumerProtocolAssignment',
  kind: 'data',
  versions: '0-3',
  flexible: 'none',
  doc: "What a classic consumer group's leader assigns to a member. Newer versions only append fields.",
  fields: {
    assignedPartitions: array(TopicPartition),
    userData: bytes({ nullable: '0+', default: null }),
  },
})
