import { array, bool, int16, int32, int64, message, string, struct } from './dsl.ts'

export const ApiVersionsRequest = message({
  name: 'ApiVersionsRequest',
  kind: 'request',
  apiKey: 18,
  versions: '0-4',
  flexible: '3+',
  listeners: ['broker', 'controller'],
  doc: 'Asks which APIs and versions the broker speaks; the first request of most clients.',
  history: {
    3: 'Name and version of the client software (KIP-511); features in the answer (KIP-584).',
    4: 'Features whose lowest level is 0 are not left out.',
  },
  fields: {
    clientSoftwareName: string({ versions: '3+', ignorable: true }),
    clientSoftwareVersion: string({ versions: '3+', ignorable: true }),
  },
})

const ApiVersion = struct('ApiVersion', {
  apiKey: int16({ mapKey: true }),
  minVersion: int16(),
  maxVersion: int16(),
})

const SupportedFeatureKey = struct('SupportedFeatureKey', {
  name: string({ versions: '3+', mapKey: true }),
  minVersion: int16({ versions: '3+' }),
  maxVersion: int16({ versions: '3+' }),
})

const FinalizedFeatureKey = struct('FinalizedFeatureKey', {
  name: string({ versions: '3+', mapKey: true }),
  maxVersionLevel: int16({ versions: '3+' }),
  minVersionLevel: int16({ versions: '3+' }),
})

export const ApiVersionsResponse = message({
  name: 'ApiVersionsResponse',
  kind: 'response',
  apiKey: 18,
  versions: '0-4',
  flexible: '3+',
  doc: "Version ranges of each API, and the cluster's features.",
  fields: {
    errorCode: int16(),
    apiKeys: array(ApiVersion),
    throttleTimeMs: int32({ versions: '1+', ignorable: true }),
    supportedFeatures: array(SupportedFeatureKey, { versions: '3+', tag: 0, ignorable: true }),
    finalizedFeaturesEpoch: int64({ versions: '3+', tag: 1, default: -1, ignorable: true }),
    finalizedFeatures: array(FinalizedFeatureKey, { versions: '3+', tag: 2, ignorable: true }),
    zkMigrationReady: bool({ versions: '3+', tag: 3, default: false, ignorable: true }),
  },
})
