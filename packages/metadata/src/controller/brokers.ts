/**
 * The life of a broker, as the controller sees it:
 *
 *   register -> fenced --(caught up with its registration)--> in service --(asks to stop)--> leaving
 *                 ^  \                                            |                            |
 *                 |   +--------- silent for a session ------------+     leads nothing and all others
 *                 +------------------------------------------------------ know it: may stop ---+
 *
 * Registration and fencing are records; who was heard of when is soft state (`BrokerSessions`).
 */
import {
  type BrokerHeartbeatRequest,
  BrokerHeartbeatResponse,
  type BrokerRegistrationRequest,
  BrokerRegistrationResponse,
  type ControllerRegistrationRequest,
  ControllerRegistrationResponse,
  ErrorCode,
  type UnregisterBrokerRequest,
  UnregisterBrokerResponse,
} from '@barnabas/protocol'
import {
  METADATA_VERSION,
  MetadataLevel,
  MIN_METADATA_LEVEL,
  registerBrokerRecordVersion,
} from '../features/metadata-version.ts'
import {
  type BrokerImage,
  isActive,
  metadataLevel,
  type VersionRange,
} from '../image/cluster-image.ts'
import { DirectoryId } from '../image/partition-image.ts'
import { type MetadataRecord, metadataRecord } from '../records/metadata-record.ts'
import { type ControllerContext, isElrEnabled, partitionsWhere } from './context.ts'
import { admitBroker, removeBroker, removeDirectories } from './elections.ts'
import { apiError, type Outcome } from './outcome.ts'

const RESERVED = new Set<string>(Object.values(DirectoryId))
const FENCE = 1
const UNFENCE = -1

export function registerBroker(
  context: ControllerContext,
  request: BrokerRegistrationRequest,
): Outcome<BrokerRegistrationResponse> {
  const { image, sessions } = context
  checkRegistration(context, request)
  const { brokerId, incarnationId } = request
  const existing = image.brokers.get(brokerId)
  const isAmended = existing !== undefined && existing.incarnationId === incarnationId
  const records = isAmended ? [] : recordsOfRestart(context, request, existing)
  const brokerEpoch = isAmended ? existing.epoch : context.nextOffset
  const level = metadataLevel(image)
  records.push(
    metadataRecord('RegisterBrokerRecord', registerBrokerRecordVersion(level), {
      brokerId,
      incarnationId,
      brokerEpoch,
      endPoints: request.listeners.map((each) => ({ ...each })),
      features: request.features.map((each) => ({ ...each })),
      rack: request.rack,
      fenced: isAmended ? existing.fenced : true,
      inControlledShutdown: isAmended ? existing.inControlledShutdown : false,
      ...(level >= MetadataLevel.DIRECTORY_ASSIGNMENT ? { logDirs: request.logDirs } : {}),
    }),
  )
  if (!isAmended) sessions.remove(brokerId)
  sessions.touch(brokerId, context.monotonicMs, -1)
  return { records, response: BrokerRegistrationResponse.create({ brokerEpoch }) }
}

/**
 * A new incarnation does not lead what the one before it led. One that names the epoch of its
 * predecessor stopped in order; any other may have lost what was not yet on its disk.
 */
function recordsOfRestart(
  context: ControllerContext,
  request: BrokerRegistrationRequest,
  existing: BrokerImage | undefined,
): MetadataRecord[] {
  if (existing === undefined) return removeBroker(context, request.brokerId)
  const isClean = request.previousBrokerEpoch === existing.epoch
  return removeBroker(context, request.brokerId, {
    unclean: isElrEnabled(context.image) && !isClean,
  })
}

