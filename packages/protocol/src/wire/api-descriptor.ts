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
}
