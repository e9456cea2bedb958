/**
 * `meta.properties`: which cluster and node a log directory belongs to, and its own id. Version 1 is
 * what this writes; version 0 (`broker.id`, from before KRaft) is read. Keys it does not know are kept.
 */
import type { FileSystem } from '@barnabas/base'
import { CorruptFileError } from '../errors.ts'
import { readTextIfPresent } from './checkpoint-file.ts'

export interface MetaProperties {
  version: 0 | 1
  clusterId: string | null
  nodeId: number | null
  directoryId: string | null
  /** Lines of other keys, in file order. */
  others: ReadonlyMap<string, string>
}

export function formatMetaProperties(properties: MetaProperties): string {
  const lines: string[] = ['#']
  if (properties.nodeId !== null) {
    lines.push(`${properties.version === 0 ? 'broker.id' : 'node.id'}=${properties.nodeId}`)
  }
  if (properties.directoryId !== null) lines.push(`directory.id=${properties.directoryId}`)
  lines.push(`version=${properties.version}`)
  if (properties.clusterId !== null) lines.push(`cluster.id=${properties.clusterId}`)
  for (const [key, value] of properties.others) lines.push(`${key}=${value}`)
  return `${lines.join('\n')}\n`
}

export function parseMetaProperties(path: string, text: string): MetaProperties {
  const values = parseSimpleProperties(text)
  const take = (key: string): string | null => {
    const value = values.get(key)
    values.delete(key)
    return value ?? null
  }
  const version = take('version')
  if (version !== '0' && version !== '1') {
    throw new CorruptFileError(path, `version ${version}, known are 0 and 1`)
  }
  const idKey = version === '0' ? 'broker.id' : 'node.id'
  const idText = take(idKey)
  const nodeId = idText === null ? null : Number(idText)
  if (nodeId !== null && (!Number.isInteger(nodeId) || nodeId < 0)) {
    throw new CorruptFileError(path, `${idKey} ${idText}`)
  }
  const clusterId = take('cluster.id')
  if (version === '1' && (clusterId === null || nodeId === null)) {
    throw new CorruptFileError(path, 'version 1 needs cluster.id and node.id')
  }
  return {
    version: version === '0' ? 0 : 1,
    clusterId,
    nodeId,
    directoryId: take('directory.id'),
    others: values,
  }
}

export async function readMetaProperties(
  files: FileSystem,
  path: string,
): Promise<MetaProperties | null> {
  const text = await readTextIfPresent(files, path)
  return text === null ? null : parseMetaProperties(path, text)
}

export function writeMetaProperties(
  files: FileSystem,
  path: string,
  properties: MetaProperties,
): Promise<void> {
  return files.replaceFile(path, Buffer.from(formatMetaProperties(properties)))
}

/** The values in this file are plain words, so that escapes and continuation lines do not occur. */
function parseSimpleProperties(text: string): Map<string, string> {
  const values = new Map<string, string>()
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || line.startsWith('!')) continue
    const match = /^([^=:\s]+)\s*[=:]?\s*(.*)$/.exec(line)
    if (match !== null) values.set(match[1]!, match[2]!.replaceAll('\\:', ':'))
  }
  return values
}