function checkRegistration(context: ControllerContext, request: BrokerRegistrationRequest): void {
  const { image, sessions, config } = context
  const { brokerId } = request
  if (request.clusterId !== context.clusterId) {
    throw apiError(
      ErrorCode.INCONSISTENT_CLUSTER_ID,
      `Expected cluster ID ${context.clusterId}, but got cluster ID ${request.clusterId}`,
    )
  }
  const existing = image.brokers.get(brokerId)
  const timeoutMs = config.get('broker.session.timeout.ms')
  const isAlive = sessions.isValid(brokerId, context.monotonicMs, timeoutMs)
  if (existing !== undefined && existing.incarnationId !== request.incarnationId && isAlive) {
    throw apiError(
      ErrorCode.DUPLICATE_BROKER_REGISTRATION,
      `Another broker is registered with the id ${brokerId}.`,
    )
  }
  if (request.isMigratingZkBroker) {
    throw apiError(
      ErrorCode.BROKER_ID_NOT_REGISTERED,
      'Brokers that migrate from ZooKeeper cannot register.',
    )
  }
  checkDirectories(context, request)
  checkFeatures(context, request)
}

function checkDirectories(
  { image }: ControllerContext,
  { brokerId, logDirs }: BrokerRegistrationRequest,
): void {
  if (metadataLevel(image) < MetadataLevel.DIRECTORY_ASSIGNMENT) return
  const refuse = (why: string) => apiError(ErrorCode.INVALID_REGISTRATION, why)
  if (logDirs.length === 0) throw refuse('No directories specified in request')
  if (logDirs.some((id) => RESERVED.has(id))) throw refuse('Reserved directory ID in request')
  if (new Set(logDirs).size !== logDirs.length) throw refuse('Duplicate directory ID in request')
  for (const other of image.brokers.values()) {
    const shared =
      other.id === brokerId ? undefined : other.logDirs.find((id) => logDirs.includes(id))
    if (shared !== undefined) {
      throw refuse(`Broker ${other.id} is already registered with directory ${shared}`)
    }
  }
}

/** Every finalized level must be one the broker supports; it could not read the cluster's records else. */
function checkFeatures({ image }: ControllerContext, request: BrokerRegistrationRequest): void {
  const supported = new Map<string, VersionRange>([
    [METADATA_VERSION, { min: MIN_METADATA_LEVEL, max: MIN_METADATA_LEVEL }],
  ])
  for (const each of request.features) {
    supported.set(each.name, { min: each.minSupportedVersion, max: each.maxSupportedVersion })
  }
  for (const [name, level] of image.features) {
    const { min, max } = supported.get(name) ?? { min: 0, max: 0 }
    if (level >= min && level <= max) continue
    throw apiError(
      ErrorCode.UNSUPPORTED_VERSION,
      `Broker ${request.brokerId} supports ${name} from ${min} to ${max}; the cluster has it at ${level}`,
    )
  }
}

export function unregisterBroker(
  context: ControllerContext,
  request: UnregisterBrokerRequest,
): Outcome<UnregisterBrokerResponse> {
  const { brokerId } = request
  const broker = context.image.brokers.get(brokerId)
  if (broker === undefined) {
    throw apiError(
      ErrorCode.BROKER_ID_NOT_REGISTERED,
      `Broker ID ${brokerId} is not currently registered`,
    )
  }
  const records = removeBroker(context, brokerId, { unclean: isElrEnabled(context.image) })
  records.push(metadataRecord('UnregisterBrokerRecord', 0, { brokerId, brokerEpoch: broker.epoch }))
  context.sessions.remove(brokerId)
  return { records, response: UnregisterBrokerResponse.create({}) }
}

type BrokerState = 'fenced' | 'inService' | 'leaving' | 'mayStop'

