/**
 * A node that is a cluster by itself: broker and controller in one process, the metadata log in its own
 * directory. Made from settings alone, as programs and tests have them.
 */
import { randomUuid, type World } from '@barnabas/base'
import { readMetaProperties } from '@barnabas/log'
import { BrokerConfig, LocalMetadataLog } from '@barnabas/metadata'
import { Broker } from './broker.ts'
import type { Authorizer } from './security/authorizer.ts'
import { logDirectories } from './settings/broker-settings.ts'
import { parseListeners } from './settings/listeners.ts'

export interface NodeOptions {
  readonly world: World
  /** By Kafka's names. */
  readonly settings: ReadonlyMap<string, string>
  /** Of a new cluster; a random one when absent. Directories that belong to a cluster keep theirs. */
  readonly clusterId?: string
  readonly hostName?: string
  readonly authorizer?: Authorizer
}

/** Resolves when clients are served. Rejects with `ConfigError` when the settings are not right. */
export async function startNode(options: NodeOptions): Promise<Broker> {
  const { world, settings, hostName, authorizer } = options
  const config = BrokerConfig.parse(settings)
  const directories = logDirectories(config)
  const known = await knownClusterId(world, directories)
  const nodeId = config.get('node.id')
  return Broker.start({
    world,
    config,
    clusterId: options.clusterId ?? known ?? randomUuid(world.entropy),
    createMetadataLog: (directoryId) =>
      new LocalMetadataLog({
        world,
        nodeId,
        directory: config.get('metadata.log.dir') ?? directories[0]!,
        voter: { directoryId, endpoints: controllerEndpoints(config, hostName) },
        snapshotBytes: config.get('metadata.log.max.record.bytes.between.snapshots'),
        segmentBytes: config.get('metadata.log.segment.bytes'),
      }),
    ...(hostName === undefined ? {} : { hostName }),
    ...(authorizer === undefined ? {} : { authorizer }),
  })
}

async function knownClusterId(
  { files }: World,
  directories: readonly string[],
): Promise<string | null> {
  for (const directory of directories) {
    const properties = await readMetaProperties(files, `${directory}/meta.properties`)
    if (properties?.clusterId) return properties.clusterId
  }
  return null
}

/** What the log says of its only voter; nobody connects to it, but Kafka's tools want to see one. */
function controllerEndpoints(config: BrokerConfig, hostName = 'localhost') {
  const listeners = parseListeners(config).all.filter(({ kind }) => kind === 'controller')
  if (listeners.length === 0) return [{ name: 'CONTROLLER', host: hostName, port: 9093 }]
  return listeners.map(({ name, host, port }) => ({ name, host: host || hostName, port }))
}
