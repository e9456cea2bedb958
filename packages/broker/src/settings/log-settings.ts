/** What the settings of a topic mean for its logs. */
import type { LogConfig } from '@barnabas/log'
import {
  type BrokerConfig,
  type ClusterImage,
  configsOf,
  effectiveTopicConfig,
  ResourceType,
  type TopicConfig,
} from '@barnabas/metadata'

/** The settings that hold for a topic, as the cluster knows it now. */
export function topicConfigOf(
  image: ClusterImage,
  topic: string,
  broker: BrokerConfig,
): TopicConfig {
  return effectiveTopicConfig(configsOf(image, ResourceType.TOPIC, topic), broker)
}

export function logConfigOf(topic: TopicConfig, broker: BrokerConfig): LogConfig {
  const policies = topic.get('cleanup.policy')
  const level = compressionLevel(topic)
  return {
    // Tests of Kafka's own tools set it below what `segment.bytes` allows.
    segmentBytes: topic.get('internal.segment.bytes') ?? topic.get('segment.bytes'),
    segmentMs: topic.get('segment.ms'),
    segmentJitterMs: topic.get('segment.jitter.ms'),
    maxIndexSizeBytes: topic.get('segment.index.bytes'),
    indexIntervalBytes: topic.get('index.interval.bytes'),
    maxMessageBytes: topic.get('max.message.bytes'),
    flushMessages: topic.get('flush.messages'),
    flushMs: topic.get('flush.ms'),
    retentionMs: topic.get('retention.ms'),
    retentionBytes: topic.get('retention.bytes'),
    cleanup: { delete: policies.includes('delete'), compact: policies.includes('compact') },
    deleteRetentionMs: topic.get('delete.retention.ms'),
    minCompactionLagMs: topic.get('min.compaction.lag.ms'),
    maxCompactionLagMs: topic.get('max.compaction.lag.ms'),
    minCleanableDirtyRatio: topic.get('min.cleanable.dirty.ratio'),
    fileDeleteDelayMs: topic.get('file.delete.delay.ms'),
    timestampType: timestampType(topic),
    timestampBeforeMaxMs: topic.get('message.timestamp.before.max.ms'),
    timestampAfterMaxMs: topic.get('message.timestamp.after.max.ms'),
    compression: compression(topic),
    ...(level === null ? {} : { compressionLevel: level }),
    producerIdExpirationMs: broker.get('producer.id.expiration.ms'),
  }
}

function timestampType(topic: TopicConfig): LogConfig['timestampType'] {
  return topic.get('message.timestamp.type') === 'LogAppendTime' ? 'LogAppendTime' : 'CreateTime'
}

function compression(topic: TopicConfig): LogConfig['compression'] {
  const type = topic.get('compression.type')
  return type === 'uncompressed' ? 'none' : (type as LogConfig['compression'])
}

/** Null: the codec's own. */
function compressionLevel(topic: TopicConfig): number | null {
  switch (topic.get('compression.type')) {
    case 'gzip': {
      const level = topic.get('compression.gzip.level')
      return level === -1 ? null : level
    }
    case 'lz4':
      return topic.get('compression.lz4.level')
    case 'zstd':
      return topic.get('compression.zstd.level')
    default:
      return null
  }
}
