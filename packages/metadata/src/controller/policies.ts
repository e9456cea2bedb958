/**
 * Rules of whoever runs the cluster, beyond Kafka's own (KIP-108, KIP-133): functions given to the
 * controller that say why a request is refused, or null to let it pass.
 */
import { ErrorCode } from '@barnabas/protocol'
import type { ConfigTexts } from '../configs/config-view.ts'
import { apiError } from './outcome.ts'

export interface NewTopicSummary {
  readonly name: string
  /** Of each partition; placed by the controller unless `isAssigned`. */
  readonly replicas: readonly (readonly number[])[]
  readonly isAssigned: boolean
  readonly configs: ConfigTexts
}

export interface Policies {
  createTopic?(topic: NewTopicSummary): string | null
  /** `configs` are the settings of the resource as they would be after the change. */
  alterConfigs?(resourceType: number, resourceName: string, configs: ConfigTexts): string | null
}

/** Throws POLICY_VIOLATION when there is a reason. */
export function enforce(reason: string | null | undefined): void {
  if (typeof reason === 'string') throw apiError(ErrorCode.POLICY_VIOLATION, reason)
}
