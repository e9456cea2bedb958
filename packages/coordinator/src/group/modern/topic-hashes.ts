/**
 * The hash of what a group reads (KIP-1101): it tells whether any of its topics came, went, or has other
 * partitions or racks. Topics are hashed once and not again until they change.
 */
import { groupHash, topicHash } from '@barnabas/base'
import type { MetadataView, TopicView } from '../../runtime/metadata-view.ts'

export class TopicHashes {
  private readonly byName = new Map<string, bigint>()

  /** Topics that are not there do not count. */
  ofTopics(metadata: MetadataView, names: Iterable<string>): bigint {
    const hashes = new Map<string, bigint>()
    for (const name of names) {
      const topic = metadata.topic(name)
      if (topic !== undefined) hashes.set(name, this.ofTopic(topic))
    }
    return groupHash(hashes)
  }

  forget(names: Iterable<string>): void {
    for (const name of names) this.byName.delete(name)
  }

  private ofTopic(topic: TopicView): bigint {
    const { id, name, partitionCount } = topic
    let hash = this.byName.get(name)
    if (hash === undefined) {
      const racks = Array.from({ length: partitionCount }, (_, n) => [...topic.racks(n)])
      hash = topicHash(id, name, racks)
      this.byName.set(name, hash)
    }
    return hash
  }
}
