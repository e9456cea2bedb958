import { array, int64, message, string } from '../dsl.ts'

export const ConsumerGroupRegularExpressionKey = message({
  name: 'ConsumerGroupRegularExpressionKey',
  kind: 'coordinator-key',
  apiKey: 16,
  versions: '0',
  flexible: 'none',
  doc: 'Key of ConsumerGroupRegularExpressionValue.',
  fields: {
    groupId: string(),
    regularExpression: string(),
  },
})

export const ConsumerGroupRegularExpressionValue = message({
  name: 'ConsumerGroupRegularExpressionValue',
  kind: 'coordinator-value',
  apiKey: 16,
  versions: '0',
  flexible: '0+',
  doc: "Topics that a consumer group's pattern matched (KIP-848).",
  fields: {
    topics: array(string()),
    version: int64(),
    timestamp: int64({ as: 'saturate' }),
  },
})
