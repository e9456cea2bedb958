/** Types, defaults, and the expressions that read and write one value of a field. */
import type { FieldModel, StructModel } from './model.ts'
import { smallestSize } from './sizes.ts'
import { choose, type Condition, condition, isEmpty, type Range } from './versions.ts'

const NUMBERS = new Set(['int8', 'int16', 'uint16', 'int32', 'uint32', 'float64'])

export function isNullable(field: FieldModel): boolean {
  return (
    !isEmpty(field.nullable) ||
    field.default === null ||
    (field.type === 'records' && !field.isArray)
  )
}

export function elementType(field: FieldModel): string {
  if (typeof field.type !== 'string') return field.type.name
  if (NUMBERS.has(field.type)) return 'number'
  if (field.type === 'int64') return field.int64Mode === 'bigint' ? 'bigint' : 'number'
  if (field.type === 'bool') return 'boolean'
  if (field.type === 'string') return 'string'
  if (field.type === 'records') return 'RecordsValue'
  return field.type === 'uuid' ? 'Uuid' : 'Uint8Array'
}

export function typeOf(field: FieldModel): string {
  return `${elementType(field)}${field.isArray ? '[]' : ''}${isNullable(field) ? ' | null' : ''}`
}

/** The default as an expression that makes a fresh value. */
export function defaultOf(field: FieldModel): string {
  if (field.default === null || (field.type === 'records' && !field.isArray)) return 'null'
  if (field.isArray) return '[]'
  if (typeof field.type !== 'string') return `create${field.type.name}()`
  if (field.type === 'int64' && field.int64Mode === 'bigint') return `${field.default ?? 0}n`
  switch (field.type) {
    case 'string':
      return `'${field.default ?? ''}'`
    case 'bytes':
    case 'records':
      return 'EMPTY_BYTES'
    case 'uuid':
      return 'ZERO_UUID'
    case 'bool':
      return String(field.default ?? false)
    default:
      return String(field.default ?? 0)
  }
}

/** A condition that is true when `value` is not the field's default. */
export function differsFromDefault(field: FieldModel, value: string): string {
  if (defaultOf(field) === 'null') return `${value} !== null`
  const orNull = isNullable(field) ? `${value} === null || ` : ''
  if (field.isArray || field.type === 'bytes') return `${orNull}${value}.length !== 0`
  if (typeof field.type !== 'string') return `${orNull}!isDefault${field.type.name}(${value})`
  return `${value} !== ${defaultOf(field)}`
}

const capital = (text: string) => text[0]!.toUpperCase() + text.slice(1)

function byEncoding(
  field: FieldModel,
  within: Range,
  name: (compact: boolean, nullable: boolean) => string,
): string {
  const flexible = condition(field.flexible, within)
  const nullable = condition(field.nullable, within)
  return choose(
    flexible,
    choose(nullable, name(true, true), name(true, false)),
    choose(nullable, name(false, true), name(false, false)),
  )
}

const method = (base: string) => (compact: boolean, nullable: boolean) => {
  if (compact) return `compact${nullable ? 'Nullable' : ''}${capital(base)}`
  return nullable ? `nullable${capital(base)}` : base
}

function scalarMethod(field: FieldModel): string {
  if (field.type === 'bool') return 'boolean'
  if (field.type === 'int64')
    return { checked: 'int64', saturate: 'int64Saturated', bigint: 'int64Big' }[field.int64Mode]
  return field.type as string
}

function readElement(field: FieldModel, within: Range): string {
  if (typeof field.type !== 'string') return `read${field.type.name}(r, v)`
  if (field.type === 'string' || field.type === 'bytes' || field.type === 'records') {
    const base = field.type === 'records' ? 'bytes' : field.type
    // Elements of arrays are never null; records always may be.
    const plain = field.isArray ? { ...field, nullable: { min: 1, max: 0 } } : field
    const shaped = field.type === 'records' ? { ...field, nullable: within } : plain
    return byEncoding(shaped, within, (c, n) => `r.${method(base)(c, n)}()`)
  }
  return `r.${scalarMethod(field)}()`
}

/**
 * Statements that set `target` from the reader. A nullable struct is led by a byte: negative for null, but 0
 * where it is a tagged field.
 */
