/**
 * Turns Kafka's JSON form of a message into a message of ours: fields of one version only, tagged fields
 * only when they differ from their default, integers beyond 2^53 as decimal text, bytes as base64.
 */
import { ZERO_UUID } from '@barnabas/protocol'
import type { FieldModel, MessageModel, StructModel } from '../codegen/model.ts'
import { isEmpty, type Range } from '../codegen/versions.ts'

const MAX = Number.MAX_SAFE_INTEGER

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
type Message = Record<string, unknown>

export interface UnknownTaggedFields {
  path: string
  fields: { tag: number; hex: string }[]
}

export interface ExpectedMessage {
  message: Message
  /** An exact int64 field holds what a number cannot: reading must fail. */
  unreadable: boolean
  /** A compared int64 field was clamped: writing cannot give the same bytes. */
  clamped: boolean
}

export function messageFromJson(
  model: MessageModel,
  version: number,
  json: Json,
  unknown: readonly UnknownTaggedFields[],
): ExpectedMessage {
  const builder = new Builder(model, version, unknown)
  const message = builder.struct(model.root, json, '')
  return { message, unreadable: builder.unreadable, clamped: builder.clamped }
}

class Builder {
  unreadable = false
  clamped = false
  private readonly model: MessageModel
  private readonly version: number
  private readonly unknown: ReadonlyMap<string, { tag: number; hex: string }[]>

  constructor(model: MessageModel, version: number, unknown: readonly UnknownTaggedFields[]) {
    this.model = model
    this.version = version
    this.unknown = new Map(unknown.map(({ path, fields }) => [path, fields]))
  }

  struct(struct: StructModel, json: Json, path: string): Message {
    if (typeof json !== 'object' || json === null || Array.isArray(json))
      throw new Error(`${path}: not an object`)
    const rest = new Set(Object.keys(json))
    const message: Message = {}
    for (const field of struct.fields) {
      const at = path === '' ? field.name : `${path}.${field.name}`
      const given = json[field.name]
      if (given !== undefined && !this.has(field.versions))
        throw new Error(`${at}: not a field of version ${this.version}`)
      if (given === undefined && this.has(field.versions) && !this.has(field.tagged))
        throw new Error(`${at}: missing in the JSON`)
      message[field.name] =
        given === undefined ? defaultOf(field, this.model) : this.value(field, given, at)
      rest.delete(field.name)
    }
    if (rest.size > 0) throw new Error(`${path}: no such fields: ${[...rest].join(', ')}`)
    if (!isEmpty(this.model.flexible)) message.unknownTaggedFields = this.unknownAt(path)
    return message
  }

  private has(range: Range): boolean {
    return this.version >= range.min && this.version <= range.max
  }

  private unknownAt(path: string): { tag: number; data: Buffer }[] | null {
    const fields = this.unknown.get(path)
    return fields?.map(({ tag, hex }) => ({ tag, data: Buffer.from(hex, 'hex') })) ?? null
  }

  private value(field: FieldModel, json: Json, path: string): unknown {
    if (json === null) return null
    if (!field.isArray) return this.element(field, json, path)
    if (!Array.isArray(json)) throw new Error(`${path}: not an array`)
    return json.map((item, index) => this.element(field, item, `${path}[${index}]`))
  }

  private element(field: FieldModel, json: Json, path: string): unknown {
    if (typeof field.type !== 'string') return this.struct(field.type, json, path)
    if (field.type === 'bytes' || field.type === 'records')
      return Buffer.from(String(json), 'base64')
    return field.type === 'int64' ? this.int64(field, json) : json
  }

  private int64(field: FieldModel, json: Json): number | bigint {
    if (field.int64Mode === 'bigint') return BigInt(json as string | number)
    const value = Number(json)
    if (Math.abs(value) <= MAX) return value
    if (field.int64Mode === 'checked') this.unreadable = true
    else this.clamped = true
    return value > 0 ? MAX : -MAX
  }
}

/** The value that a field has when it does not stand in the bytes. */
export function defaultOf(field: FieldModel, model: MessageModel): unknown {
  if (field.default === null || (field.type === 'records' && !field.isArray)) return null
  if (field.isArray) return []
  if (typeof field.type !== 'string') return defaultStruct(field.type, model)
  switch (field.type) {
    case 'string':
      return field.default ?? ''
    case 'bytes':
    case 'records':
      return Buffer.alloc(0)
    case 'uuid':
      return ZERO_UUID
    case 'bool':
      return field.default ?? false
    case 'int64':
      return field.int64Mode === 'bigint' ? BigInt(field.default ?? 0) : Number(field.default ?? 0)
    default:
      return Number(field.default ?? 0)
  }
}

function defaultStruct(struct: StructModel, model: MessageModel): Message {
  const message: Message = {}
  for (const field of struct.fields) message[field.name] = defaultOf(field, model)
  if (!isEmpty(model.flexible)) message.unknownTaggedFields = null
  return message
}

/** Where two messages differ, as lines for people. */
export function differences(actual: unknown, expected: unknown, path = ''): string[] {
  if (actual instanceof Uint8Array && expected instanceof Uint8Array) {
    return Buffer.compare(actual, expected) === 0
      ? []
      : [`${path}: bytes ${hex(actual)} instead of ${hex(expected)}`]
  }
  if (Array.isArray(actual) && Array.isArray(expected)) {
    if (actual.length !== expected.length)
      return [`${path}: ${actual.length} instead of ${expected.length} elements`]
    return actual.flatMap((item, index) => differences(item, expected[index], `${path}[${index}]`))
  }
  if (isObject(actual) && isObject(expected)) {
    const names = new Set([...Object.keys(actual), ...Object.keys(expected)])
    return [...names].flatMap((name) =>
      differences(actual[name], expected[name], path === '' ? name : `${path}.${name}`),
    )
  }
  return Object.is(actual, expected)
    ? []
    : [`${path}: ${show(actual)} instead of ${show(expected)}`]
}

const isObject = (value: unknown): value is Message =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex').slice(0, 80)

const show = (value: unknown) =>
  typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? 'undefined').slice(0, 80)