export function brokerHeartbeat(
  context: ControllerContext,
  request: BrokerHeartbeatRequest,
): Outcome<BrokerHeartbeatResponse> {
  const broker = registeredBroker(context, request.brokerId, request.brokerEpoch)
  const now = stateOf(broker)
  const next = nextState(context, broker, request)
  const records = next === now ? [] : transitionRecords(context, broker, next)
  records.push(...directoryRecords(context, broker, request))
  context.sessions.touch(broker.id, context.monotonicMs, request.currentMetadataOffset)
  if (next === 'leaving' && (now !== 'leaving' || records.length > 0)) {
    const last = context.nextOffset + records.length - 1
    context.sessions.noteShutdownOffset(broker.id, last)
  }
  const response = BrokerHeartbeatResponse.create({
    isCaughtUp: request.currentMetadataOffset >= broker.epoch,
    isFenced: next === 'fenced' || next === 'mayStop',
    shouldShutDown: next === 'mayStop',
  })
  return { records, response }
}

/** Throws STALE_BROKER_EPOCH unless the broker is registered under that epoch. */
export function registeredBroker(
  { image }: ControllerContext,
  brokerId: number,
  brokerEpoch: number,
): BrokerImage {
  const broker = image.brokers.get(brokerId)
  if (broker?.epoch === brokerEpoch) return broker
  const known = broker === undefined ? 'it is not registered' : `its epoch is ${broker.epoch}`
  throw apiError(
    ErrorCode.STALE_BROKER_EPOCH,
    `Broker ${brokerId} speaks for epoch ${brokerEpoch}, but ${known}`,
  )
}

function stateOf(broker: BrokerImage): BrokerState {
  if (broker.fenced) return 'fenced'
  return broker.inControlledShutdown ? 'leaving' : 'inService'
}

function nextState(
  context: ControllerContext,
  broker: BrokerImage,
  { wantFence, wantShutDown, currentMetadataOffset }: BrokerHeartbeatRequest,
): BrokerState {
  switch (stateOf(broker)) {
    case 'fenced':
      if (wantShutDown) return 'mayStop'
      // It must know of its own registration, or it would serve what it no longer has.
      return !wantFence && currentMetadataOffset >= broker.epoch ? 'inService' : 'fenced'
    case 'inService':
      if (wantFence) return wantShutDown ? 'mayStop' : 'fenced'
      if (!wantShutDown) return 'inService'
      return leadsAny(context, broker.id) ? 'leaving' : 'mayStop'
    default: {
      if (leadsAny(context, broker.id)) return 'leaving'
      // Clients ask any broker in service who leads; all of those must know that this one does not.
      const shutdownOffset = context.sessions.shutdownOffset(broker.id)
      return shutdownOffset <= lowestActiveOffset(context) ? 'mayStop' : 'leaving'
    }
  }
}

function leadsAny({ image }: ControllerContext, brokerId: number): boolean {
  for (const _ of partitionsWhere(image, ({ leader }) => leader === brokerId)) return true
  return false
}

/** How far the slowest broker in service has replayed the log. */
function lowestActiveOffset({ image, sessions }: ControllerContext): number {
  let lowest = Number.POSITIVE_INFINITY
  for (const broker of image.brokers.values()) {
    if (isActive(image, broker.id)) lowest = Math.min(lowest, sessions.metadataOffset(broker.id))
  }
  return lowest
}

function transitionRecords(
  context: ControllerContext,
  broker: BrokerImage,
  next: BrokerState,
): MetadataRecord[] {
  const { id: brokerId, epoch: brokerEpoch } = broker
  switch (next) {
    case 'inService':
      return [fencingRecord(broker, UNFENCE), ...admitBroker(context, brokerId)]
    case 'leaving': {
      const fields = { brokerId, brokerEpoch, inControlledShutdown: 1 }
      return [
        metadataRecord('BrokerRegistrationChangeRecord', 1, fields),
        ...removeBroker(context, brokerId),
      ]
    }
    default:
      return broker.fenced ? [] : fenceRecords(context, broker)
  }
}

function fenceRecords(context: ControllerContext, broker: BrokerImage): MetadataRecord[] {
  return [...removeBroker(context, broker.id), fencingRecord(broker, FENCE)]
}

