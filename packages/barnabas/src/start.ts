/** Starts a node as a process of its own, and sees to its end. */
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { ApiError, EnvironmentError, type LogLevel } from '@barnabas/base'
import { type Broker, startNode } from '@barnabas/broker'
import { createHostWorld } from '@barnabas/host'
import {
  mergeSettings,
  type Settings,
  settingsOfEnvironment,
  settingsOfFile,
  settingsOfOverrides,
  SINGLE_NODE,
  withDirectory,
} from './settings.ts'

export interface StartArguments {
  override: string[]
  clusterId?: string
  logLevel: LogLevel
  logFormat: 'text' | 'json'
}

export async function startCommand(file: string | null, options: StartArguments): Promise<void> {
  const world = createHostWorld({ logLevel: options.logLevel, logFormat: options.logFormat })
  try {
    const settings = await gather(file, options.override)
    const clusterId = options.clusterId ?? process.env['CLUSTER_ID']
    const broker = await startNode({
      world,
      settings,
      hostName: hostname(),
      ...(clusterId === undefined ? {} : { clusterId }),
    })
    stopOnSignals(broker)
  } catch (error) {
    // What the user can do something about needs no stack.
    const isForeseen = error instanceof ApiError || error instanceof EnvironmentError
    const text = isForeseen || isPlain(error) ? (error as Error).message : stackOf(error)
    process.stderr.write(`barnabas: ${text}\n`)
    process.exit(1)
  }
}

async function gather(file: string | null, overrides: readonly string[]): Promise<Settings> {
  const ofFile = file === null ? new Map() : settingsOfFile(await readFile(file, 'utf8'))
  return withDirectory(
    mergeSettings(
      SINGLE_NODE,
      ofFile,
      settingsOfEnvironment(process.env),
      settingsOfOverrides(overrides),
    ),
  )
}

/** The first signal stops the node in order, a second one at once. */
function stopOnSignals(broker: Broker): void {
  let isStopping = false
  const onSignal = () => {
    if (isStopping) process.exit(1)
    isStopping = true
    broker.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}

/** A file that is not there, an option that is not right. */
function isPlain(error: unknown): boolean {
  return error instanceof Error && (error.name === 'Error' || 'syscall' in error)
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
