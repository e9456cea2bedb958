import {
  advertisedVersions,
  APIS,
  apiByKey,
  ApiKey,
  ErrorCode,
  errorOf,
  isServed,
  Reader,
  readRequestHeader,
  requestHeaderVersion,
  responseHeaderVersion,
  writeRequestHeader,
  Writer,
} from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'

test('WIRE-02 a flexible request has header 2, another header 1; the client id is never compact', () => {
  const fetch = apiByKey(ApiKey.Fetch)!
  expect(requestHeaderVersion(fetch, 11)).toBe(1)
  expect(requestHeaderVersion(fetch, 12)).toBe(2)
  const writer = new Writer()
  writeRequestHeader(writer, fetch, 12, 7, 'me')
  const bytes = writer.finishBuffer()
  expect(bytes.toString('hex')).toBe('0001000c0000000700026d6500')
  expect(readRequestHeader(new Reader(bytes))).toEqual({
    apiKey: 1,
    apiVersion: 12,
    correlationId: 7,
    clientId: 'me',
  })
})

test('WIRE-03 a flexible response has header 1, except ApiVersions, whose header is always 0', () => {
  expect(responseHeaderVersion(apiByKey(ApiKey.Fetch)!, 12)).toBe(1)
  expect(responseHeaderVersion(apiByKey(ApiKey.Fetch)!, 11)).toBe(0)
  expect(responseHeaderVersion(apiByKey(ApiKey.ApiVersions)!, 4)).toBe(0)
})

test('the table holds every API of the protocol, and no API without a response', () => {
  expect(APIS.length).toBe(89)
  expect(
    APIS.every((api) => api.request.apiKey === api.key && api.response.apiKey === api.key),
  ).toBe(true)
  expect(apiByKey(4)).toBeUndefined()
})

test('WIRE-16 error codes run from -1 to 133', () => {
  const codes = Object.values(ErrorCode)
  expect(Math.min(...codes)).toBe(-1)
  expect(Math.max(...codes)).toBe(133)
  expect(errorOf(6)).toMatchObject({
    name: 'NOT_LEADER_OR_FOLLOWER',
    retriable: true,
    invalidMetadata: true,
  })
  expect(errorOf(9999).name).toBe('UNKNOWN_SERVER_ERROR')
})

describe('what ApiVersions names', () => {
  test('WIRE-08 Produce is named from version 0, but served from 3 on', () => {
    const produce = apiByKey(ApiKey.Produce)!
    expect(advertisedVersions(produce, false)).toEqual({ minVersion: 0, maxVersion: 13 })
    expect(isServed(produce, 2, false)).toBe(false)
    expect(isServed(produce, 3, false)).toBe(true)
  })

  test('WIRE-14 an unstable newest version is neither named nor served unless enabled', () => {
    const init = apiByKey(ApiKey.InitProducerId)!
    expect(advertisedVersions(init, false)).toEqual({ minVersion: 0, maxVersion: 5 })
    expect(advertisedVersions(init, true)).toEqual({ minVersion: 0, maxVersion: 6 })
    expect(isServed(init, 6, false)).toBe(false)
    expect(isServed(init, 6, true)).toBe(true)
  })

  test('an API that has only an unstable version is not named', () => {
    const fetch = apiByKey(ApiKey.Fetch)!
    const request = { ...fetch.request, minVersion: 0, maxVersion: 0 }
    const api = { ...fetch, request, advertisedFrom: 0, latestVersionUnstable: true }
    expect(advertisedVersions(api, false)).toBeNull()
    expect(advertisedVersions(api, true)).toEqual({ minVersion: 0, maxVersion: 0 })
  })
})

test('every error is explained, in a sentence', () => {
  for (const code of Object.values(ErrorCode))
    expect(errorOf(code).message, errorOf(code).name).toMatch(/^[A-Za-z].* .*\.$/)
})
