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