function fencingRecord(broker: BrokerImage, fenced: number): MetadataRecord {
  return metadataRecord('BrokerRegistrationChangeRecord', 0, {
    brokerId: broker.id,
    brokerEpoch: broker.epoch,
    fenced,
  })
}

/** What a heartbeat says of directories: failed ones, and ones that want no new replicas. */
function directoryRecords(
  context: ControllerContext,
  broker: BrokerImage,
  { offlineLogDirs, cordonedLogDirs }: BrokerHeartbeatRequest,
): MetadataRecord[] {
  const level = metadataLevel(context.image)
  const records: MetadataRecord[] = []
  const { id: brokerId, epoch: brokerEpoch } = broker
  const failed = broker.logDirs.filter((id) => offlineLogDirs.includes(id))
  if (failed.length > 0 && level >= MetadataLevel.DIRECTORY_ASSIGNMENT) {
    records.push(...removeDirectories(context, brokerId, failed))
    const logDirs = broker.logDirs.filter((id) => !failed.includes(id))
    const fields = { brokerId, brokerEpoch, logDirs }
    if (logDirs.length > 0) {
      records.push(metadataRecord('BrokerRegistrationChangeRecord', 2, fields))
    }
  }
  if (cordonedLogDirs !== null && level >= MetadataLevel.CORDONED_DIRECTORIES) {
    const known = broker.cordonedLogDirs
    const isSame =
      known.length === cordonedLogDirs.length && cordonedLogDirs.every((id) => known.includes(id))
    const fields = { brokerId, brokerEpoch, cordonedLogDirs }
    if (!isSame) records.push(metadataRecord('BrokerRegistrationChangeRecord', 3, fields))
  }
  return records
}

/**
 * Fences the broker that has been silent for longest beyond its session. One at a time, so that what its
 * going changes is there before the next is judged; `more` says that others are waiting.
 */
export function fenceStaleBroker(context: ControllerContext): Outcome<{ readonly more: boolean }> {
  const stale = staleBrokers(context)
  const [first] = stale
  if (first === undefined) return { records: [], response: { more: false } }
  return { records: fenceRecords(context, first), response: { more: stale.length > 1 } }
}

/** Brokers whose session has ended, the one silent for longest first. */
function staleBrokers({ image, sessions, config, monotonicMs }: ControllerContext): BrokerImage[] {
  const timeoutMs = config.get('broker.session.timeout.ms')
  const expiry = (broker: BrokerImage) => sessions.expiryMs(broker.id, timeoutMs) ?? 0
  return [...image.brokers.values()]
    .filter((broker) => !broker.fenced && expiry(broker) <= monotonicMs)
    .sort((a, b) => expiry(a) - expiry(b))
}

/** When the next session ends that nobody renews; null when no broker is in service. */
export function nextExpiryMs(context: ControllerContext): number | null {
  const timeoutMs = context.config.get('broker.session.timeout.ms')
  let next: number | null = null
  for (const broker of context.image.brokers.values()) {
    if (broker.fenced) continue
    const expiry = context.sessions.expiryMs(broker.id, timeoutMs) ?? context.monotonicMs
    if (next === null || expiry < next) next = expiry
  }
  return next
}

export function registerController(
  context: ControllerContext,
  request: ControllerRegistrationRequest,
): Outcome<ControllerRegistrationResponse> {
  if (metadataLevel(context.image) < MetadataLevel.CONTROLLER_REGISTRATION) {
    throw apiError(
      ErrorCode.UNSUPPORTED_VERSION,
      'The metadata.version of the cluster is too old for controllers to register.',
    )
  }
  const record = metadataRecord('RegisterControllerRecord', 0, {
    controllerId: request.controllerId,
    incarnationId: request.incarnationId,
    zkMigrationReady: request.zkMigrationReady,
    endPoints: request.listeners.map((each) => ({ ...each })),
    features: request.features.map((each) => ({ ...each })),
  })
  return { records: [record], response: ControllerRegistrationResponse.create({}) }
}
