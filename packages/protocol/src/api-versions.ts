/** Which versions of an API a broker names in ApiVersions, and which it serves. */
import type { ApiDescriptor } from './wire/api-descriptor.ts'

export interface VersionRange {
  minVersion: number
  maxVersion: number
}

/**
 * The range that ApiVersions answers with; null when all versions are unstable and those are not
 * enabled. Produce is named from version 0 although 3 is the lowest served: librdkafka takes a broker
 * without Produce 0 for one that cannot compress (KAFKA-18659).
 */
export function advertisedVersions(
  api: ApiDescriptor,
  unstableEnabled: boolean,
): VersionRange | null {
  const maxVersion = highestServed(api, unstableEnabled)
  if (maxVersion < api.request.minVersion) return null
  return { minVersion: api.advertisedFrom, maxVersion }
}

/** Whether requests of this version are answered; others close the connection. */
export function isServed(api: ApiDescriptor, version: number, unstableEnabled: boolean): boolean {
  return version >= api.request.minVersion && version <= highestServed(api, unstableEnabled)
}

function highestServed(api: ApiDescriptor, unstableEnabled: boolean): number {
  const newest = api.request.maxVersion
  return api.latestVersionUnstable && !unstableEnabled ? newest - 1 : newest
}
