/** A controller that decides on a test's cluster at once. */
import { ApiError, type Entropy, seededEntropy } from '@barnabas/base'
import {
  BrokerConfig,
  BrokerSessions,
  type ControllerContext,
  ImageBuilder,
  type Outcome,
} from '@barnabas/metadata'
import type { ControllerPort } from '../../src/controller/controller-port.ts'
import type { TestCluster } from './test-cluster.ts'

export function testBrokerConfig(settings: Record<string, string> = {}): BrokerConfig {
  return BrokerConfig.parse(
    new Map(
      Object.entries({
        'node.id': '1',
        'process.roles': 'broker,controller',
        'controller.listener.names': 'CONTROLLER',
        ...settings,
      }),
    ),
  )
}

export class TestController implements ControllerPort {
  readonly ran: string[] = []
  failure: number | null = null
  private readonly cluster: TestCluster
  private readonly config: BrokerConfig
  private readonly entropy: Entropy = seededEntropy(1)

  constructor(cluster: TestCluster, config: BrokerConfig = testBrokerConfig()) {
    this.cluster = cluster
    this.config = config
  }

  async run<T>(name: string, decide: (context: ControllerContext) => Outcome<T>): Promise<T> {
    this.ran.push(name)
    if (this.failure !== null) throw new ApiError(this.failure)
    const { records, response } = decide({
      nodeId: 1,
      clusterId: this.cluster.clusterId,
      image: this.cluster.image(),
      config: this.config,
      entropy: this.entropy,
      nowMs: 0,
      monotonicMs: 0,
      nextOffset: 0,
      sessions: new BrokerSessions(),
    })
    const builder = new ImageBuilder(this.cluster.image())
    for (const record of records) builder.replay(record)
    this.cluster.current = builder.build(this.cluster.image().provenance)
    return response
  }
}
