import {
  CreatePartitionsRequest,
  type CreatePartitionsResponse,
  CreateTopicsRequest,
  type CreateTopicsRequestCreatableTopic,
  createCreateTopicsRequestCreatableTopic,
  DeleteTopicsRequest,
  ErrorCode,
  ZERO_UUID,
} from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'
import {
  apiError,
  createPartitions,
  createTopics,
  deleteTopics,
  type TopicAccess,
} from '../../src/index.ts'
import { TestController, type TestOptions } from '../support/controller.ts'

type Topic = Partial<CreateTopicsRequestCreatableTopic>

const sized = (
  name: string,
  numPartitions = 1,
  replicationFactor = 1,
  more: Topic = {},
): Topic => ({
  name,
  numPartitions,
  replicationFactor,
  ...more,
})

const assigned = (name: string, ...lists: [number, number[]][]): Topic => ({
  name,
  numPartitions: -1,
  replicationFactor: -1,
  assignments: lists.map(([partitionIndex, brokerIds]) => ({
    partitionIndex,
    brokerIds,
    unknownTaggedFields: null,
  })),
})

const config = (name: string, value: string | null) => ({ name, value, unknownTaggedFields: null })

function cluster(brokers = 3, options: TestOptions = {}): TestController {
  return new TestController(options).brokers(brokers)
}

function create(
  controller: TestController,
  topics: Topic[],
  options: { validateOnly?: boolean; access?: TopicAccess } = {},
) {
  const request = CreateTopicsRequest.create({
    topics: topics.map((topic) => createCreateTopicsRequestCreatableTopic(topic)),
    validateOnly: options.validateOnly ?? false,
  })
  return controller.run((context) => createTopics(context, request, options.access)).topics
}

/** The error code of creating one topic in a fresh cluster of three. */
function codeOf(topic: Topic, controller = cluster()): number {
  return create(controller, [topic])[0]!.errorCode
}

