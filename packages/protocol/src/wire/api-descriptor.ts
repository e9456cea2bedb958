import type { MessageType } from './message-type.ts'

/** What the protocol says of one API, whoever serves it. */
export interface ApiDescriptor {
  readonly key: number
  readonly name: string
  // The table holds many message types; who takes one out by key knows which.
  readonly request: MessageType<any>
  readonly response: MessageType<any>
  readonly listeners: readonly ('broker' | 'controller')[]
  /** The newest version is only offered when unstable versions are enabled. */
  readonly latestVersionUnstable: boolean
  /** Lowest version that ApiVersions names; lower than what is served where clients need it so. */
  readonly advertisedFrom: number
  /** A broker hands the request on to the active controller. */
  readonly forwardable: boolean
  /** Only for those who may act for the cluster. */
  readonly clusterAction: boolean
}
