/**
 * What consumers of the classic protocol tell each other, in the bytes that the broker otherwise passes on
 * unread: which topics they read, and which partitions they shall have.
 */
import { ApiError, MalformedError } from '@barnabas/base'
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  createConsumerProtocolAssignment,
  createConsumerProtocolAssignmentTopicPartition,
  ErrorCode,
  Reader,
  Writer,
  type MessageType,
} from '@barnabas/protocol'
import type { MetadataView } from '../../../runtime/metadata-view.ts'
import { toAssignment, type Assignment, type TopicPartitions } from '../assignment.ts'

export const CONSUMER_PROTOCOL = 'consumer'

/** Raises `MalformedError`. Of a newer version only what is known is read. */
export function readSubscription(bytes: Uint8Array): ConsumerProtocolSubscription {
  return read(ConsumerProtocolSubscription, bytes)
}

export function readAssignment(bytes: Uint8Array): ConsumerProtocolAssignment {
  return read(ConsumerProtocolAssignment, bytes)
}

function read<T>(message: MessageType<T>, bytes: Uint8Array): T {
  const reader = new Reader(bytes)
  const version = reader.int16()
  if (version < 0) throw new MalformedError(`version ${version} of ${message.name}`)
  return message.read(reader, Math.min(version, message.maxVersion))
}

/** In the version of the member's subscription. Topics that are not there are left out. */
export function writeAssignment(
  assignment: Assignment,
  metadata: MetadataView,
  subscription: Uint8Array,
): Uint8Array {
  const version = Math.min(new Reader(subscription).int16(), ConsumerProtocolAssignment.maxVersion)
  const assignedPartitions = [...assignment].flatMap(([topicId, partitions]) => {
    const topic = metadata.topicById(topicId)?.name
    if (topic === undefined) return []
    return createConsumerProtocolAssignmentTopicPartition({ topic, partitions: [...partitions] })
  })
  const writer = new Writer()
  writer.int16(version)
  const message = createConsumerProtocolAssignment({ assignedPartitions })
  ConsumerProtocolAssignment.write(writer, message, version)
  return writer.finishBuffer()
}

/** With ids in the place of names. */
export function withIds(
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
  metadata: MetadataView,
): TopicPartitions[] {
  return topics.flatMap(({ topic, partitions }) => {
    const topicId = metadata.topic(topic)?.id
    return topicId === undefined ? [] : { topicId, partitions }
  })
}

export function assignmentWithIds(
  { assignedPartitions }: ConsumerProtocolAssignment,
  metadata: MetadataView,
): Assignment {
  return toAssignment(withIds(assignedPartitions, metadata))
}

/** Runs what reads members' bytes; the group stays as it is when they are not what they should be. */
export function orNotConvertible<T>(groupId: string, convert: () => T): T {
  try {
    return convert()
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error
    throw new ApiError(
      ErrorCode.GROUP_ID_NOT_FOUND,
      `Group ${groupId} cannot change its protocol: what its members say is malformed.`,
    )
  }
}
