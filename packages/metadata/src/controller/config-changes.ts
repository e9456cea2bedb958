/**
 * Changes of settings: single operations (IncrementalAlterConfigs) or whole replacements (the legacy
 * AlterConfigs). Each resource is judged by itself, by the settings it would have afterwards.
 */
import {
  type AlterConfigsRequest,
  AlterConfigsResponse,
  ErrorCode,
  type IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '@barnabas/protocol'
import { brokerDefinition } from '../configs/broker-configs.ts'
import { CLIENT_METRICS_CONFIGS } from '../configs/client-metrics-configs.ts'
import { type ConfigTexts, defaultOf } from '../configs/config-view.ts'
import type { ConfigDefinition, ConfigTable } from '../configs/definition.ts'
import { validateBrokerUpdate, validateClientMetricsConfig } from '../configs/dynamic-update.ts'
import { validateGroupConfig } from '../configs/group-config.ts'
import { GROUP_CONFIGS } from '../configs/group-configs.ts'
import { validateTopicConfig } from '../configs/topic-config.ts'
import { TOPIC_CONFIGS } from '../configs/topic-configs.ts'
import { configsOf, ResourceType } from '../image/cluster-image.ts'
import { configRecord } from '../image/image-records.ts'
import { type MetadataRecord, metadataRecord } from '../records/metadata-record.ts'
import { type ControllerContext, isElrEnabled } from './context.ts'
import { grouped } from './grouped.ts'
import { apiError, checkRecordCount, type Outcome, partOf } from './outcome.ts'
import { enforce } from './policies.ts'

/** Whether the asking principal may change a resource. All may when absent. */
export interface ConfigAccess {
  mayAlter?(resourceType: number, resourceName: string): boolean
}

const MIN_ISR = 'min.insync.replicas'

const Operation = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const

interface Resource {
  readonly resourceType: number
  readonly resourceName: string
}

interface Change {
  readonly name: string
  readonly configOperation: number
  readonly value: string | null
}

export function incrementalAlterConfigs(
  context: ControllerContext,
  request: IncrementalAlterConfigsRequest,
  access: ConfigAccess = {},
): Outcome<IncrementalAlterConfigsResponse> {
  const { records, responses } = alterAll(request.resources, access, (resource) => {
    refuseRepeated(resource.configs)
    const before = configsOf(context.image, resource.resourceType, resource.resourceName)
    const after = new Map(before)
    for (const change of resource.configs) applyChange(context, resource, before, after, change)
    return recordsOf(context, resource, before, after, resource.configs)
  })
  return {
    records: request.validateOnly ? [] : records,
    response: IncrementalAlterConfigsResponse.create({ responses }),
  }
}

/** Settings that are not named lose their value. */
export function alterConfigs(
  context: ControllerContext,
  request: AlterConfigsRequest,
  access: ConfigAccess = {},
): Outcome<AlterConfigsResponse> {
  const { records, responses } = alterAll(request.resources, access, (resource) => {
    refuseRepeated(resource.configs)
    const before = configsOf(context.image, resource.resourceType, resource.resourceName)
    const after = new Map<string, string>()
    for (const { name, value } of resource.configs) {
      if (value === null) throw nullValue(name)
      after.set(name, value)
    }
    return recordsOf(context, resource, before, after, resource.configs)
  })
  return {
    records: request.validateOnly ? [] : records,
    response: AlterConfigsResponse.create({ responses }),
  }
}

function alterAll<R extends Resource>(
  resources: readonly R[],
  access: ConfigAccess,
  decide: (resource: R) => readonly MetadataRecord[],
) {
  const records: MetadataRecord[] = []
  const groups = grouped(resources, keyOf)
  const responses = [...groups.values()].map(([resource, ...others]) => {
    const { resourceType, resourceName } = resource!
    const error = partOf(records, () => {
      if (others.length > 0) {
        throw apiError(ErrorCode.INVALID_REQUEST, 'Each resource must appear at most once.')
      }
      checkAccess(resource!, access)
      records.push(...decide(resource!))
    })
    return { resourceType, resourceName, ...error, unknownTaggedFields: null }
  })
  checkRecordCount(records)
  return { records, responses }
}

function keyOf({ resourceType, resourceName }: Resource): string {
  return `${resourceType}/${resourceName}`
}

function checkAccess({ resourceType, resourceName }: Resource, access: ConfigAccess): void {
  if (access.mayAlter?.(resourceType, resourceName) !== false) return
  if (resourceType === ResourceType.TOPIC) throw apiError(ErrorCode.TOPIC_AUTHORIZATION_FAILED)
  if (resourceType === ResourceType.GROUP) throw apiError(ErrorCode.GROUP_AUTHORIZATION_FAILED)
  throw apiError(ErrorCode.CLUSTER_AUTHORIZATION_FAILED)
}

function refuseRepeated(changes: readonly { name: string }[]): void {
  const names = changes.map((change) => change.name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice === undefined) return
  throw apiError(ErrorCode.INVALID_REQUEST, `The config ${twice} appears more than once.`)
}

/** Applies one operation to `after`. APPEND and SUBTRACT begin with the default of an unset list. */
function applyChange(
  context: ControllerContext,
  resource: Resource,
  before: ConfigTexts,
  after: Map<string, string>,
  { name, configOperation, value }: Change,
): void {
  switch (configOperation) {
    case Operation.DELETE:
      after.delete(name)
      return
    case Operation.SET:
      if (value === null) throw nullValue(name)
      after.set(name, value)
      return
    case Operation.APPEND:
    case Operation.SUBTRACT: {
      if (value === null) throw nullValue(name)
      const definition = definitionOf(resource, name)
      if (definition?.type !== 'list') throw notAList(name, configOperation)
      const present = elements(before.get(name) ?? inheritedText(context, name, definition))
      after.set(name, combined(present, elements(value), configOperation).join(','))
      return
    }
    default:
      throw apiError(
        ErrorCode.INVALID_REQUEST,
        `Unknown config operation ${configOperation} for ${name}.`,
      )
  }
}

function combined(present: string[], given: string[], operation: number): string[] {
  return operation === Operation.APPEND
    ? [...present, ...given.filter((element) => !present.includes(element))]
    : present.filter((element) => !given.includes(element))
}

function elements(text: string): string[] {
  return text.trim() === '' ? [] : text.trim().split(/\s*,\s*/)
}

/** The text of an unset list: what the broker's file says, else its default. */
function inheritedText(
  { config }: ControllerContext,
  name: string,
  definition: ConfigDefinition,
): string {
  for (const brokerName of [...definition.brokerNames, name]) {
    const text = config.givenText(brokerName)
    if (text !== null) return text
  }
  return defaultOf(name, definition).text ?? ''
}

function definitionOf({ resourceType }: Resource, name: string): ConfigDefinition | null {
  if (resourceType === ResourceType.BROKER) return brokerDefinition(name)
  const table: ConfigTable =
    resourceType === ResourceType.TOPIC
      ? TOPIC_CONFIGS
      : resourceType === ResourceType.GROUP
        ? GROUP_CONFIGS
        : CLIENT_METRICS_CONFIGS
  return Object.hasOwn(table, name) ? table[name]! : null
}

/** Validates the settings after the change and gives the records that lead there. */
function recordsOf(
  context: ControllerContext,
  resource: Resource,
  before: ConfigTexts,
  after: ConfigTexts,
  named: readonly { name: string }[],
): readonly MetadataRecord[] {
  validate(context, resource, before, after)
  const { resourceType, resourceName } = resource
  enforce(context.policies?.alterConfigs?.(resourceType, resourceName, after))
  const records: MetadataRecord[] = []
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const value = after.get(name) ?? null
    // Brokers load certificates anew when their setting is made again, even to the same text.
    const isRenewed =
      resourceType === ResourceType.BROKER &&
      value !== null &&
      named.some((each) => each.name === name)
    if (value === (before.get(name) ?? null) && !isRenewed) continue
    records.push(configRecord(resourceType, resourceName, name, value))
  }
  records.push(...elrRecords(context, resource, records))
  return records
}

