/**
 * Random messages made from a schema: every field filled, bounds and nulls often. Fields that a version
 * lacks stay at their default unless `everywhere` is set.
 */
import { chance, type Entropy, randomBelow } from '@barnabas/base'
import type { FieldModel, MessageModel, StructModel } from '../../../../tools/codegen/model.ts'
import { isEmpty, type Range } from '../../../../tools/codegen/versions.ts'
import { defaultOf } from '../../../../tools/vectors/message-json.ts'

export interface RandomOptions {
  version: number
  /** Also fills fields that the version cannot express. */
  everywhere: boolean
}

const TEXTS = ['', 'a', 'topic-1', 'grüße', '日本語', '🚀', 'x\u0000y', 'é'.repeat(200)]
const INTS: Record<string, [number, number]> = {
  int8: [-128, 127],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-2147483648, 2147483647],
  uint32: [0, 4294967295],
  int64: [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
}

const holds = (range: Range, version: number) => version >= range.min && version <= range.max

export function randomMessage(
  model: MessageModel,
  entropy: Entropy,
  options: RandomOptions,
): Record<string, unknown> {
  return randomStruct(model.root, model, entropy, options)
}

function randomStruct(
  struct: StructModel,
  model: MessageModel,
  entropy: Entropy,
  options: RandomOptions,
): Record<string, unknown> {
  const message: Record<string, unknown> = {}
  for (const field of struct.fields) {
    const fill = options.everywhere || holds(field.versions, options.version)
    message[field.name] = fill
      ? randomValue(field, model, entropy, options)
      : defaultOf(field, model)
  }
  if (!isEmpty(model.flexible)) message.unknownTaggedFields = randomTagged(model, entropy, options)
  return message
}

function randomTagged(model: MessageModel, entropy: Entropy, { version }: RandomOptions) {
  if (!holds(model.flexible, version) || !chance(entropy, 0.2)) return null
  const count = 1 + randomBelow(entropy, 3)
  return Array.from({ length: count }, (_, index) => ({
    tag: 100 + index * 7,
    data: randomBytes(entropy),
  }))
}

function randomValue(
  field: FieldModel,
  model: MessageModel,
  entropy: Entropy,
  options: RandomOptions,
): unknown {
  if (holds(field.nullable, options.version) && chance(entropy, 0.2)) return null
  const element = () => randomElement(field, model, entropy, options)
  return field.isArray ? Array.from({ length: randomBelow(entropy, 4) }, element) : element()
}

function randomElement(
  field: FieldModel,
  model: MessageModel,
  entropy: Entropy,
  options: RandomOptions,
): unknown {
  if (typeof field.type !== 'string') return randomStruct(field.type, model, entropy, options)
  switch (field.type) {
    case 'string':
      return TEXTS[randomBelow(entropy, TEXTS.length)]
    case 'bytes':
    case 'records':
      return randomBytes(entropy)
    case 'uuid':
      return Buffer.from(randomBytes(entropy, 16)).toString('base64url')
    case 'bool':
      return chance(entropy, 0.5)
    case 'float64':
      return entropy.nextU32() / 7
    case 'int64':
      return field.int64Mode === 'bigint' ? randomBigint(entropy) : randomInt('int64', entropy)
    default:
      return randomInt(field.type, entropy)
  }
}

function randomInt(type: string, entropy: Entropy): number {
  const [min, max] = INTS[type]!
  if (chance(entropy, 0.1)) return min
  if (chance(entropy, 0.1)) return max
  const span = Math.min(max - min, 2 ** 32)
  return Math.max(min, -(2 ** 31)) + randomBelow(entropy, span)
}

function randomBigint(entropy: Entropy): bigint {
  const high = BigInt(entropy.nextU32())
  return BigInt.asIntN(64, (high << 32n) | BigInt(entropy.nextU32()))
}

function randomBytes(entropy: Entropy, length = randomBelow(entropy, 40)): Uint8Array {
  return Uint8Array.from({ length }, () => randomBelow(entropy, 256))
}
