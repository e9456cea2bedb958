/** The cluster as this node sees it: the image it follows, and its own listeners as they are bound. */
import type { Endpoint } from '@barnabas/base'
import type { BrokerImage, ClusterImage } from '@barnabas/metadata'
import type { ConnectionInfo } from '../request/request-context.ts'
import { advertisedEndpoint, type ListenerSettings } from '../settings/listeners.ts'
import type { ClusterView } from './cluster-view.ts'

export interface BoundListener {
  readonly settings: ListenerSettings
  readonly port: number
}

export interface NodeClusterViewOptions {
  readonly nodeId: number
  readonly clusterId: string
  image(): ClusterImage
  listeners(): readonly BoundListener[]
}

export class NodeClusterView implements ClusterView {
  readonly nodeId: number
  readonly clusterId: string
  private readonly options: NodeClusterViewOptions

  constructor(options: NodeClusterViewOptions) {
    this.options = options
    this.nodeId = options.nodeId
    this.clusterId = options.clusterId
  }

  image(): ClusterImage {
    return this.options.image()
  }

  endpoint(broker: BrokerImage, connection: ConnectionInfo): Endpoint | null {
    if (broker.id === this.nodeId) return this.ownEndpoint(connection)
    const found = broker.endpoints.find(({ name }) => name === connection.listener)
    return found === undefined ? null : { host: found.host, port: found.port }
  }

  /** Whatever is registered: what the client has reached is sure to be right for it. */
  private ownEndpoint({ listener, local }: ConnectionInfo): Endpoint | null {
    const bound = this.options.listeners().find(({ settings }) => settings.name === listener)
    return bound === undefined ? null : advertisedEndpoint(bound.settings, bound.port, local)
  }
}