/** Who is eligible was judged by the old minimum; under another one it would no longer be safe. */
function elrRecords(
  { image }: ControllerContext,
  { resourceType, resourceName }: Resource,
  changes: readonly MetadataRecord[],
): MetadataRecord[] {
  const touched = changes.some((each) => each.type === 'ConfigRecord' && each.data.name === MIN_ISR)
  if (!touched || !isElrEnabled(image)) return []
  if (resourceType === ResourceType.TOPIC) {
    return [metadataRecord('ClearElrRecord', 0, { topicName: resourceName })]
  }
  const isCluster = resourceType === ResourceType.BROKER && resourceName === ''
  return isCluster ? [metadataRecord('ClearElrRecord', 0, { topicName: '' })] : []
}

function validate(
  context: ControllerContext,
  resource: Resource,
  before: ConfigTexts,
  after: ConfigTexts,
): void {
  const { resourceName: name } = resource
  switch (resource.resourceType) {
    case ResourceType.TOPIC:
      if (!context.image.topics.byName.has(name)) {
        throw apiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${name}' does not exist.`)
      }
      return validateTopicConfig(after, { broker: context.config, before })
    case ResourceType.BROKER:
      return validateBroker(context, name, before, after)
    case ResourceType.CLIENT_METRICS:
      if (name === '') throw noName('Subscription')
      return validateClientMetricsConfig(after)
    case ResourceType.GROUP:
      if (name === '') throw noName('Group')
      return validateGroupConfig(after, context.config)
    default:
      throw apiError(
        ErrorCode.INVALID_REQUEST,
        `Resources of type ${resource.resourceType} have no settings here.`,
      )
  }
}

