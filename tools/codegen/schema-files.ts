/** Finds and loads the schema files, in a fixed order. */
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { MessageSchema } from '../../packages/protocol/schema/dsl.ts'

export const repositoryRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

const schemaRoot = join(repositoryRoot, 'packages/protocol/schema')

export interface SchemaFile {
  /** Path below the schema directory. */
  path: string
  schemas: MessageSchema[]
}

export async function loadSchemaFiles(): Promise<SchemaFile[]> {
  const files: SchemaFile[] = []
  for (const path of schemaPaths()) {
    const exports: unknown = await import(pathToFileURL(join(schemaRoot, path)).href)
    files.push({ path, schemas: Object.values(exports as Record<string, MessageSchema>) })
  }
  return files
}

function schemaPaths(): string[] {
  const paths: string[] = []
  for (const entry of readdirSync(schemaRoot, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      for (const name of readdirSync(join(schemaRoot, entry.name)))
        paths.push(`${entry.name}/${name}`)
    } else if (entry.name !== 'dsl.ts') paths.push(entry.name)
  }
  return paths.sort()
}
