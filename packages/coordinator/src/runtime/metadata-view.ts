/** What coordinators know of the cluster: a read-only picture that is replaced as a whole. */
import type { Uuid } from '@barnabas/protocol'

export interface TopicView {
  readonly name: string
  readonly id: Uuid
  readonly partitionCount: number
  /** Racks of the brokers that hold the partition. */
  racks(partition: number): readonly string[]
}

export interface MetadataView {
  /** Offset of the metadata it was made of; greater is newer. */
  readonly version?: number
  topic(name: string): TopicView | undefined
  topicById(id: Uuid): TopicView | undefined
  topicNames(): Iterable<string>
  /** The overrides set for one group: config name to value. */
  groupConfig(groupId: string): ReadonlyMap<string, string> | undefined
}

/** What differs between two pictures. */
export interface MetadataChange {
  /** Topics that came, went, or have other partitions or racks; by name. */
  readonly changedTopics: ReadonlySet<string>
  /** Topics that are gone, by id and name. */
  readonly deletedTopics: readonly { readonly id: Uuid; readonly name: string }[]
  /** Groups whose configs were changed. */
  readonly changedGroups: ReadonlySet<string>
}

export const EMPTY_METADATA: MetadataView = {
  topic: () => undefined,
  topicById: () => undefined,
  topicNames: () => [],
  groupConfig: () => undefined,
}
