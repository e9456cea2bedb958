/** A message's schema made ready for emission: ranges resolved, structs named once for all messages. */
import type {
  Field,
  Fields,
  MessageSchema,
  ScalarName,
} from '../../packages/protocol/schema/dsl.ts'
import { intersect, NONE, parseRange, type Range } from './versions.ts'

export interface FieldModel {
  name: string
  /** `scalar`, or the name of a struct. */
  type: ScalarName | StructModel
  isArray: boolean
  versions: Range
  nullable: Range
  /** Versions in which it is a tagged field; empty when never. */
  tagged: Range
  tag: number
  ignorable: boolean
  flexible: Range
  int64Mode: 'checked' | 'saturate' | 'bigint'
  default: string | number | boolean | null | undefined
  doc: string | undefined
}

export interface StructModel {
  name: string
  fields: FieldModel[]
}

export interface MessageModel {
  schema: MessageSchema
  versions: Range
  flexible: Range
  root: StructModel
  /** Nested structs, innermost first. */
  structs: StructModel[]
}

export function modelOf(schema: MessageSchema): MessageModel {
  const versions = parseRange(schema.versions)
  const flexible = intersect(parseRange(schema.flexible), versions)
  const structs = new Map<string, StructModel>()

  function fieldModel(name: string, field: Field): FieldModel {
    const inner = field.kind === 'array' ? field.element : field
    const own =
      field.versions === undefined ? versions : intersect(parseRange(field.versions), versions)
    const tagged =
      field.tag === undefined
        ? NONE
        : intersect(parseRange(field.taggedVersions ?? field.versions ?? schema.versions), own)
    return {
      name,
      type:
        inner.kind === 'struct' ? structModel(inner.struct.name, inner.struct.fields) : inner.type,
      isArray: field.kind === 'array',
      versions: own,
      nullable: field.nullable === undefined ? NONE : intersect(parseRange(field.nullable), own),
      tagged,
      tag: field.tag ?? -1,
      ignorable: field.ignorable ?? false,
      flexible:
        field.flexible === undefined ? flexible : intersect(parseRange(field.flexible), versions),
      int64Mode: field.as ?? 'checked',
      default: field.default,
      doc: field.doc,
    }
  }

  function fieldModels(fields: Fields): FieldModel[] {
    return Object.entries(fields).map(([name, field]) => fieldModel(name, field))
  }

  function structModel(name: string, fields: Fields): StructModel {
    const known = structs.get(name)
    if (known) return known
    const full = name.startsWith(schema.name) ? name : `${schema.name}${name}`
    const model: StructModel = { name: full, fields: fieldModels(fields) }
    structs.set(name, model)
    return model
  }

  const root = { name: schema.name, fields: fieldModels(schema.fields) }
  return { schema, versions, flexible, root, structs: [...structs.values()] }
}
