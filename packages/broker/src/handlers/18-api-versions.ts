/**
 * ApiVersions, versions 0 to 4: which APIs and versions this listener serves, and which features the
 * cluster has. It is the first request of every client, served before authentication.
 *
 * v3 (KIP-511): the client says what it is; KIP-584: features. v4: a feature's lowest level may be 0; older
 * clients cannot read that, so they do not hear of such features.
 */
import {
  ApiVersionsRequest,
  ApiVersionsResponse,
  type ApiVersionsResponseApiVersion,
  createApiVersionsResponseFinalizedFeatureKey,
  createApiVersionsResponseSupportedFeatureKey,
  ErrorCode,
} from '@barnabas/protocol'
import { handler } from './handler.ts'

export interface SupportedFeature {
  readonly name: string
  readonly minLevel: number
  readonly maxLevel: number
}

export interface FinalizedFeatures {
  /** Grows with every change; -1 when it is not known. */
  readonly epoch: number
  readonly levels: ReadonlyMap<string, number>
}

export interface ApiVersionsServices {
  announced(): ApiVersionsResponseApiVersion[]
  readonly supportedFeatures: readonly SupportedFeature[]
  finalizedFeatures(): FinalizedFeatures
}

const SOFTWARE_TEXT = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

export function apiVersions(services: ApiVersionsServices) {
  return handler({
    request: ApiVersionsRequest,
    response: ApiVersionsResponse,
    authorization: 'anyone',
    handle({ apiVersion, connection }, request) {
      if (apiVersion >= 3) {
        const { clientSoftwareName: name, clientSoftwareVersion: version } = request
        if (!SOFTWARE_TEXT.test(name) || !SOFTWARE_TEXT.test(version)) {
          return ApiVersionsResponse.create({ errorCode: ErrorCode.INVALID_REQUEST })
        }
        connection.clientSoftware = { name, version }
      }
      const apiKeys = services.announced()
      if (apiVersion < 3) return ApiVersionsResponse.create({ apiKeys })
      const { epoch, levels } = services.finalizedFeatures()
      return ApiVersionsResponse.create({
        apiKeys,
        supportedFeatures: supported(services.supportedFeatures, apiVersion),
        finalizedFeatures: finalized(levels),
        finalizedFeaturesEpoch: epoch,
      })
    },
    failure: (_request, errorCode) => ApiVersionsResponse.create({ errorCode }),
  })
}

function supported(features: readonly SupportedFeature[], apiVersion: number) {
  return features
    .filter(({ minLevel }) => minLevel > 0 || apiVersion >= 4)
    .map(({ name, minLevel, maxLevel }) =>
      createApiVersionsResponseSupportedFeatureKey({
        name,
        minVersion: minLevel,
        maxVersion: maxLevel,
      }),
    )
}

/** A feature at level 0 is one that is not there. */
function finalized(levels: ReadonlyMap<string, number>) {
  return [...levels]
    .filter(([, level]) => level > 0)
    .map(([name, level]) =>
      createApiVersionsResponseFinalizedFeatureKey({
        name,
        minVersionLevel: level,
        maxVersionLevel: level,
      }),
    )
}
