/** Emits the TypeScript of one schema file's messages: interfaces, defaults, readers and writers. */
import type { FieldModel, MessageModel, StructModel } from './model.ts'
import { fixedSize } from './sizes.ts'
import {
  branch,
  defaultOf,
  differsFromDefault,
  isNullable,
  readValue,
  typeOf,
  writeValue,
} from './values.ts'
import { type Condition, condition, intersect, isEmpty, type Range } from './versions.ts'

const rangeText = (range: Range, within: Range) =>
  range.min === range.max
    ? `${range.min}`
    : range.max >= within.max
      ? `${range.min}+`
      : `${range.min}-${range.max}`

function messageDoc({ schema }: MessageModel): string[] {
  const history = Object.entries(schema.history ?? {})
  if (history.length === 0) return [`/** ${schema.doc} */`]
  const versions = history.map(([version, text]) => ` * - ${version}: ${text}`)
  return ['/**', ` * ${schema.doc}`, ' *', ' * What versions brought:', ...versions, ' */']
}

function emitInterface(struct: StructModel, model: MessageModel): string[] {
  const lines = struct === model.root ? messageDoc(model) : []
  lines.push(`export interface ${struct.name} {`)
  for (const field of struct.fields) {
    const notes: string[] = []
    if (field.doc) notes.push(field.doc)
    if (field.versions.min > model.versions.min || field.versions.max < model.versions.max) {
      const range = rangeText(field.versions, model.versions)
      notes.push(`${/^\d+$/.test(range) ? 'Version' : 'Versions'} ${range}.`)
    }
    if (!isEmpty(field.tagged)) notes.push(`Tag ${field.tag}.`)
    if (notes.length > 0) lines.push(`/** ${notes.join(' ')} */`)
    lines.push(`${field.name}: ${typeOf(field)}`)
  }
  if (!isEmpty(model.flexible)) lines.push('unknownTaggedFields: TaggedField[] | null')
  return [...lines, '}', '']
}

function emitCreate(struct: StructModel, model: MessageModel): string[] {
  const lines = [
    `export function create${struct.name}(init?: Partial<${struct.name}>): ${struct.name} {`,
    `const fresh: ${struct.name} = {`,
  ]
  for (const field of struct.fields) lines.push(`${field.name}: ${defaultOf(field)},`)
  if (!isEmpty(model.flexible)) lines.push('unknownTaggedFields: null,')
  return [...lines, '}', 'return init === undefined ? fresh : Object.assign(fresh, init)', '}', '']
}

/** The versions in which a field stands in the body proper. */
function untagged(field: FieldModel): Range {
  if (isEmpty(field.tagged)) return field.versions
  if (field.tagged.min > field.versions.min)
    return { min: field.versions.min, max: field.tagged.min - 1 }
  return { min: 1, max: 0 }
}

function emitRead(struct: StructModel, model: MessageModel): string[] {
  const within = model.versions
  const lines = [`function read${struct.name}(r: Reader, v: number): ${struct.name} {`]
  for (const field of struct.fields) {
    const when = condition(untagged(field), within)
    const statements = readValue(field, field.name, intersect(untagged(field), within))
    if ('always' in when && statements.length === 1) lines.push(`const ${statements[0]!}`)
    else {
      lines.push(`let ${field.name}: ${typeOf(field)} = ${defaultOf(field)}`)
      lines.push(...('always' in when ? ['{', ...statements, '}'] : branch(when, statements, [])))
    }
  }
  if (!isEmpty(model.flexible)) {
    lines.push('let unknownTaggedFields: TaggedField[] | null = null')
    lines.push(...branch(condition(model.flexible, within), readTagged(struct, model), []))
  }
  const names = struct.fields.map((field) => field.name)
  if (!isEmpty(model.flexible)) names.push('unknownTaggedFields')
  return unusedVersion([...lines, `return { ${names.join(', ')} }`, '}', ''])
}

/** Marks the version parameter of a function that has no use for it. */
function unusedVersion(lines: string[]): string[] {
  const [head, ...body] = lines
  return body.some((line) => /\bv\b/.test(line))
    ? lines
    : [head!.replace(' v: number', ' _v: number'), ...body]
}

