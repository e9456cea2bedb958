/** What a change of topics means for groups that the coordinator assigns partitions for. */
import type { MetadataChange, MetadataView } from '../../runtime/metadata-view.ts'
import type { ModernTurn } from './modern-turn.ts'

/** `before` is the picture that `turn.metadata` takes the place of. */
export function onTopicsChanged(
  turn: ModernTurn,
  before: MetadataView,
  { changedTopics, deletedTopics }: MetadataChange,
): void {
  const { soft, metadata, groups } = turn
  const names = new Set([...changedTopics, ...deletedTopics.map(({ name }) => name)])
  if (names.size === 0) return
  soft.hashes.forget(names)
  const isNew = (name: string) =>
    metadata.topic(name) !== undefined && metadata.topic(name)!.id !== before.topic(name)?.id
  const created = [...names].some(isNew)
  for (const group of groups.values()) {
    if (group.type === 'classic') continue
    for (const name of names) {
      if (!group.isSubscribedTo(name)) continue
      group.markMetadataStale()
      break
    }
    if (created && group.type === 'consumer' && group.hasPatterns) {
      soft.stalePatterns.add(group.groupId)
    }
  }
}
