/** The group coordinator of this broker, and what it must be told of the partitions that it works on. */
import { GroupCoordinator } from '@barnabas/coordinator'
import type { World } from '@barnabas/base'
import type { BrokerConfig, ClusterDelta, ClusterImage } from '@barnabas/metadata'
import { CONSUMER_OFFSETS } from '../cluster/topic-names.ts'
import type { Partition } from '../partition/partition.ts'
import { groupCoordinatorConfig } from '../settings/coordinator-settings.ts'
import { CoordinatorLog } from './coordinator-log.ts'
import { coordinatorChange, coordinatorMetadata } from './coordinator-metadata.ts'

export interface GroupServiceOptions {
  readonly world: Pick<World, 'clock' | 'timers' | 'entropy' | 'log'>
  readonly config: BrokerConfig
  readonly image: ClusterImage
  find(topic: string, partition: number): Partition | null
}

export class GroupService {
  readonly coordinator: GroupCoordinator

  constructor({ world, config, image, find }: GroupServiceOptions) {
    const topic = image.topics.byName.get(CONSUMER_OFFSETS)
    this.coordinator = new GroupCoordinator({
      world,
      writer: new CoordinatorLog({
        topic: CONSUMER_OFFSETS,
        find: (partition) => find(CONSUMER_OFFSETS, partition),
      }),
      metadata: coordinatorMetadata(image),
      partitionCount: topic?.partitions.length ?? config.get('offsets.topic.num.partitions'),
      config: groupCoordinatorConfig(config),
    })
  }

  onLeading({ topic, index, leaderEpoch }: Partition): void {
    if (topic === CONSUMER_OFFSETS) this.coordinator.runtime.onElected(index, leaderEpoch)
  }

  onResigned({ topic, index }: Partition): void {
    if (topic === CONSUMER_OFFSETS) this.coordinator.runtime.onResigned(index, null)
  }

  onProgress({ topic, index, log }: Partition): void {
    if (topic !== CONSUMER_OFFSETS) return
    this.coordinator.runtime.onHighWatermark(index, log.highWatermark)
  }

  onMetadata(delta: ClusterDelta): void {
    this.coordinator.runtime.onMetadata(coordinatorMetadata(delta.after), coordinatorChange(delta))
  }

  close(): void {
    this.coordinator.runtime.close()
  }
}
