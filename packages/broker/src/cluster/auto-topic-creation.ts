/**
 * Makes topics that nobody made: those that clients ask for where `auto.create.topics.enable` allows it, and
 * those in which the coordinators keep their state. One request at a time for each name, in the background;
 * who asked comes again and finds the topic, or asks once more.
 */
import type { Logger } from '@barnabas/base'
import { type BrokerConfig, createTopics } from '@barnabas/metadata'
import {
  CreateTopicsRequest,
  type CreateTopicsRequestCreatableTopic,
  createCreateTopicsRequestCreatableTopic,
  createCreateTopicsRequestCreatableTopicConfig,
  ErrorCode,
  errorOf,
} from '@barnabas/protocol'
import type { ControllerPort } from '../controller/controller-port.ts'
import { CONSUMER_OFFSETS, SHARE_GROUP_STATE, TRANSACTION_STATE } from './topic-names.ts'

export interface AutoTopicCreationOptions {
  readonly controller: ControllerPort
  readonly log: Logger
  brokerConfig(): BrokerConfig
}

export class AutoTopicCreation {
  private readonly options: AutoTopicCreationOptions
  private readonly underway = new Set<string>()

  constructor(options: AutoTopicCreationOptions) {
    this.options = options
  }

  /** Names that are being made already are left alone. */
  create(names: readonly string[]): void {
    const fresh = names.filter((name) => !this.underway.has(name))
    if (fresh.length === 0) return
    for (const name of fresh) this.underway.add(name)
    const config = this.options.brokerConfig()
    void this.run(fresh.map((name) => newTopic(name, config))).finally(() => {
      for (const name of fresh) this.underway.delete(name)
    })
  }

  private async run(topics: CreateTopicsRequestCreatableTopic[]): Promise<void> {
    const { controller, log } = this.options
    try {
      const request = CreateTopicsRequest.create({ topics })
      const response = await controller.run('autoCreateTopics', (context) =>
        createTopics(context, request),
      )
      for (const { name, errorCode, errorMessage } of response.topics) {
        if (errorCode === ErrorCode.NONE) log.info('made a topic that was asked for', { name })
        else if (errorCode !== ErrorCode.TOPIC_ALREADY_EXISTS) {
          const reason = errorMessage ?? errorOf(errorCode).message
          log.warn('a topic that was asked for cannot be made', { name, reason })
        }
      }
    } catch (error) {
      const names = topics.map(({ name }) => name)
      log.warn('topics that were asked for cannot be made', { names, error })
    }
  }
}

interface Settings {
  readonly partitions: number
  readonly replicas: number
  readonly configs: Readonly<Record<string, string>>
}

function newTopic(name: string, config: BrokerConfig): CreateTopicsRequestCreatableTopic {
  const { partitions, replicas, configs } = settingsOf(name, config)
  return createCreateTopicsRequestCreatableTopic({
    name,
    numPartitions: partitions,
    replicationFactor: replicas,
    configs: Object.entries(configs).map(([key, value]) =>
      createCreateTopicsRequestCreatableTopicConfig({ name: key, value }),
    ),
  })
}

/** The topics of coordinators have settings of their own; all others take the broker's defaults. */
function settingsOf(name: string, config: BrokerConfig): Settings {
  switch (name) {
    case CONSUMER_OFFSETS:
      return {
        partitions: config.get('offsets.topic.num.partitions'),
        replicas: config.get('offsets.topic.replication.factor'),
        configs: {
          'cleanup.policy': 'compact',
          'compression.type': 'producer',
          'segment.bytes': String(config.get('offsets.topic.segment.bytes')),
        },
      }
    case TRANSACTION_STATE:
      return {
        partitions: config.get('transaction.state.log.num.partitions'),
        replicas: config.get('transaction.state.log.replication.factor'),
        configs: {
          'cleanup.policy': 'compact',
          'compression.type': 'uncompressed',
          'min.insync.replicas': String(config.get('transaction.state.log.min.isr')),
          'segment.bytes': String(config.get('transaction.state.log.segment.bytes')),
          'unclean.leader.election.enable': 'false',
        },
      }
    case SHARE_GROUP_STATE:
      return {
        partitions: config.get('share.coordinator.state.topic.num.partitions'),
        replicas: config.get('share.coordinator.state.topic.replication.factor'),
        configs: {
          'cleanup.policy': 'delete',
          'compression.type': 'producer',
          'min.insync.replicas': String(config.get('share.coordinator.state.topic.min.isr')),
          'retention.ms': '-1',
          'segment.bytes': String(config.get('share.coordinator.state.topic.segment.bytes')),
        },
      }
    default:
      return { partitions: -1, replicas: -1, configs: {} }
  }
}
