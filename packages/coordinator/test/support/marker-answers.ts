/** What leaders of partitions answer to markers. */
import {
  createWriteTxnMarkersResponse,
  createWriteTxnMarkersResponseWritableTxnMarkerPartitionResult,
  createWriteTxnMarkersResponseWritableTxnMarkerResult,
  createWriteTxnMarkersResponseWritableTxnMarkerTopicResult,
  type WriteTxnMarkersRequest,
  type WriteTxnMarkersResponse,
} from '@barnabas/protocol'

/** Answers every partition with what `codeOf` says. */
export function answer(
  request: WriteTxnMarkersRequest,
  codeOf: (topic: string, partition: number, producerId: number) => number = () => 0,
): WriteTxnMarkersResponse {
  return createWriteTxnMarkersResponse({
    markers: request.markers.map(({ producerId, topics }) =>
      createWriteTxnMarkersResponseWritableTxnMarkerResult({
        producerId,
        topics: topics.map(({ name, partitionIndexes }) =>
          createWriteTxnMarkersResponseWritableTxnMarkerTopicResult({
            name,
            partitions: partitionIndexes.map((partitionIndex) =>
              createWriteTxnMarkersResponseWritableTxnMarkerPartitionResult({
                partitionIndex,
                errorCode: codeOf(name, partitionIndex, producerId),
              }),
            ),
          }),
        ),
      }),
    ),
  })
}
