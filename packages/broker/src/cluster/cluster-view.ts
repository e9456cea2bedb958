/** What handlers may know of the cluster, and how its nodes are told to the client that asks. */
import type { Endpoint } from '@barnabas/base'
import type { BrokerImage, ClusterImage } from '@barnabas/metadata'
import type { ConnectionInfo } from '../request/request-context.ts'

export interface ClusterView {
  readonly nodeId: number
  readonly clusterId: string
  /** As of now; keep it for the time of one request. */
  image(): ClusterImage
  /** How the broker is reached over the listener of this connection; null when it has no such listener. */
  endpoint(broker: BrokerImage, connection: ConnectionInfo): Endpoint | null
}

export interface NodeEndpoint extends Endpoint {
  readonly id: number
  readonly rack: string | null
}

/** The brokers that clients may be sent to, as the asking client reaches them. */
export function aliveBrokers(cluster: ClusterView, connection: ConnectionInfo): NodeEndpoint[] {
  const nodes: NodeEndpoint[] = []
  for (const broker of cluster.image().brokers.values()) {
    if (broker.fenced) continue
    const endpoint = cluster.endpoint(broker, connection)
    if (endpoint !== null) nodes.push({ id: broker.id, rack: broker.rack, ...endpoint })
  }
  return nodes.sort((one, other) => one.id - other.id)
}

/**
 * The broker that clients shall take for the controller. Any alive one will do, as each hands such requests
 * on; this one does it with no hop more.
 */
export function toldController(cluster: ClusterView, alive: readonly NodeEndpoint[]): number {
  const own = alive.find(({ id }) => id === cluster.nodeId) ?? alive[0]
  return own?.id ?? -1
}