function readTagged(struct: StructModel, model: MessageModel): string[] {
  const tagged = struct.fields
    .filter((field) => !isEmpty(field.tagged))
    .sort((a, b) => a.tag - b.tag)
  const lines = [
    'for (let n = r.unsignedVarint(); n > 0; n--) {',
    'const tag = r.unsignedVarint()',
    'const size = r.unsignedVarint()',
  ]
  const keep = 'unknownTaggedFields = r.unknownTaggedField(tag, size, unknownTaggedFields)'
  if (tagged.length === 0) return [...lines, keep, '}']
  lines.push('const end = r.position + size')
  tagged.forEach((field, index) => {
    const when = condition(field.tagged, model.flexible)
    const test = 'test' in when ? ` && ${when.test}` : ''
    lines.push(`${index > 0 ? '} else ' : ''}if (tag === ${field.tag}${test}) {`)
    lines.push(...readValue(field, field.name, field.tagged), 'r.expectPosition(end)')
  })
  return [...lines, `} else ${keep}`, '}']
}

function emitWrite(struct: StructModel, model: MessageModel): string[] {
  const within = model.versions
  const lines = [`function write${struct.name}(w: Writer, m: ${struct.name}, v: number): void {`]
  if (isEmpty(model.flexible) && struct.fields.length === 0)
    lines[0] = `function write${struct.name}(): void {`
  for (const field of struct.fields) {
    const value = `m.${field.name}`
    const local = isNullable(field) || field.isArray
    const body = writeValue(field, 'w', local ? field.name : value, untagged(field))
    const present = isEmpty(untagged(field))
      ? []
      : local
        ? [`const ${field.name} = ${value}`, ...body]
        : body
    lines.push(...guarded(field, condition(untagged(field), within), present, value, within))
  }
  if (!isEmpty(model.flexible))
    lines.push(...branch(condition(model.flexible, within), writeTagged(struct, model), []))
  return unusedVersion([...lines, '}', ''])
}

/** Writes the field where it exists; elsewhere refuses a value that would be lost. */
function guarded(
  field: FieldModel,
  when: Condition,
  present: string[],
  value: string,
  within: Range,
): string[] {
  const refusal = `if (${differsFromDefault(field, value)}) throw unsupported('${field.name}', v)`
  const exists = condition(field.versions, within)
  const block =
    present[0]?.startsWith('const ') && 'always' in when ? ['{', ...present, '}'] : present
  const lines = present.length === 0 ? [] : branch(when, block, [])
  if (field.ignorable || 'always' in exists) return lines
  if ('never' in exists) return [...lines, refusal]
  return [...lines, `if (!(${exists.test})) {`, refusal, '}']
}

function writeTagged(struct: StructModel, model: MessageModel): string[] {
  const tagged = struct.fields
    .filter((field) => !isEmpty(field.tagged))
    .sort((a, b) => a.tag - b.tag)
  if (tagged.length === 0) {
    return [
      'w.unsignedVarint(m.unknownTaggedFields?.length ?? 0)',
      'w.unknownTaggedFields(m.unknownTaggedFields, 0, Number.MAX_SAFE_INTEGER)',
    ]
  }
  const lines = ['let count = m.unknownTaggedFields?.length ?? 0']
  const tests = tagged.map((field) => {
    const when = condition(field.tagged, model.flexible)
    const differs = differsFromDefault(field, `m.${field.name}`)
    return 'test' in when ? `${when.test} && (${differs})` : differs
  })
  for (const test of tests) lines.push(`if (${test}) count++`)
  lines.push('w.unsignedVarint(count)')
  let from = 0
  tagged.forEach((field, index) => {
    lines.push(`w.unknownTaggedFields(m.unknownTaggedFields, ${from}, ${field.tag})`)
    lines.push(`if (${tests[index]!}) {`, ...writeTaggedValue(field), '}')
    from = field.tag + 1
  })
  lines.push(`w.unknownTaggedFields(m.unknownTaggedFields, ${from}, Number.MAX_SAFE_INTEGER)`)
  return lines
}

/** A value of fixed size goes out behind its size; another is written aside to learn its size. */
function writeTaggedValue(field: FieldModel): string[] {
  const size = fixedSize(field)
  if (size !== null)
    return [
      `w.unsignedVarint(${field.tag})`,
      `w.unsignedVarint(${size})`,
      ...writeValue(field, 'w', `m.${field.name}`, field.tagged),
    ]
  return [
    'const t = new Writer(TAGGED_FIELD_CHUNK_BYTES)',
    `const ${field.name} = m.${field.name}`,
    ...writeValue(field, 't', field.name, field.tagged),
    `w.taggedField(${field.tag}, t)`,
  ]
}

