/** Looks up which topics match the patterns of a group; done outside of the shard, which goes on meanwhile. */
import type { PatternsResolved, ResolvePatterns } from '../modern-kinds.ts'
import { compilePattern, PatternError, type Pattern } from '../re2/pattern.ts'

export async function resolvePatterns(task: ResolvePatterns): Promise<PatternsResolved> {
  const { groupId, metadata, startedAtMs } = task
  return {
    kind: 'patternsResolved',
    groupId,
    topics: matchingTopics(task),
    version: metadata.version ?? 0,
    resolvedAtMs: startedAtMs,
  }
}

function matchingTopics({
  patterns,
  metadata,
  isTopicAllowed,
}: ResolvePatterns): Map<string, string[]> {
  const found = new Map(patterns.map((pattern): [string, string[]] => [pattern, []]))
  const compiled = patterns.flatMap((text): [string[], Pattern][] => {
    const pattern = compileOrNull(text)
    return pattern === null ? [] : [[found.get(text)!, pattern]]
  })
  for (const topic of metadata.topicNames()) {
    const matching = compiled.filter(([, pattern]) => pattern.matches(topic))
    // Rights are looked up for topics that matter alone.
    if (matching.length === 0 || isTopicAllowed?.(topic) === false) continue
    for (const [topics] of matching) topics.push(topic)
  }
  return found
}

/** It was valid when it came; one that another version let through matches nothing. */
function compileOrNull(text: string): Pattern | null {
  try {
    return compilePattern(text)
  } catch (error) {
    if (error instanceof PatternError) return null
    throw error
  }
}
