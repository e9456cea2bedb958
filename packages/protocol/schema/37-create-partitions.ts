import { array, bool, int16, int32, message, string, struct } from './dsl.ts'

const CreatePartitionsAssignment = struct('CreatePartitionsAssignment', {
  brokerIds: array(int32()),
})

const CreatePartitionsTopic = struct('CreatePartitionsTopic', {
  name: string({ mapKey: true }),
  count: int32(),
  assignments: array(CreatePartitionsAssignment, { nullable: '0+' }),
})

export const CreatePartitionsRequest = message({
  name: 'CreatePartitionsRequest',
  kind: 'request',
  apiKey: 37,
  versions: '0-3',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  forwardable: true,
  doc: 'Gives topics more partitions.',
  history: {
    3: 'Creation may be throttled (KIP-599).',
  },
  fields: {
    topics: array(CreatePartitionsTopic),
    timeoutMs: int32(),
    validateOnly: bool(),
  },
})

const CreatePartitionsTopicResult = struct('CreatePartitionsTopicResult', {
  name: string(),
  errorCode: int16(),
  errorMessage: string({ nullable: '0+', default: null }),
})

export const CreatePartitionsResponse = message({
  name: 'CreatePartitionsResponse',
  kind: 'response',
  apiKey: 37,
  versions: '0-3',
  flexible: '2+',
  doc: 'Whether each topic was changed.',
  fields: {
    throttleTimeMs: int32(),
    results: array(CreatePartitionsTopicResult),
  },
})
