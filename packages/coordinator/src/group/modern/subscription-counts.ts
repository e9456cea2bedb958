/** How many members of a group subscribe to each topic, by name and through patterns. */

export interface Subscribers {
  readonly byName: number
  /** Patterns that match the topic, however many members have them. */
  readonly byPattern: number
}

/** A `Map` or `TimelineMap`. */
export interface Counts<T> {
  get(key: string): T | undefined
  set(key: string, value: T): unknown
  delete(key: string): boolean
}

export function countNames(
  counts: Counts<Subscribers>,
  topics: Iterable<string>,
  by: number,
): void {
  for (const topic of topics) change(counts, topic, by, 0)
}

export function countMatches(
  counts: Counts<Subscribers>,
  topics: Iterable<string>,
  by: number,
): void {
  for (const topic of topics) change(counts, topic, 0, by)
}

/** Adds to a plain count; a count of zero is none. */
export function countUp(counts: Counts<number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by
  if (count > 0) counts.set(key, count)
  else counts.delete(key)
}

function change(counts: Counts<Subscribers>, topic: string, names: number, patterns: number): void {
  const present = counts.get(topic)
  const byName = (present?.byName ?? 0) + names
  const byPattern = (present?.byPattern ?? 0) + patterns
  if (byName <= 0 && byPattern <= 0) counts.delete(topic)
  else counts.set(topic, { byName, byPattern })
}
