/** All handlers of the listeners for clients, made with the services that they need. */
import type { AlterConfigsServices } from './33-alter-configs.ts'
import { alterConfigs } from './33-alter-configs.ts'
import { alterPartitionReassignments } from './45-alter-partition-reassignments.ts'
import { apiVersions, type ApiVersionsServices } from './18-api-versions.ts'
import { createPartitions } from './37-create-partitions.ts'
import { createTopics, type CreateTopicsServices } from './19-create-topics.ts'
import { deleteGroups } from './42-delete-groups.ts'
import { deleteRecords, type DeleteRecordsServices } from './21-delete-records.ts'
import { deleteTopics } from './20-delete-topics.ts'
import { describeCluster } from './60-describe-cluster.ts'
import { describeConfigs, type DescribeConfigsServices } from './32-describe-configs.ts'
import { describeGroups } from './15-describe-groups.ts'
import { describeLogDirs, type DescribeLogDirsServices } from './35-describe-log-dirs.ts'
import { describeProducers } from './61-describe-producers.ts'
import { describeQuorum, type QuorumState } from './55-describe-quorum.ts'
import {
  describeTopicPartitions,
  type DescribeTopicPartitionsServices,
} from './75-describe-topic-partitions.ts'
import { electLeaders } from './43-elect-leaders.ts'
import { fetch, type FetchServices } from './01-fetch.ts'
import { findCoordinator, type FindCoordinatorServices } from './10-find-coordinator.ts'
import type { Handler } from './handler.ts'
import { heartbeat } from './12-heartbeat.ts'
import { incrementalAlterConfigs } from './44-incremental-alter-configs.ts'
import { initProducerId, type InitProducerIdServices } from './22-init-producer-id.ts'
import { joinGroup } from './11-join-group.ts'
import { leaveGroup } from './13-leave-group.ts'
import { listConfigResources } from './74-list-config-resources.ts'
import { listGroups } from './16-list-groups.ts'
import { listOffsets } from './02-list-offsets.ts'
import { listPartitionReassignments } from './46-list-partition-reassignments.ts'
import { metadata, type MetadataServices } from './03-metadata.ts'
import { offsetCommit } from './08-offset-commit.ts'
import { offsetDelete } from './47-offset-delete.ts'
import { offsetFetch } from './09-offset-fetch.ts'
import { offsetForLeaderEpoch } from './23-offset-for-leader-epoch.ts'
import { produce, type ProduceServices } from './00-produce.ts'
import { syncGroup } from './14-sync-group.ts'
import { unregisterBroker } from './64-unregister-broker.ts'
import { updateFeatures } from './57-update-features.ts'
import type { GroupServices } from '../coordinators/group-requests.ts'

export interface BrokerServices {
  readonly apiVersions: ApiVersionsServices
  readonly produce: ProduceServices
  readonly fetch: FetchServices
  readonly metadata: MetadataServices
  readonly findCoordinator: FindCoordinatorServices
  readonly groups: GroupServices
  readonly controller: CreateTopicsServices & AlterConfigsServices
  readonly partitions: DeleteRecordsServices
  readonly initProducerId: InitProducerIdServices
  readonly configs: DescribeConfigsServices
  readonly logDirs: DescribeLogDirsServices
  readonly topicPartitions: DescribeTopicPartitionsServices
  readonly quorum: { quorum(): QuorumState }
}

export function brokerHandlers(services: BrokerServices): Handler[] {
  const { controller, groups, partitions, configs } = services
  return [
    produce(services.produce),
    fetch(services.fetch),
    listOffsets(partitions),
    metadata(services.metadata),
    offsetCommit(groups),
    offsetFetch(groups),
    findCoordinator(services.findCoordinator),
    joinGroup(groups),
    heartbeat(groups),
    leaveGroup(groups),
    syncGroup(groups),
    describeGroups(groups),
    listGroups(groups),
    apiVersions(services.apiVersions),
    createTopics(controller),
    deleteTopics(controller),
    deleteRecords(partitions),
    initProducerId(services.initProducerId),
    offsetForLeaderEpoch(partitions),
    describeConfigs(configs),
    alterConfigs(controller),
    describeLogDirs(services.logDirs),
    createPartitions(controller),
    deleteGroups(groups),
    electLeaders(controller),
    incrementalAlterConfigs(controller),
    alterPartitionReassignments(controller),
    listPartitionReassignments(configs),
    offsetDelete(groups),
    describeQuorum(services.quorum),
    updateFeatures(controller),
    describeCluster(configs),
    describeProducers(partitions),
    unregisterBroker(controller),
    listConfigResources(configs),
    describeTopicPartitions(services.topicPartitions),
  ]
}
