/** What one broker said it speaks: versions of each API, and features of the cluster. */
import type { ApiVersionsResponse, MessageType } from '@barnabas/protocol'

export class BrokerVersions {
  private readonly ranges = new Map<number, { min: number; max: number }>()
  private readonly features = new Map<string, number>()

  constructor(answer: ApiVersionsResponse) {
    for (const { apiKey, minVersion, maxVersion } of answer.apiKeys) {
      this.ranges.set(apiKey, { min: minVersion, max: maxVersion })
    }
    for (const feature of answer.finalizedFeatures) {
      this.features.set(feature.name, feature.maxVersionLevel)
    }
  }

  /** The highest version that both sides speak within the bounds; null when there is none. */
  pick(request: MessageType<unknown>, minVersion = 0, maxVersion = 32767): number | null {
    const range = this.ranges.get(request.apiKey)
    if (range === undefined) return null
    const max = Math.min(range.max, request.maxVersion, maxVersion)
    const min = Math.max(range.min, request.minVersion, minVersion)
    return max < min ? null : max
  }

  supports(apiKey: number, version = 0): boolean {
    const range = this.ranges.get(apiKey)
    return range !== undefined && range.min <= version && range.max >= version
  }

  maxVersionOf(apiKey: number): number {
    return this.ranges.get(apiKey)?.max ?? -1
  }

  /** The finalized level of a feature, 0 when it is not named. */
  featureLevel(name: string): number {
    return this.features.get(name) ?? 0
  }

  describe(apiKey: number): string {
    const range = this.ranges.get(apiKey)
    return range ? `versions ${range.min} to ${range.max}` : 'no version'
  }
}
