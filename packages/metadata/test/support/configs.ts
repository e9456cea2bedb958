import { BrokerConfig } from '../../src/index.ts'

/** The settings of a combined node 1 with these lines in its file. */
export function fileConfig(lines: Record<string, string> = {}): BrokerConfig {
  const required = {
    'node.id': '1',
    'process.roles': 'broker,controller',
    'controller.listener.names': 'CONTROLLER',
  }
  return BrokerConfig.parse(new Map(Object.entries({ ...required, ...lines })))
}
