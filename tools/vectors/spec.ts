/**
 * Compares our schemas, API table and error table with Kafka's own definitions, field by field: what a
 * vector of bytes cannot show (defaults, ignorable fields, listeners, which errors may be retried).
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  advertisedVersions,
  apiByKey,
  APIS,
  errorOf,
  requestHeaderVersion,
  responseHeaderVersion,
} from '@barnabas/protocol'
import { type FieldModel, type MessageModel, modelOf, type StructModel } from '../codegen/model.ts'
import { loadSchemaFiles } from '../codegen/schema-files.ts'
import { intersect, isEmpty, parseRange, type Range } from '../codegen/versions.ts'
import { Tally } from './tally.ts'

interface SpecField {
  name: string
  type: string
  versions?: string
  nullableVersions?: string
  taggedVersions?: string
  flexibleVersions?: string
  tag?: number
  ignorable?: boolean
  default?: string | number | boolean | null
  fields?: SpecField[]
}

interface SpecMessage {
  apiKey?: number
  name: string
  validVersions: string
  flexibleVersions: string
  fields: SpecField[]
  commonStructs?: { name: string; fields: SpecField[] }[]
}

interface SpecApi {
  id: number
  name: string
  supported: boolean
  listeners: string[]
  forwardable: boolean
  clusterAction: boolean
  requestHeaderVersion: Record<string, number>
  responseHeaderVersion: Record<string, number>
  advertised: Record<string, [number, number]>
}

interface SpecError {
  code: number
  name: string
  retriable: boolean
  invalidMetadata: boolean
}

export async function runSpec(directory: string): Promise<Tally> {
  const tally = new Tally('spec')
  const schemas = (await loadSchemaFiles()).flatMap((file) => file.schemas)
  const models = new Map(schemas.map((schema) => [schema.name, modelOf(schema)]))
  for (const spec of specMessages(directory)) {
    if (spec.validVersions === 'none') continue
    tally.check(spec.name, () => compareMessage(spec, models.get(spec.name)))
  }
  for (const api of rowsOf(directory, 'api-keys.json') as SpecApi[])
    tally.check(`api ${api.id} ${api.name}`, () => compareApi(api))
  for (const error of rowsOf(directory, 'errors.json') as SpecError[])
    tally.check(`error ${error.code}`, () => compareError(error))
  return tally
}

const rowsOf = (directory: string, name: string): unknown[] =>
  JSON.parse(readFileSync(join(directory, name), 'utf8')) as unknown[]

function specMessages(directory: string): SpecMessage[] {
  const messages: SpecMessage[] = []
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    for (const name of readdirSync(join(directory, entry.name))) {
      const text = readFileSync(join(directory, entry.name, name), 'utf8')
      messages.push(JSON.parse(withoutComments(text)) as SpecMessage)
    }
  }
  return messages
}

/** Comments stand on lines of their own or after a value; `//` inside a text is kept. */
function withoutComments(text: string): string {
  return text.replaceAll(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*/g, (_, quoted?: string) => quoted ?? '')
}

function compareMessage(spec: SpecMessage, model: MessageModel | undefined): void {
  if (model === undefined) throw new Error('no such schema')
  const versions = parseRange(spec.validVersions)
  same('versions', model.versions, versions)
  same('flexible', model.flexible, intersect(parseRange(spec.flexibleVersions), versions))
  same('apiKey', model.schema.apiKey ?? -1, spec.apiKey ?? -1)
  const shared = new Map(spec.commonStructs?.map((struct) => [struct.name, struct.fields]))
  compareFields(spec.fields, model.root, model, shared, '')
}

