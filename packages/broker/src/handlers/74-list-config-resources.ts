/**
 * ListConfigResources, versions 0 and 1: which resources have (or may have) settings. Version 0 was called
 * ListClientMetricsResources and lists those only; v1 (KIP-1142) lists every kind.
 */
import { configResource, ResourceType as ConfigResourceType } from '@barnabas/metadata'
import {
  createListConfigResourcesResponseConfigResource,
  ErrorCode,
  ListConfigResourcesRequest,
  ListConfigResourcesResponse,
  type ListConfigResourcesResponseConfigResource,
} from '@barnabas/protocol'
import type { ClusterView } from '../cluster/cluster-view.ts'
import { AclOperation } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export interface ListConfigResourcesServices {
  readonly cluster: ClusterView
}

const ALL_TYPES: readonly number[] = [
  ConfigResourceType.GROUP,
  ConfigResourceType.CLIENT_METRICS,
  ConfigResourceType.BROKER_LOGGER,
  ConfigResourceType.BROKER,
  ConfigResourceType.TOPIC,
]

export function listConfigResources({ cluster }: ListConfigResourcesServices) {
  return handler({
    request: ListConfigResourcesRequest,
    response: ListConfigResourcesResponse,
    authorization: { cluster: AclOperation.DESCRIBE_CONFIGS },
    handle({ apiVersion }, { resourceTypes }) {
      const asked = new Set(resourceTypes)
      if (apiVersion === 0) asked.add(ConfigResourceType.CLIENT_METRICS)
      const unknown = [...asked].some((type) => !ALL_TYPES.includes(type))
      if (unknown) {
        return ListConfigResourcesResponse.create({ errorCode: ErrorCode.UNSUPPORTED_VERSION })
      }
      const types = ALL_TYPES.filter((type) => asked.size === 0 || asked.has(type))
      return ListConfigResourcesResponse.create({
        configResources: types.flatMap((type) => resourcesOf(cluster, type)),
      })
    },
    failure: (_request, errorCode) => ListConfigResourcesResponse.create({ errorCode }),
  })
}

function resourcesOf(
  cluster: ClusterView,
  type: number,
): ListConfigResourcesResponseConfigResource[] {
  return names(cluster, type)
    .sort()
    .map((resourceName) =>
      createListConfigResourcesResponseConfigResource({ resourceName, resourceType: type }),
    )
}

function names(cluster: ClusterView, type: number): string[] {
  const image = cluster.image()
  switch (type) {
    case ConfigResourceType.TOPIC:
      return [...image.topics.byName.keys()]
    case ConfigResourceType.BROKER:
    case ConfigResourceType.BROKER_LOGGER:
      return [...image.brokers.keys()].map(String)
    default:
      // Of groups and subscriptions it is only known that they have settings.
      return [...image.configs.keys()]
        .map(configResource)
        .filter((resource) => resource.type === type)
        .map(({ name }) => name)
  }
}
