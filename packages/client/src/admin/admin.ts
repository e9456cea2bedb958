/** The administrator's calls. */
import { Caller, type CallOptions } from '../core/caller.ts'
import type { ClientLoop } from '../core/client-loop.ts'
import { Lane } from '../core/lane.ts'
import * as topics from './admin-topics.ts'

/**
 * Methods on several things at once return a map with an outcome for each, so that one failure hides no
 * success; those on one thing reject.
 */
export class Admin {
  private readonly caller: Caller

  /** @internal Use `client.admin()`. */
  constructor(loop: ClientLoop) {
    this.caller = new Caller(loop, new Lane('admin'))
  }

  createTopics(list: readonly topics.NewTopic[], options?: topics.CreateTopicsOptions) {
    return topics.createTopics(this.caller, list, options)
  }

  async createTopic(topic: topics.NewTopic, options?: topics.CreateTopicsOptions) {
    return topics.single(await this.createTopics([topic], options))
  }

  deleteTopics(names: readonly string[], options?: CallOptions) {
    return topics.deleteTopics(this.caller, names, options)
  }

  async deleteTopic(name: string, options?: CallOptions): Promise<void> {
    topics.single(await this.deleteTopics([name], options))
  }

  createPartitions(list: readonly topics.NewPartitions[], options?: topics.CreateTopicsOptions) {
    return topics.createPartitions(this.caller, list, options)
  }

  listTopics(options?: CallOptions & { includeInternal?: boolean }) {
    return topics.listTopics(this.caller, options)
  }

  describeTopics(names: readonly string[], options?: topics.DescribeTopicsOptions) {
    return topics.describeTopics(this.caller, names, options)
  }

  async describeTopic(name: string, options?: topics.DescribeTopicsOptions) {
    return topics.single(await this.describeTopics([name], options))
  }
}
