/**
 * Where new replicas go. Replicas of a partition spread over racks first and over the brokers of each rack
 * next; leaders spread over all brokers in service, and no fenced broker is ever the first replica. The
 * order of racks and brokers is random, so that topics of one partition do not all meet on one broker.
 */
import type { Entropy } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import type { ClusterImage } from '../image/cluster-image.ts'
import { usableDirectories } from './context.ts'
import { apiError } from './outcome.ts'
import { shuffled } from './shuffled.ts'

export interface Candidate {
  readonly id: number
  /** Null when the broker names none; such brokers count as one rack. */
  readonly rack: string | null
  readonly fenced: boolean
}

/** The brokers that may get replicas: registered, not leaving, with a directory that takes new ones. */
export function placementCandidates(image: ClusterImage): Candidate[] {
  const candidates: Candidate[] = []
  for (const broker of image.brokers.values()) {
    if (broker.inControlledShutdown) continue
    // Directories are unknown for brokers that registered before they had ids.
    if (broker.logDirs.length > 0 && usableDirectories(broker).length === 0) continue
    candidates.push({ id: broker.id, rack: broker.rack, fenced: broker.fenced })
  }
  return candidates.sort((a, b) => a.id - b.id)
}

/** Replica lists for `count` partitions. Throws INVALID_REPLICATION_FACTOR when they cannot be made. */
export function placeReplicas(
  candidates: readonly Candidate[],
  count: number,
  replicationFactor: number,
  entropy: Entropy,
): number[][] {
  const inService = candidates.filter((each) => !each.fenced).length
  if (replicationFactor > candidates.length) {
    throw invalid(
      `Unable to replicate the partition ${replicationFactor} time(s): only ${candidates.length} broker(s) are registered`,
    )
  }
  if (inService === 0) {
    throw invalid(
      `Unable to replicate the partition ${replicationFactor} time(s): all brokers are fenced or shutting down`,
    )
  }
  const placements: number[][] = []
  let stripes = new Stripes(candidates, entropy)
  for (let n = 0; n < count; n++) {
    // After one round every broker has led once; another order keeps pairs from repeating.
    if (n > 0 && n % inService === 0) stripes = new Stripes(candidates, entropy)
    placements.push(stripes.next(replicationFactor))
  }
  return placements
}

/** One rack: its brokers in random order, those in service before the others. */
class Rack {
  readonly inService: readonly number[]
  private readonly fenced: readonly number[]
  private turn = 0

  constructor(brokers: readonly Candidate[], entropy: Entropy) {
    this.inService = shuffled(ids(brokers, false), entropy)
    this.fenced = shuffled(ids(brokers, true), entropy)
  }

  /** The broker whose turn it is and that is not yet taken; null when there is none left. */
  next(taken: readonly number[]): number | null {
    const count = this.inService.length
    for (let n = 0; n < count; n++) {
      const at = (this.turn + n) % count
      const id = this.inService[at]!
      if (taken.includes(id)) continue
      this.turn = at + 1
      return id
    }
    return this.fenced.find((id) => !taken.includes(id)) ?? null
  }
}

class Stripes {
  private readonly racks: readonly Rack[]
  /** Every broker in service once, with its rack, going from rack to rack. */
  private readonly leaders: readonly { id: number; rack: number }[]
  private turn = 0

  constructor(candidates: readonly Candidate[], entropy: Entropy) {
    const byRack = new Map<string | null, Candidate[]>()
    for (const each of candidates) {
      const others = byRack.get(each.rack)
      if (others === undefined) byRack.set(each.rack, [each])
      else others.push(each)
    }
    this.racks = shuffled([...byRack.values()], entropy).map((each) => new Rack(each, entropy))
    this.leaders = leaderOrder(this.racks)
  }

  /** A leader, then followers from the racks after its own, going round. */
  next(replicationFactor: number): number[] {
    const leader = this.leaders[this.turn++ % this.leaders.length]!
    const replicas = [leader.id]
    for (let rack = leader.rack + 1; replicas.length < replicationFactor; rack++) {
      const id = this.racks[rack % this.racks.length]!.next(replicas)
      if (id !== null) replicas.push(id)
    }
    return replicas
  }
}

function leaderOrder(racks: readonly Rack[]): { id: number; rack: number }[] {
  const order: { id: number; rack: number }[] = []
  const longest = Math.max(...racks.map((rack) => rack.inService.length))
  for (let at = 0; at < longest; at++) {
    racks.forEach(({ inService }, rack) => {
      if (at < inService.length) order.push({ id: inService[at]!, rack })
    })
  }
  return order
}

function ids(brokers: readonly Candidate[], fenced: boolean): number[] {
  return brokers.filter((each) => each.fenced === fenced).map((each) => each.id)
}

function invalid(message: string) {
  return apiError(ErrorCode.INVALID_REPLICATION_FACTOR, message)
}