function emitIsDefault(struct: StructModel, model: MessageModel): string[] {
  const tests = struct.fields.map((field) => `!(${differsFromDefault(field, `m.${field.name}`)})`)
  if (!isEmpty(model.flexible)) tests.push('m.unknownTaggedFields === null')
  return [
    `function isDefault${struct.name}(m: ${struct.name}): boolean {`,
    `return ${tests.join(' && ') || 'true'}`,
    '}',
    '',
  ]
}

function emitConstant(model: MessageModel): string[] {
  const { schema, versions, flexible, root } = model
  return [
    `/** ${schema.doc} */`,
    `export const ${root.name}: MessageType<${root.name}> = {`,
    `name: '${root.name}',`,
    `apiKey: ${schema.apiKey ?? -1},`,
    `minVersion: ${versions.min},`,
    `maxVersion: ${versions.max},`,
    `flexibleSince: ${isEmpty(flexible) ? 32767 : flexible.min},`,
    `create: create${root.name},`,
    'read(r, v) {',
    `if (v < ${versions.min} || v > ${versions.max}) throw unsupportedVersion('${root.name}', v)`,
    `return read${root.name}(r, v)`,
    '},',
    'write(w, m, v) {',
    `if (v < ${versions.min} || v > ${versions.max}) throw unsupportedVersion('${root.name}', v)`,
    `write${root.name}(w, m, v)`,
    '},',
    '}',
    '',
  ]
}

/** Structs whose equality with the default is asked for. */
function comparedStructs(model: MessageModel): Set<StructModel> {
  const compared = new Set<StructModel>()
  const add = (struct: StructModel) => {
    if (compared.has(struct)) return
    compared.add(struct)
    for (const field of struct.fields) visit(field)
  }
  const visit = (field: FieldModel) => {
    if (typeof field.type === 'string' || field.isArray || defaultOf(field) === 'null') return
    const partial = !('always' in condition(field.versions, model.versions))
    if (!isEmpty(field.tagged) || (partial && !field.ignorable)) add(field.type)
  }
  for (const struct of [...model.structs, model.root])
    for (const field of struct.fields) visit(field)
  // A compared struct compares its own struct fields too.
  for (const struct of compared) {
    for (const field of struct.fields) {
      if (typeof field.type !== 'string' && !field.isArray && defaultOf(field) !== 'null')
        add(field.type)
    }
  }
  return compared
}

export function emitFile(source: string, models: MessageModel[]): string {
  const body: string[] = []
  for (const model of models) {
    const compared = comparedStructs(model)
    for (const struct of [model.root, ...model.structs]) body.push(...emitInterface(struct, model))
    for (const struct of [...model.structs, model.root]) {
      body.push(
        ...emitCreate(struct, model),
        ...emitRead(struct, model),
        ...emitWrite(struct, model),
      )
      if (compared.has(struct)) body.push(...emitIsDefault(struct, model))
    }
    body.push(...emitConstant(model))
  }
  const text = body.join('\n')
  const values = [
    'EMPTY_BYTES',
    'TAGGED_FIELD_CHUNK_BYTES',
    'UnsupportedFieldError',
    'unsupported',
    'unsupportedVersion',
    'Writer',
    'ZERO_UUID',
  ]
  const types = ['MessageType', 'Reader', 'RecordsValue', 'TaggedField', 'Uuid', 'Writer']
  const uses = (name: string) => new RegExp(`(?<![\\w.])${name}\\b`).test(text)
  const newWriter = text.includes('new Writer(')
  const usedValues = values.filter((name) => uses(name) && (name !== 'Writer' || newWriter))
  const usedTypes = types
    .filter((name) => uses(name) && !(name === 'Writer' && newWriter))
    .map((name) => `type ${name}`)
  const imports = `import { ${[...usedValues, ...usedTypes].join(', ')} } from '../wire/index.ts'`
  return `// GENERATED by tools/codegen from schema/${source}. Do not edit.\n${imports}\n\n${text}`
}
