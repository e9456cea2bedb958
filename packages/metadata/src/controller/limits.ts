/** Every maximum of the controller, with the reason for its value. */

/** Records of one request: a batch must stay small enough to be appended and replayed in one go. */
export const MAX_RECORDS_PER_REQUEST = 10_000

/** Elections of one periodic task at a time; the rest follows at once in the next batch. */
export const MAX_ELECTIONS_PER_TASK = 1_000

/** Producer ids handed to a broker at a time; 2^63 ids in blocks of this size outlast any cluster. */
export const PRODUCER_ID_BLOCK_SIZE = 1_000

/** Longest topic name: with partition and suffix it must fit a file name of 255 bytes. */
export const MAX_TOPIC_NAME_LENGTH = 249

/** Replicas of one partition, as many as the protocol's int16 can say. */
export const MAX_REPLICATION_FACTOR = 32_767

/** Operations that wait for their records to be committed; more means that the log does not keep up. */
export const MAX_PENDING_OPERATIONS = 10_000
