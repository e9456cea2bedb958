import { array, bool, int16, int32, int8, message, string, struct } from './dsl.ts'

const FeatureUpdateKey = struct('FeatureUpdateKey', {
  feature: string({ mapKey: true }),
  maxVersionLevel: int16(),
  allowDowngrade: bool({ versions: '0' }),
  upgradeType: int8({ versions: '1+', default: 1 }),
})

export const UpdateFeaturesRequest = message({
  name: 'UpdateFeaturesRequest',
  kind: 'request',
  apiKey: 57,
  versions: '0-2',
  flexible: '0+',
  listeners: ['broker', 'controller'],
  forwardable: true,
  clusterAction: true,
  doc: 'Finalizes feature levels of the cluster (KIP-584).',
  history: {
    1: 'Can be tried without effect; downgrades have kinds.',
    2: 'Features succeed or fail together; no results of single ones.',
  },
  fields: {
    timeoutMs: int32({ default: 60000 }),
    featureUpdates: array(FeatureUpdateKey),
    validateOnly: bool({ versions: '1+', default: false }),
  },
})

const UpdatableFeatureResult = struct('UpdatableFeatureResult', {
  feature: string({ mapKey: true }),
  errorCode: int16(),
  errorMessage: string({ nullable: '0+' }),
})

export const UpdateFeaturesResponse = message({
  name: 'UpdateFeaturesResponse',
  kind: 'response',
  apiKey: 57,
  versions: '0-2',
  flexible: '0+',
  doc: 'Whether they were finalized.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    results: array(UpdatableFeatureResult, { versions: '0-1', ignorable: true }),
  },
})
