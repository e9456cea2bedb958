/**
 * What the client tells `node:diagnostics_channel` subscribers. Nothing is built when nobody listens. The
 * names and shapes are part of the public API.
 */
import { channel } from 'node:diagnostics_channel'

export interface ConnectionEvent {
  clientId: string
  nodeId: number
  host: string
  port: number
  lane: string
  /** Set on `barnabas:client:disconnect` when it was not in order. */
  error?: Error | null
}

export interface RequestEvent {
  clientId: string
  nodeId: number
  api: string
  version: number
  correlationId: number
  lane: string
  /** Set on `barnabas:client:response`. */
  durationMs?: number
  sizeBytes?: number
  error?: Error | null
}

export interface MetadataEvent {
  clientId: string
  clusterId: string | null
  controllerId: number
  brokers: number
  topics: number
}

export interface ProduceEvent {
  clientId: string
  topic: string
  partition: number
  records: number
  sizeBytes: number
  baseOffset?: number
  error?: Error | null
}

export interface GroupEvent {
  clientId: string
  groupId: string
  memberId: string
  generation: number
  what: 'joining' | 'stable' | 'revoked' | 'assigned' | 'lost' | 'left' | 'error'
  partitions?: readonly { topic: string; partition: number }[]
  error?: Error | null
}

export interface FetchEvent {
  clientId: string
  nodeId: number
  sizeBytes: number
  partitions: number
}

/** A retry that is under way: why something does not move. */
export interface RetryEvent {
  clientId: string
  what: string
  failures: number
  waitMs: number
  error: Error
}

export const CHANNEL_NAMES = {
  connect: 'barnabas:client:connect',
  disconnect: 'barnabas:client:disconnect',
  request: 'barnabas:client:request',
  response: 'barnabas:client:response',
  metadata: 'barnabas:client:metadata',
  produce: 'barnabas:client:produce',
  fetch: 'barnabas:client:fetch',
  group: 'barnabas:client:group',
  retry: 'barnabas:client:retry',
} as const

export const channels = {
  connect: channel(CHANNEL_NAMES.connect),
  disconnect: channel(CHANNEL_NAMES.disconnect),
  request: channel(CHANNEL_NAMES.request),
  response: channel(CHANNEL_NAMES.response),
  metadata: channel(CHANNEL_NAMES.metadata),
  produce: channel(CHANNEL_NAMES.produce),
  fetch: channel(CHANNEL_NAMES.fetch),
  group: channel(CHANNEL_NAMES.group),
  retry: channel(CHANNEL_NAMES.retry),
}
