/**
 * `.kafka_cleanshutdown`: written last on an orderly stop, removed first on start. It says that the logs
 * of the directory need no scan, and which broker epoch stopped (KIP-966 asks for it).
 */
import type { FileSystem } from '@barnabas/base'
import { readTextIfPresent } from './checkpoint-file.ts'

export const UNKNOWN_BROKER_EPOCH = -1

export function formatCleanShutdown(brokerEpoch: number): string {
  return `{"version":0,"brokerEpoch":${brokerEpoch}}`
}

/** The epoch named, or -1: older versions left an empty file, and the marker counts all the same. */
export function parseCleanShutdown(text: string): number {
  try {
    const value = JSON.parse(text) as { version?: unknown; brokerEpoch?: unknown }
    if (value.version === 0 && Number.isSafeInteger(value.brokerEpoch)) {
      return value.brokerEpoch as number
    }
  } catch {
    // Not JSON: an older marker.
  }
  return UNKNOWN_BROKER_EPOCH
}

/** The broker epoch of the last orderly stop, null when there was none. */
export async function readCleanShutdown(files: FileSystem, path: string): Promise<number | null> {
  const text = await readTextIfPresent(files, path)
  return text === null ? null : parseCleanShutdown(text)
}

export function writeCleanShutdown(
  files: FileSystem,
  path: string,
  brokerEpoch: number,
): Promise<void> {
  return files.replaceFile(path, Buffer.from(formatCleanShutdown(brokerEpoch)))
}
