/** "Did you mean": the known name nearest to a mistyped one. */

/** The nearest of `known`, or null when none is near enough to be what was meant. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  let best: string | null = null
  // A third of the letters wrong is no slip of the finger any more.
  let limit = Math.max(1, Math.floor(name.length / 4))
  for (const candidate of known) {
    const distance = editDistance(name, candidate, limit)
    if (distance <= limit) {
      best = candidate
      limit = distance - 1
    }
    if (limit < 0) break
  }
  return best
}

/** `Unknown ... 'x'`, with the nearest known name when there is one. */
export function unknownName(what: string, name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known)
  const hint = nearest === null ? '' : `; did you mean '${nearest}'?`
  return `Unknown ${what}: ${name}${hint}`
}

/** Insertions, deletions and replacements that turn one text into the other; gives up beyond `limit`. */
function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) > limit) return limit + 1
  let previous = Array.from({ length: right.length + 1 }, (_, at) => at)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    let smallest = row
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1]
      const replaced = previous[column - 1]! + (same ? 0 : 1)
      const cost = Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1)
      current.push(cost)
      if (cost < smallest) smallest = cost
    }
    if (smallest > limit) return limit + 1
    previous = current
  }
  return previous[right.length]!
}
