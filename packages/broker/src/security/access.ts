/** What the one who asks may do, in the terms of requests. Made anew for each request. */
import {
  type AclOperation,
  type Authorizer,
  CLUSTER_NAME,
  ResourceType,
  type Subject,
} from './authorizer.ts'

export class Access {
  private readonly authorizer: Authorizer
  private readonly subject: Subject

  constructor(authorizer: Authorizer, subject: Subject) {
    this.authorizer = authorizer
    this.subject = subject
  }

  topic(operation: AclOperation, name: string): boolean {
    return this.authorizer.allows(this.subject, operation, ResourceType.TOPIC, name)
  }

  group(operation: AclOperation, name: string): boolean {
    return this.authorizer.allows(this.subject, operation, ResourceType.GROUP, name)
  }

  cluster(operation: AclOperation): boolean {
    return this.authorizer.allows(this.subject, operation, ResourceType.CLUSTER, CLUSTER_NAME)
  }

  transactionalId(operation: AclOperation, name: string): boolean {
    return this.authorizer.allows(this.subject, operation, ResourceType.TRANSACTIONAL_ID, name)
  }
}