function validateBroker(
  context: ControllerContext,
  name: string,
  before: ConfigTexts,
  after: ConfigTexts,
): void {
  if (name !== '' && !/^\d+$/.test(name)) {
    throw apiError(ErrorCode.INVALID_REQUEST, `'${name}' is not the id of a broker.`)
  }
  checkMinIsrUnderElr(context, name, before, after)
  const added = new Map([...after].filter(([key, text]) => before.get(key) !== text))
  validateBrokerUpdate(added, name === '' ? 'cluster' : 'broker')
}

/** Under ELR the minimum must be one for the whole cluster, since all brokers judge by it. */
function checkMinIsrUnderElr(
  { image }: ControllerContext,
  name: string,
  before: ConfigTexts,
  after: ConfigTexts,
): void {
  if (!isElrEnabled(image)) return
  if (name !== '' && after.get(MIN_ISR) !== before.get(MIN_ISR)) {
    throw apiError(
      ErrorCode.INVALID_CONFIG,
      `${MIN_ISR} of a single broker cannot be altered while eligible leader replicas are enabled.`,
    )
  }
  if (name === '' && before.has(MIN_ISR) && !after.has(MIN_ISR)) {
    throw apiError(
      ErrorCode.INVALID_CONFIG,
      `${MIN_ISR} of the cluster cannot be removed while eligible leader replicas are enabled.`,
    )
  }
}

function nullValue(name: string) {
  return apiError(ErrorCode.INVALID_REQUEST, `Null value not supported for: ${name}`)
}

function notAList(name: string, operation: number) {
  const verb = operation === Operation.APPEND ? 'APPEND' : 'SUBTRACT'
  return apiError(
    ErrorCode.INVALID_CONFIG,
    `Can't ${verb} to key ${name} because its type is not LIST.`,
  )
}

function noName(what: string) {
  return apiError(ErrorCode.INVALID_REQUEST, `${what} name must not be empty.`)
}
