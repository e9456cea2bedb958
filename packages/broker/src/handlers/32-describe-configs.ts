/**
 * DescribeConfigs, versions 1 to 4: all settings of topics, brokers, loggers, client metrics subscriptions
 * and groups, with where each value comes from. v3 (KIP-569): types and documentation.
 */
import { ApiError } from '@barnabas/base'
import {
  type BrokerConfig,
  ConfigSource,
  type ConfigEntry,
  configsOf,
  describeBroker,
  describeClientMetrics,
  describeClusterDefault,
  describeGroup,
  describeTopic,
  ResourceType as ConfigResourceType,
} from '@barnabas/metadata'
import {
  createDescribeConfigsResponseDescribeConfigsResourceResult,
  createDescribeConfigsResponseDescribeConfigsResult,
  createDescribeConfigsResponseDescribeConfigsSynonym,
  DescribeConfigsRequest,
  type DescribeConfigsRequestDescribeConfigsResource,
  DescribeConfigsResponse,
  type DescribeConfigsResponseDescribeConfigsResourceResult,
  type DescribeConfigsResponseDescribeConfigsResult,
  ErrorCode,
} from '@barnabas/protocol'
import type { ClusterView } from '../cluster/cluster-view.ts'
import { isTopicName } from '../cluster/topic-names.ts'
import type { ConnectionInfo } from '../request/request-context.ts'
import {
  AclOperation,
  type Authorizer,
  CLUSTER_NAME,
  ResourceType,
} from '../security/authorizer.ts'
import { handler } from './handler.ts'

export interface DescribeConfigsServices {
  readonly cluster: ClusterView
  readonly authorizer: Authorizer
  brokerConfig(): BrokerConfig
  /** Level by logger, such as `root` to `INFO`. */
  loggers(): ReadonlyMap<string, string>
}

/** The type that the protocol gives to a logger's level. */
const STRING_TYPE = 2

export function describeConfigs(services: DescribeConfigsServices) {
  return handler({
    request: DescribeConfigsRequest,
    response: DescribeConfigsResponse,
    authorization: 'by-resource',
    handle: ({ connection }, request) =>
      DescribeConfigsResponse.create({
        results: request.resources.map((resource) =>
          describeResource(services, connection, request, resource),
        ),
      }),
    failure: (request, errorCode, errorMessage) =>
      DescribeConfigsResponse.create({
        results: request.resources.map((resource) => failed(resource, errorCode, errorMessage)),
      }),
  })
}

function describeResource(
  services: DescribeConfigsServices,
  connection: ConnectionInfo,
  request: DescribeConfigsRequest,
  resource: DescribeConfigsRequestDescribeConfigsResource,
): DescribeConfigsResponseDescribeConfigsResult {
  const refusal = authorizationError(services.authorizer, connection, resource)
  if (refusal !== ErrorCode.NONE) return failed(resource, refusal, null)
  try {
    const { resourceType, resourceName } = resource
    const entries = entriesOf(services, resource)
    const configs = entries.map((entry) => result(entry, request))
    return createDescribeConfigsResponseDescribeConfigsResult({
      resourceType,
      resourceName,
      configs,
    })
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return failed(resource, error.errorCode, error.message)
  }
}

function authorizationError(
  authorizer: Authorizer,
  connection: ConnectionInfo,
  { resourceType, resourceName }: DescribeConfigsRequestDescribeConfigsResource,
): number {
  const may = (type: ResourceType, name: string) =>
    authorizer.allows(connection, AclOperation.DESCRIBE_CONFIGS, type, name)
  if (resourceType === ConfigResourceType.TOPIC) {
    if (may(ResourceType.TOPIC, resourceName)) return ErrorCode.NONE
    return ErrorCode.TOPIC_AUTHORIZATION_FAILED
  }
  if (resourceType === ConfigResourceType.GROUP) {
    if (may(ResourceType.GROUP, resourceName)) return ErrorCode.NONE
    return ErrorCode.GROUP_AUTHORIZATION_FAILED
  }
  if (may(ResourceType.CLUSTER, CLUSTER_NAME)) return ErrorCode.NONE
  return ErrorCode.CLUSTER_AUTHORIZATION_FAILED
}

function entriesOf(
  services: DescribeConfigsServices,
  resource: DescribeConfigsRequestDescribeConfigsResource,
): ConfigEntry[] {
  const { resourceType: type, resourceName: name, configurationKeys: keys } = resource
  const image = services.cluster.image()
  const config = services.brokerConfig()
  switch (type) {
    case ConfigResourceType.TOPIC:
      if (!isTopicName(name)) {
        throw new ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION, `'${name}' is no name of a topic`)
      }
      if (!image.topics.byName.has(name)) {
        throw new ApiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
      }
      return describeTopic(configsOf(image, type, name), config, keys)
    case ConfigResourceType.BROKER:
      if (name === '') return describeClusterDefault(configsOf(image, type, ''), keys)
      checkBroker(services, name)
      return describeBroker(config, keys)
    case ConfigResourceType.BROKER_LOGGER:
      checkBroker(services, name)
      return loggerEntries(services.loggers(), keys)
    case ConfigResourceType.CLIENT_METRICS:
      if (name === '') throw noName('client metrics subscription')
      return describeClientMetrics(configsOf(image, type, name), keys)
    case ConfigResourceType.GROUP:
      if (name === '') throw noName('group')
      return describeGroup(configsOf(image, type, name), config, keys)
    default:
      throw new ApiError(ErrorCode.INVALID_REQUEST, `no kind of resource has the number ${type}`)
  }
}

/** A broker answers for itself only. */
function checkBroker({ cluster }: DescribeConfigsServices, name: string): void {
  if (/^\d+$/.test(name) && Number(name) === cluster.nodeId) return
  throw new ApiError(
    ErrorCode.INVALID_REQUEST,
    `this is broker ${cluster.nodeId}, it cannot answer for broker '${name}'`,
  )
}

function noName(what: string): ApiError {
  return new ApiError(ErrorCode.INVALID_REQUEST, `the name of the ${what} must not be empty`)
}

function loggerEntries(
  loggers: ReadonlyMap<string, string>,
  keys: readonly string[] | null,
): ConfigEntry[] {
  const names = [...loggers.keys()].filter((name) => keys === null || keys.includes(name))
  return names.map((name) => ({
    name,
    value: loggers.get(name)!,
    source: ConfigSource.BROKER_LOGGER,
    readOnly: false,
    sensitive: false,
    type: STRING_TYPE,
    synonyms: [],
    documentation: null,
  }))
}

function result(
  entry: ConfigEntry,
  request: DescribeConfigsRequest,
): DescribeConfigsResponseDescribeConfigsResourceResult {
  return createDescribeConfigsResponseDescribeConfigsResourceResult({
    name: entry.name,
    value: entry.value,
    readOnly: entry.readOnly,
    configSource: entry.source,
    isSensitive: entry.sensitive,
    configType: entry.type,
    synonyms: request.includeSynonyms
      ? entry.synonyms.map((synonym) =>
          createDescribeConfigsResponseDescribeConfigsSynonym({ ...synonym }),
        )
      : [],
    documentation: request.includeDocumentation ? entry.documentation : null,
  })
}

function failed(
  { resourceType, resourceName }: DescribeConfigsRequestDescribeConfigsResource,
  errorCode: number,
  errorMessage: string | null,
): DescribeConfigsResponseDescribeConfigsResult {
  return createDescribeConfigsResponseDescribeConfigsResult({
    errorCode,
    errorMessage,
    resourceType,
    resourceName,
  })
}
