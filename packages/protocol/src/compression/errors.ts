/** What may go wrong when compressed bytes are opened. */
import { EnvironmentError, MalformedError } from '@barnabas/base'

/** Compressed bytes that do not follow their format. */
export class MalformedCompressionError extends MalformedError {
  override readonly name: string = 'MalformedCompressionError'
  override readonly code: string = 'BARNABAS_MALFORMED_COMPRESSION'

  constructor(message: string, cause?: unknown) {
    super(message)
    if (cause !== undefined) this.cause = cause
  }
}

/** The content is larger than the reader allows; decoding stopped before it was held in memory. */
export class DecompressionLimitError extends MalformedError {
  override readonly name: string = 'DecompressionLimitError'
  override readonly code: string = 'BARNABAS_DECOMPRESSION_LIMIT'
  readonly maxBytes: number

  constructor(type: string, maxBytes: number) {
    super(`${type} data of more than ${maxBytes} bytes when decompressed`)
    this.maxBytes = maxBytes
  }
}

/** This installation cannot run a codec: neither Node nor a native package brings it. */
export class CodecMissingError extends EnvironmentError {
  override readonly name = 'CodecMissingError'

  constructor(message: string) {
    super('BARNABAS_CODEC_MISSING', message)
  }
}
