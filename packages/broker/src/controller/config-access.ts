/** Whose settings a client may change, as the controller asks it. */
import { type ConfigAccess, ResourceType as ConfigResourceType } from '@barnabas/metadata'
import {
  AclOperation,
  type Authorizer,
  CLUSTER_NAME,
  ResourceType,
  type Subject,
} from '../security/authorizer.ts'

/** Settings of topics and groups are theirs; all others belong to the cluster. */
export function configAccess(authorizer: Authorizer, subject: Subject): ConfigAccess {
  return {
    mayAlter(resourceType, resourceName) {
      const [type, name] =
        resourceType === ConfigResourceType.TOPIC
          ? [ResourceType.TOPIC, resourceName]
          : resourceType === ConfigResourceType.GROUP
            ? [ResourceType.GROUP, resourceName]
            : [ResourceType.CLUSTER, CLUSTER_NAME]
      return authorizer.allows(subject, AclOperation.ALTER_CONFIGS, type, name)
    },
  }
}