describe('CreateTopics', () => {
  test('TOP-01 a name twice in a request is refused once, the others are made', () => {
    const controller = cluster()
    const results = create(controller, [sized('a'), sized('a', 2), sized('b')])
    expect(results.map((each) => [each.name, each.errorCode])).toEqual([
      ['a', ErrorCode.INVALID_REQUEST],
      ['b', ErrorCode.NONE],
    ])
    expect(results[0]!.errorMessage).toBe('Duplicate topic name.')
    expect([...controller.image.topics.byName.keys()]).toEqual(['b'])
  })

  test('TOP-02 a topic that exists', () => {
    const controller = cluster().topic('a', [1])
    const [result] = create(controller, [sized('a')])
    expect(result).toMatchObject({
      errorCode: ErrorCode.TOPIC_ALREADY_EXISTS,
      errorMessage: "Topic 'a' already exists.",
      topicId: ZERO_UUID,
      numPartitions: -1,
      replicationFactor: -1,
    })
  })

  test.each(['', '.', '..', 'a b', 'ä', 'a/b', 'x'.repeat(250)])('TOP-03 the name %j', (name) => {
    expect(codeOf(sized(name))).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION)
  })

  test('TOP-03 the longest name and odd ones that are allowed', () => {
    for (const name of ['x'.repeat(249), '...', '-', '_', 'A.b-9']) {
      expect(codeOf(sized(name))).toBe(ErrorCode.NONE)
    }
  })

  test('TOP-03 names that differ only in dots and underscores', () => {
    const controller = cluster().topic('a.b_c', [1])
    expect(codeOf(sized('a_b.c'), controller)).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION)
    expect(codeOf(sized('a-b-c'), controller)).toBe(ErrorCode.NONE)
    controller.run((context) =>
      deleteTopics(context, DeleteTopicsRequest.create({ topicNames: ['a.b_c'] }), 5),
    )
    expect(codeOf(sized('a_b.c'), controller)).toBe(ErrorCode.NONE)
  })

  test('TOP-04 the topic of the metadata log itself', () => {
    expect(codeOf(sized('__cluster_metadata'))).toBe(ErrorCode.INVALID_REQUEST)
  })

  test('TOP-05 assignments together with counts', () => {
    const both = { ...assigned('a', [0, [1]]), numPartitions: 1 }
    expect(codeOf(both)).toBe(ErrorCode.INVALID_REQUEST)
    expect(codeOf({ ...both, numPartitions: -1, replicationFactor: 1 })).toBe(
      ErrorCode.INVALID_REQUEST,
    )
  })

  test('TOP-06 numbers of partitions', () => {
    expect(codeOf(sized('a', 0))).toBe(ErrorCode.INVALID_PARTITIONS)
    expect(codeOf(sized('a', -2))).toBe(ErrorCode.INVALID_PARTITIONS)
    const controller = cluster(3, { file: { 'num.partitions': '4' } })
    expect(create(controller, [sized('a', -1)])[0]!.numPartitions).toBe(4)
  })

  test('TOP-07 replication factors', () => {
    for (const factor of [0, -2, 4]) {
      expect(codeOf(sized('a', 1, factor))).toBe(ErrorCode.INVALID_REPLICATION_FACTOR)
    }
    const controller = cluster(3, { file: { 'default.replication.factor': '2' } })
    expect(create(controller, [sized('a', 1, -1)])[0]!.replicationFactor).toBe(2)
    expect(controller.partition('a').replicas).toHaveLength(2)
  })

  test.each<[string, Topic]>([
    ['a gap in the partition ids', assigned('a', [0, [1]], [2, [1]])],
    ['a negative partition id', assigned('a', [-1, [1]])],
    ['a partition twice', assigned('a', [0, [1]], [0, [2]])],
    ['a broker twice', assigned('a', [0, [1, 1]])],
    ['an unknown broker', assigned('a', [0, [1, 9]])],
    ['no broker', assigned('a', [0, []])],
    ['differing sizes', assigned('a', [0, [1]], [1, [1, 2]])],
  ])('TOP-08 an assignment with %s', (_what, topic) => {
    expect(codeOf(topic)).toBe(ErrorCode.INVALID_REPLICA_ASSIGNMENT)
  })

  test('TOP-08 an assignment to fenced brokers only', () => {
    const controller = cluster(2)
    controller.register(3)
    expect(codeOf(assigned('a', [0, [3]]), controller)).toBe(ErrorCode.INVALID_REPLICA_ASSIGNMENT)
    expect(codeOf(assigned('a', [0, [3, 1]]), controller)).toBe(ErrorCode.NONE)
    expect(controller.partition('a')).toMatchObject({ replicas: [3, 1], isr: [1], leader: 1 })
  })

  test('TOP-09 bad settings, and a policy that refuses', () => {
    const withConfig = (name: string, value: string | null) =>
      sized('a', 1, 1, { configs: [config(name, value)] })
    expect(codeOf(withConfig('retention.msec', '1'))).toBe(ErrorCode.INVALID_CONFIG)
    expect(codeOf(withConfig('retention.ms', 'x'))).toBe(ErrorCode.INVALID_CONFIG)
    expect(codeOf(withConfig('retention.ms', null))).toBe(ErrorCode.INVALID_CONFIG)
    const controller = cluster()
    controller.policies = {
      createTopic: ({ replicas }) => (replicas[0]!.length < 2 ? 'two replicas at least' : null),
    }
    const [result] = create(controller, [sized('a')])
    expect(result).toMatchObject({
      errorCode: ErrorCode.POLICY_VIOLATION,
      errorMessage: 'two replicas at least',
    })
    expect(codeOf(sized('a', 1, 2), controller)).toBe(ErrorCode.NONE)
  })

  test('TOP-10 NV-26 validateOnly says the same and changes nothing', () => {
    const controller = cluster()
    const topics = [sized('a', 3, 2), sized('b', 0)]
    const charged: number[] = []
    const access = { chargePartitions: (count: number) => charged.push(count) }
    const codes = create(controller, topics, { validateOnly: true, access }).map((t) => t.errorCode)
    expect(codes).toEqual([ErrorCode.NONE, ErrorCode.INVALID_PARTITIONS])
    expect(controller.image.topics.byName.size).toBe(0)
    expect(charged).toEqual([3])
  })

  test('TOP-11 the response has counts and all settings, sorted', () => {
    const controller = cluster()
    const [result] = create(controller, [
      sized('a', 2, 3, { configs: [config('retention.ms', '60000')] }),
    ])
    expect(result).toMatchObject({ numPartitions: 2, replicationFactor: 3 })
    const names = result!.configs!.map((each) => each.name)
    expect(names).toEqual([...names].sort())
    expect(names).toHaveLength(33)
    expect(result!.configs!.find((each) => each.name === 'retention.ms')).toMatchObject({
      value: '60000',
      configSource: 1,
    })
  })

  test('TOP-11 whoever may not see settings gets 29 instead of them', () => {
    const access = { mayDescribeConfigs: () => false }
    const [result] = create(cluster(), [sized('a')], { access })
    expect(result).toMatchObject({
      errorCode: ErrorCode.NONE,
      topicConfigErrorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
      configs: [],
      numPartitions: -1,
    })
  })

  test('TOP-12 more records than one batch may have', () => {
    const controller = cluster()
    const tooMany = [sized('a', 5000), sized('b', 5000)]
    expect(() => create(controller, tooMany)).toThrow('split it')
    expect(codeOf(sized('c', 10_001), controller)).toBe(ErrorCode.POLICY_VIOLATION)
    expect(create(controller, [sized('a', 4998), sized('b', 5000)])).toHaveLength(2)
    expect(controller.image.topics.byName.size).toBe(2)
  })

  test('a quota that is used up refuses what would exceed it', () => {
    let left = 3
    const access = {
      chargePartitions(count: number) {
        if (count > left) throw apiError(ErrorCode.THROTTLING_QUOTA_EXCEEDED)
        left -= count
      },
    }
    const results = create(cluster(), [sized('a', 2), sized('b', 2), sized('c', 1)], { access })
    expect(results.map((each) => each.errorCode)).toEqual([
      ErrorCode.NONE,
      ErrorCode.THROTTLING_QUOTA_EXCEEDED,
      ErrorCode.NONE,
    ])
  })

  test('TOP-15 ids are random, each another', () => {
    const controller = cluster()
    const results = create(controller, [sized('a'), sized('b'), sized('c')])
    const ids = new Set(results.map((each) => each.topicId))
    expect(ids.size).toBe(3)
    expect(ids.has(ZERO_UUID)).toBe(false)
    expect(controller.image.topics.byName.get('b')!.id).toBe(results[1]!.topicId)
  })

  test('TOP-16 without the right to create', () => {
    const access = { mayCreate: (name: string) => name !== 'a' }
    const results = create(cluster(), [sized('a'), sized('b')], { access })
    expect(results.map((each) => each.errorCode)).toEqual([
      ErrorCode.TOPIC_AUTHORIZATION_FAILED,
      ErrorCode.NONE,
    ])
  })

  test('new partitions are led by their first replica in service, in the only directory', () => {
    const controller = cluster()
    create(controller, [sized('a', 3, 3)])
    for (let id = 0; id < 3; id++) {
      const partition = controller.partition('a', id)
      expect(partition.leader).toBe(partition.replicas[0])
      expect(partition.isr).toEqual(partition.replicas)
      expect(partition).toMatchObject({ leaderEpoch: 0, partitionEpoch: 0 })
      expect(partition.directories).toEqual(
        partition.replicas.map((broker) => controller.image.brokers.get(broker)!.logDirs[0]),
      )
    }
  })
})