export function readValue(field: FieldModel, target: string, within: Range): string[] {
  if (field.isArray) {
    const size = smallestSize(field, within)
    const length = byEncoding(field, within, (c, n) => `r.${method('arrayLength')(c, n)}(${size})`)
    const count = `${target}Length`
    const lines = [`const ${count} = ${length}`]
    const fill = [
      `const items: ${elementType(field)}[] = []`,
      `for (let i = 0; i < ${count}; i++) items.push(${readElement(field, within)})`,
      `${target} = items`,
    ]
    if (isEmpty(field.nullable)) return [...lines, ...fill]
    return [...lines, `if (${count} < 0) ${target} = null`, 'else {', ...fill, '}']
  }
  if (typeof field.type !== 'string' && !isEmpty(field.nullable)) {
    const read = readElement(field, within)
    const isNull = within === field.tagged ? 'r.unsignedVarint() === 0' : 'r.int8() < 0'
    return [
      `${target} = ${choose(condition(field.nullable, within), `${isNull} ? null : ${read}`, read)}`,
    ]
  }
  return [`${target} = ${readElement(field, within)}`]
}

function nullTest(field: FieldModel): string {
  return `throw new UnsupportedFieldError(\`null in ${field.name} at version \${v}\`)`
}

function writeElement(field: FieldModel, writer: string, value: string, within: Range): string[] {
  if (typeof field.type !== 'string') return [`write${field.type.name}(${writer}, ${value}, v)`]
  if (field.type === 'string' || field.type === 'bytes' || field.type === 'records') {
    const base = field.type
    const nullable = !field.isArray && isNullable(field)
    const flexible = condition(field.flexible, within)
    const call = (compact: boolean) => `${writer}.${method(base)(compact, nullable)}(${value})`
    return branch(flexible, [call(true)], [call(false)])
  }
  const name =
    field.type === 'int64' && field.int64Mode === 'saturate' ? 'int64' : scalarMethod(field)
  return [`${writer}.${name}(${value})`]
}

export function branch(when: Condition, yes: string[], no: string[]): string[] {
  if ('always' in when) return yes
  if ('never' in when) return no
  if (yes.length === 0) return [`if (!(${when.test})) {`, ...no, '}']
  return no.length === 0
    ? [`if (${when.test}) {`, ...yes, '}']
    : [`if (${when.test}) {`, ...yes, '} else {', ...no, '}']
}

/** Refuses null in the versions that cannot hold it. */
function refuseNull(field: FieldModel, value: string, within: Range): string[] {
  if (!isNullable(field) || field.type === 'records') return []
  const when = condition(field.nullable, within)
  if ('always' in when) return []
  const refuse = `if (${value} === null) ${nullTest(field)}`
  return 'never' in when
    ? [refuse]
    : [`if (!(${when.test}) && ${value} === null) ${nullTest(field)}`]
}

/** Statements that write `value`. */
export function writeValue(
  field: FieldModel,
  writer: string,
  value: string,
  within: Range,
): string[] {
  const refuse = refuseNull(field, value, within)
  if (field.isArray) {
    const flexible = condition(field.flexible, within)
    const length = (count: string) =>
      branch(
        flexible,
        [`${writer}.compactArrayLength(${count})`],
        [`${writer}.arrayLength(${count})`],
      )
    const loop = (array: string) => [
      ...length(`${array}.length`),
      `for (const item of ${array}) {`,
      ...writeElement(field, writer, 'item', within),
      '}',
    ]
    if (!isNullable(field)) return loop(value)
    return [...refuse, `if (${value} === null) {`, ...length('-1'), '} else {', ...loop(value), '}']
  }
  if (typeof field.type !== 'string' && isNullable(field)) {
    const marked = condition(field.nullable, within)
    return [
      ...refuse,
      `if (${value} === null) ${writer}.int8(${within === field.tagged ? 0 : -1})`,
      'else {',
      ...branch(marked, [`${writer}.int8(1)`], []),
      ...writeElement(field, writer, value, within),
      '}',
    ]
  }
  return [...refuse, ...writeElement(field, writer, value, within)]
}

export type { StructModel }
