/** Which header goes with which request and response, and how both are read and written. */
import { APIS, ApiKey } from './generated/api-table.ts'
import { RequestHeader } from './generated/data-request-header.ts'
import type { ApiDescriptor } from './wire/api-descriptor.ts'
import { MalformedMessageError } from './wire/errors.ts'
import type { Reader } from './wire/reader.ts'
import type { Writer } from './wire/writer.ts'

const byKey: (ApiDescriptor | undefined)[] = []
for (const api of APIS) byKey[api.key] = api

/** Undefined for a key that no API has. */
export function apiByKey(key: number): ApiDescriptor | undefined {
  return byKey[key]
}

export function requestHeaderVersion(api: ApiDescriptor, version: number): number {
  return version >= api.request.flexibleSince ? 2 : 1
}

/** ApiVersions answers with header 0 always: a client that does not know the broker must understand it. */
export function responseHeaderVersion(api: ApiDescriptor, version: number): number {
  return api.key !== ApiKey.ApiVersions && version >= api.response.flexibleSince ? 1 : 0
}

export interface ParsedHeader {
  apiKey: number
  apiVersion: number
  correlationId: number
  clientId: string | null
}

/**
 * Reads a request's header. The version of the header depends on key and version inside it; a key or
 * version that is not known is read with header version 1, which every version begins with.
 */
export function readRequestHeader(reader: Reader): ParsedHeader {
  const start = reader.position
  const apiKey = reader.int16()
  const apiVersion = reader.int16()
  reader.position = start
  const api = byKey[apiKey]
  const known = api !== undefined && apiVersion >= 0 && apiVersion <= api.request.maxVersion
  // ApiVersions is understood in any version, so its header must be too.
  const flexible = known ? apiVersion >= api.request.flexibleSince : false
  const header = RequestHeader.read(reader, flexible ? 2 : 1)
  return {
    apiKey: header.requestApiKey,
    apiVersion: header.requestApiVersion,
    correlationId: header.correlationId,
    clientId: header.clientId,
  }
}

export function writeRequestHeader(
  writer: Writer,
  api: ApiDescriptor,
  version: number,
  correlationId: number,
  clientId: string | null,
): void {
  const header = RequestHeader.create({
    requestApiKey: api.key,
    requestApiVersion: version,
    correlationId,
    clientId,
  })
  RequestHeader.write(writer, header, requestHeaderVersion(api, version))
}

export function writeResponseHeader(
  writer: Writer,
  headerVersion: number,
  correlationId: number,
): void {
  writer.int32(correlationId)
  if (headerVersion >= 1) writer.unsignedVarint(0)
}

/** Reads a response's header and returns its correlation id. */
export function readResponseHeader(reader: Reader, headerVersion: number): number {
  if (reader.remaining < 4) throw new MalformedMessageError('a response shorter than its header')
  const correlationId = reader.int32()
  if (headerVersion >= 1) reader.skipTaggedFields()
  return correlationId
}