describe('DeleteTopics', () => {
  const remove = (
    controller: TestController,
    fields: Partial<DeleteTopicsRequest>,
    access: TopicAccess = {},
    version = 6,
  ) =>
    controller.run((context) =>
      deleteTopics(context, DeleteTopicsRequest.create(fields), version, access),
    ).responses
  const state = (name: string | null, topicId = ZERO_UUID) => ({
    name,
    topicId,
    unknownTaggedFields: null,
  })

  test('DEL-01 deletion switched off', () => {
    const controller = cluster(1, { file: { 'delete.topic.enable': 'false' } }).topic('a', [1])
    const attempt = (version: number) => () =>
      remove(controller, { topics: [state('a')] }, {}, version)
    expect(attempt(6)).toThrow(expect.objectContaining({ errorCode: 73 }))
    expect(attempt(2)).toThrow(expect.objectContaining({ errorCode: 42 }))
  })

  test('DEL-02 name and id, neither, and duplicates', () => {
    const controller = cluster().topic('a', [1]).topic('b', [1])
    const id = controller.image.topics.byName.get('a')!.id
    const code = (topics: ReturnType<typeof state>[]) =>
      remove(controller, { topics }).map((each) => each.errorCode)
    expect(code([state('a', id)])).toEqual([ErrorCode.INVALID_REQUEST])
    expect(code([state(null)])).toEqual([ErrorCode.INVALID_REQUEST])
    expect(code([state('a'), state('a')])).toEqual([ErrorCode.INVALID_REQUEST])
    expect(code([state('a'), state(null, id)])).toEqual([42, 42])
    expect(controller.image.topics.byName.size).toBe(2)
  })

  test('DEL-03 unknown ones, and what the asker may not know', () => {
    const controller = cluster().topic('a', [1])
    const id = controller.image.topics.byName.get('a')!.id
    const one = (topic: ReturnType<typeof state>, access: TopicAccess = {}) =>
      remove(controller, { topics: [topic] }, access)[0]!
    expect(one(state('x')).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    expect(one(state(null, 'AAAAAAAAAAAAAAAAAAAABQ')).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_ID)
    const blind = { mayDescribe: () => false, mayDelete: () => false }
    expect(one(state('x'), blind).errorCode).toBe(ErrorCode.TOPIC_AUTHORIZATION_FAILED)
    expect(one(state(null, id), blind)).toMatchObject({ name: null, errorCode: 29 })
    const reader = { mayDelete: () => false }
    expect(one(state(null, id), reader)).toMatchObject({ name: 'a', errorCode: 29 })
    expect(one(state('a'), reader).errorCode).toBe(ErrorCode.TOPIC_AUTHORIZATION_FAILED)
    expect(controller.image.topics.byName.size).toBe(1)
  })

  test('DEL-03 answers come in no order', () => {
    const names = Array.from({ length: 20 }, (_, n) => `t${n}`)
    const responses = remove(cluster(), { topics: names.map((name) => state(name)) })
    const answered = responses.map((each) => each.name!)
    expect(answered).not.toEqual(names)
    expect(new Set(answered)).toEqual(new Set(names))
  })

  test('a name can be used again at once, under another id', () => {
    const controller = cluster().topic('a', [1])
    const id = controller.image.topics.byName.get('a')!.id
    const [result] = remove(controller, { topics: [state(null, id)] })
    expect(result).toMatchObject({ name: 'a', topicId: id, errorCode: ErrorCode.NONE })
    controller.topic('a', [2])
    expect(controller.image.topics.byName.get('a')!.id).not.toBe(id)
  })

  test('names of old requests', () => {
    const controller = cluster().topic('a', [1])
    expect(remove(controller, { topicNames: ['a'] }, {}, 3)[0]!.errorCode).toBe(ErrorCode.NONE)
    expect(controller.image.topics.byName.size).toBe(0)
  })
})

describe('CreatePartitions', () => {
  type Growth = { name: string; count: number; assignments?: number[][] | null }
  const grow = (controller: TestController, topics: Growth[], validateOnly = false) => {
    const request = CreatePartitionsRequest.create({
      validateOnly,
      topics: topics.map(({ name, count, assignments }) => ({
        name,
        count,
        assignments:
          assignments?.map((brokerIds) => ({ brokerIds, unknownTaggedFields: null })) ?? null,
        unknownTaggedFields: null,
      })),
    })
    return controller.run<CreatePartitionsResponse>((context) => createPartitions(context, request))
      .results
  }
  const code = (controller: TestController, growth: Growth) =>
    grow(controller, [growth])[0]!.errorCode

  test('PAR-01 counts that are no increase, unknown and repeated topics', () => {
    const controller = cluster().topic('a', [1], [2])
    expect(code(controller, { name: 'a', count: 2 })).toBe(ErrorCode.INVALID_PARTITIONS)
    expect(code(controller, { name: 'a', count: 1 })).toBe(ErrorCode.INVALID_PARTITIONS)
    expect(code(controller, { name: 'x', count: 1 })).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    const twice = grow(controller, [
      { name: 'a', count: 3 },
      { name: 'a', count: 4 },
    ])
    expect(twice.map((each) => each.errorCode)).toEqual([ErrorCode.INVALID_REQUEST])
  })

  test('PAR-01 assignments must be as many as the new partitions, of the same size', () => {
    const controller = cluster().topic('a', [1, 2])
    const { INVALID_REPLICA_ASSIGNMENT: bad } = ErrorCode
    expect(code(controller, { name: 'a', count: 3, assignments: [[1, 2]] })).toBe(bad)
    expect(code(controller, { name: 'a', count: 2, assignments: [[1]] })).toBe(bad)
    expect(code(controller, { name: 'a', count: 2, assignments: [[3, 1]] })).toBe(0)
    expect(controller.partition('a', 1).replicas).toEqual([3, 1])
  })

  test('new partitions follow the old ones; validateOnly makes none', () => {
    const controller = cluster().topic('a', [1, 2])
    grow(controller, [{ name: 'a', count: 5 }], true)
    expect(controller.image.topics.byName.get('a')!.partitions).toHaveLength(1)
    grow(controller, [{ name: 'a', count: 5 }])
    const { partitions } = controller.image.topics.byName.get('a')!
    expect(partitions.map((each) => each.replicas.length)).toEqual([2, 2, 2, 2, 2])
    expect(controller.replayed()).toEqual(controller.image)
  })
})
