/**
 * The language in which the messages of the protocol are described. A schema file holds one API key's
 * request and response (or one stored record); `tools/codegen` turns it into an interface and a codec.
 *
 * Version ranges are texts as in the protocol's own documentation: `3`, `3-7`, `3+`. A field without
 * `versions` exists in every version of its message.
 */

export type Versions = string

/**
 * How an int64 is held: `checked` numbers beyond ±(2^53 - 1) are malformed, `saturate` clamps them (for
 * what is only compared), `bigint` keeps all 64 bits.
 */
export type Int64Mode = 'checked' | 'saturate' | 'bigint'

export interface FieldOptions {
  versions?: Versions
  /** Versions in which null may stand. */
  nullable?: Versions
  /** Number of a tagged field (all its versions must be flexible). */
  tag?: number
  /** Versions in which it is tagged; those of the field when absent. */
  taggedVersions?: Versions
  default?: string | number | boolean | null
  /** May be dropped silently when written in a version that lacks it. */
  ignorable?: boolean
  /** Part of the key by which entries of the enclosing array are looked up. */
  mapKey?: boolean
  /** For int64 only. */
  as?: Int64Mode
  /** Overrides the message's flexible versions for this field (`none`: never compact). */
  flexible?: Versions
  doc?: string
}

export type ScalarName =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'float64'
  | 'string'
  | 'bytes'
  | 'records'
  | 'uuid'

export interface ScalarField extends FieldOptions {
  kind: 'scalar'
  type: ScalarName
}

export interface StructField extends FieldOptions {
  kind: 'struct'
  struct: Struct
}

export interface ArrayField extends FieldOptions {
  kind: 'array'
  element: ScalarField | StructField
}

export type Field = ScalarField | StructField | ArrayField
export type Fields = Record<string, Field>

export interface Struct {
  name: string
  versions?: Versions
  fields: Fields
}

export type MessageKind =
  | 'request'
  | 'response'
  | 'header'
  | 'data'
  | 'metadata'
  | 'coordinator-key'
  | 'coordinator-value'

export interface MessageSchema {
  name: string
  kind: MessageKind
  /** API key, or the type id of a stored record. */
  apiKey?: number
  versions: Versions
  /** Versions with compact encodings and tagged fields, or `none`. */
  flexible: Versions
  listeners?: readonly ('broker' | 'controller')[]
  /** The newest version is not offered unless unstable versions are enabled. */
  latestVersionUnstable?: boolean
  /** Lowest version that ApiVersions names, where it is not the lowest that is served. */
  advertisedFrom?: number
  /** A broker hands the request on to the active controller. */
  forwardable?: boolean
  /** Only for those who may act for the cluster: brokers among themselves, administrators. */
  clusterAction?: boolean
  /** What the message is for. */
  doc: string
  /** What a version brought. Versions that only changed encodings are left out. */
  history?: Readonly<Record<number, string>>
  fields: Fields
}

export const message = (schema: MessageSchema): MessageSchema => schema

const scalar =
  (type: ScalarName) =>
  (options: FieldOptions = {}): ScalarField => ({ kind: 'scalar', type, ...options })

export const bool = scalar('bool')
export const int8 = scalar('int8')
export const int16 = scalar('int16')
export const uint16 = scalar('uint16')
export const int32 = scalar('int32')
export const uint32 = scalar('uint32')
export const int64 = scalar('int64')
export const float64 = scalar('float64')
export const string = scalar('string')
export const bytes = scalar('bytes')
export const records = scalar('records')
export const uuid = scalar('uuid')

/** A struct that several fields share; use it with `of` and `array`. */
export const struct = (
  name: string,
  fields: Fields,
  options: { versions?: Versions } = {},
): Struct => ({ name, fields, ...options })

export const of = (type: Struct, options: FieldOptions = {}): StructField => ({
  kind: 'struct',
  struct: type,
  ...options,
})

export const array = (element: ScalarField | Struct, options: FieldOptions = {}): ArrayField => ({
  kind: 'array',
  element: 'kind' in element ? element : of(element),
  ...options,
})
