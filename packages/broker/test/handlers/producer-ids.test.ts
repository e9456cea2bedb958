import type { ControllerContext, Outcome } from '@barnabas/metadata'
import { AllocateProducerIdsResponse, ErrorCode } from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { ProducerIds } from '../../src/controller/producer-ids.ts'

/** Answers each request for a block with the next thousand. */
function blocks(size = 1000) {
  const given: number[] = []
  let errorCode: number = ErrorCode.NONE
  return {
    given,
    failWith: (code: number) => {
      errorCode = code
    },
    port: {
      run<T>(_name: string, _decide: (context: ControllerContext) => Outcome<T>): Promise<T> {
        const producerIdStart = given.length * size
        if (errorCode === ErrorCode.NONE) given.push(producerIdStart)
        return Promise.resolve(
          AllocateProducerIdsResponse.create({
            errorCode,
            producerIdStart,
            producerIdLen: size,
          }) as T,
        )
      },
    },
  }
}

const broker = { nodeId: 1, brokerEpoch: () => 7 }

test('ids are unique across blocks, and only the first producer waits', async () => {
  const { port, given } = blocks(10)
  const ids = new ProducerIds(port, broker)
  const seen = [await ids.next()]
  let waits = 0
  for (let n = 1; n < 35; n++) {
    const id = ids.next()
    if (id instanceof Promise) waits++
    seen.push(await id)
  }
  expect(seen).toEqual(Array.from({ length: 35 }, (_, n) => n))
  expect(waits).toBe(0)
  expect(given).toEqual([0, 10, 20, 30])
})

test('a failure is told, and the next producer asks again', async () => {
  const { port, failWith } = blocks()
  const ids = new ProducerIds(port, broker)
  failWith(ErrorCode.BROKER_ID_NOT_REGISTERED)
  await expect(ids.next()).rejects.toMatchObject({ errorCode: ErrorCode.BROKER_ID_NOT_REGISTERED })
  failWith(ErrorCode.NONE)
  expect(await ids.next()).toBe(0)
})
