import { MalformedError } from '@barnabas/base'

/** Bytes that are no message of the version they claim. The connection that sent them is closed. */
export class MalformedMessageError extends MalformedError {
  override readonly name = 'MalformedMessageError'
  override readonly code = 'BARNABAS_MALFORMED_MESSAGE'
}

/** A field holds a value that the version to be written cannot express. */
export class UnsupportedFieldError extends Error {
  override readonly name = 'UnsupportedFieldError'
  readonly code = 'BARNABAS_UNSUPPORTED_FIELD'
}

/** The refusal of a field whose value would be lost in a version that lacks it. */
export function unsupported(field: string, version: number): UnsupportedFieldError {
  return new UnsupportedFieldError(`${field} cannot be expressed in version ${version}`)
}

export function unsupportedVersion(message: string, version: number): UnsupportedFieldError {
  return new UnsupportedFieldError(`${message} has no version ${version}`)
}
