/** What a client may do to topics, as the controller asks it. */
import type { TopicAccess } from '@barnabas/metadata'
import {
  AclOperation,
  type Authorizer,
  CLUSTER_NAME,
  ResourceType,
  type Subject,
} from '../security/authorizer.ts'

export function topicAccess(authorizer: Authorizer, subject: Subject): TopicAccess {
  const may = (operation: AclOperation) => (topic: string) =>
    authorizer.allows(subject, operation, ResourceType.TOPIC, topic)
  return {
    mayCreate: (topic) =>
      authorizer.allows(subject, AclOperation.CREATE, ResourceType.CLUSTER, CLUSTER_NAME) ||
      may(AclOperation.CREATE)(topic),
    mayDelete: may(AclOperation.DELETE),
    mayDescribe: may(AclOperation.DESCRIBE),
    mayDescribeConfigs: may(AclOperation.DESCRIBE_CONFIGS),
  }
}