function compareFields(
  specs: readonly SpecField[],
  struct: StructModel,
  model: MessageModel,
  shared: ReadonlyMap<string, SpecField[]>,
  path: string,
): void {
  // A field whose versions are all gone stands in Kafka's definition, but in no schema of ours.
  const present = specs.filter((spec) => !isEmpty(rangeOf(spec, model)))
  const fields = struct.fields.filter((field) => !isEmpty(field.versions))
  same(`${path}: fields`, fields.map(nameOf), present.map(nameOf).map(camelCase))
  present.forEach((spec, index) => {
    const field = fields[index]!
    const at = `${path}${spec.name}`
    compareField(spec, field, model, at)
    if (typeof field.type === 'string') return
    const own = spec.fields ?? shared.get(spec.type.replace('[]', '')) ?? []
    compareFields(own, field.type, model, shared, `${at}.`)
  })
}

function compareField(spec: SpecField, field: FieldModel, model: MessageModel, at: string): void {
  const versions = rangeOf(spec, model)
  same(`${at}: versions`, field.versions, versions)
  const within = (text: string | undefined) => intersect(parseRange(text ?? 'none'), versions)
  same(`${at}: nullable`, field.nullable, within(spec.nullableVersions))
  same(`${at}: tagged`, field.tagged, within(spec.taggedVersions))
  same(`${at}: tag`, field.tag, spec.tag ?? -1)
  same(`${at}: ignorable`, field.ignorable, spec.ignorable ?? false)
  same(`${at}: array`, field.isArray, spec.type.startsWith('[]'))
  const type = spec.type.replace('[]', '')
  if (typeof field.type === 'string') same(`${at}: type`, field.type, type)
  same(`${at}: default`, ownDefault(field), specDefault(spec, type))
}

const nameOf = ({ name }: { name: string }) => name
const camelCase = (name: string) => name[0]!.toLowerCase() + name.slice(1)

/** A field that only says when it is tagged exists in just those versions. */
function rangeOf(spec: SpecField, model: MessageModel): Range {
  const text = spec.versions ?? spec.taggedVersions
  return text === undefined ? model.versions : intersect(parseRange(text), model.versions)
}

/** Defaults as text, with the ones that a type has anyway left out. */
function ownDefault(field: FieldModel): string {
  if (field.default === undefined) return ''
  return plainDefault(field.default === null ? 'null' : String(field.default))
}

function specDefault(spec: SpecField, type: string): string {
  // Kafka takes a default of null (but not the text 'null') for none at all.
  if (spec.default === undefined || spec.default === null) return ''
  const text = String(spec.default)
  if (/^-?0x/.test(text)) return plainDefault(String(BigInt(text)))
  return type === 'string' || text === 'null' ? text : plainDefault(text)
}

const plainDefault = (text: string) => (text === '0' || text === 'false' ? '' : text)

function compareApi(spec: SpecApi): void {
  const api = apiByKey(spec.id)
  if (!spec.supported) return same('table', api, undefined)
  if (api === undefined) throw new Error('not in the table')
  same('name', api.name, spec.name)
  same('listeners', [...api.listeners].sort(), [...spec.listeners].sort())
  same('forwardable', api.forwardable, spec.forwardable)
  same('clusterAction', api.clusterAction, spec.clusterAction)
  for (const [version, header] of Object.entries(spec.requestHeaderVersion))
    same(`request header of ${version}`, requestHeaderVersion(api, Number(version)), header)
  for (const [version, header] of Object.entries(spec.responseHeaderVersion))
    same(`response header of ${version}`, responseHeaderVersion(api, Number(version)), header)
  const advertised = advertisedVersions(api, false)
  for (const [minVersion, maxVersion] of Object.values(spec.advertised))
    same('advertised', advertised, { minVersion, maxVersion })
  same('place in the table', APIS.includes(api), true)
}

function compareError(spec: SpecError): void {
  const { code, name, retriable, invalidMetadata } = errorOf(spec.code)
  same(
    'error',
    { code, name, retriable, invalidMetadata },
    {
      code: spec.code,
      name: spec.name,
      retriable: spec.retriable,
      invalidMetadata: spec.invalidMetadata,
    },
  )
}

function same(what: string, actual: unknown, expected: unknown): void {
  const [ours, theirs] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (ours !== theirs) throw new Error(`${what}: ${ours} instead of ${theirs}`)
}
