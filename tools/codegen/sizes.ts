/** How many bytes values take: always, or at least, by which readers refuse arrays beyond their message. */
import type { FieldModel, StructModel } from './model.ts'
import { isEmpty, type Range } from './versions.ts'

const FIXED: Record<string, number> = {
  bool: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  float64: 8,
  uuid: 16,
}

/** The size of a value that always has the same; null for any other. */
export function fixedSize(field: FieldModel): number | null {
  if (field.isArray || typeof field.type !== 'string' || !isEmpty(field.nullable)) return null
  return FIXED[field.type] ?? null
}

/** Of one element, in whichever version of `within` it is smallest; at least 1. */
export function smallestSize(field: FieldModel, within: Range): number {
  let smallest = Number.MAX_SAFE_INTEGER
  for (let version = within.min; version <= within.max; version++)
    smallest = Math.min(smallest, elementSize(field, version))
  return Math.max(1, smallest)
}

function elementSize(field: FieldModel, version: number): number {
  if (typeof field.type !== 'string') return structSize(field.type, version)
  return FIXED[field.type] ?? lengthSize(field, field.type === 'string' ? 2 : 4, version)
}

function structSize(struct: StructModel, version: number): number {
  let size = 0
  for (const field of struct.fields) {
    if (holds(field.versions, version) && !holds(field.tagged, version))
      size += fieldSize(field, version)
  }
  // The count of tagged fields, which every flexible struct ends with.
  return struct.fields.some((field) => holds(field.flexible, version)) ? size + 1 : size
}

function fieldSize(field: FieldModel, version: number): number {
  if (field.isArray) return lengthSize(field, 4, version)
  if (typeof field.type !== 'string' && holds(field.nullable, version)) return 1
  return elementSize(field, version)
}

/** An empty value's length prefix. */
const lengthSize = (field: FieldModel, plain: number, version: number) =>
  holds(field.flexible, version) ? 1 : plain

const holds = (range: Range, version: number) => version >= range.min && version <= range.max
