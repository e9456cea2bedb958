import { createTestWorld, runTransportSuite } from '@barnabas/base/testing'
import { createTransport } from '@barnabas/host'
import { describe, test } from 'vitest'

/** Turns of the event loop, as long as something is still to come from the sockets. */
async function until(condition: () => boolean): Promise<void> {
  const limitMs = performance.now() + 10_000
  while (!condition()) {
    if (performance.now() > limitMs) throw new Error('it did not happen within ten seconds')
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

describe('the transport of the host', () => {
  runTransportSuite(test, async () => ({ transport: createTransport(), until }))
})

describe('the transport in memory', () => {
  runTransportSuite(test, async () => {
    const world = createTestWorld()
    return { transport: world.transport, until: memoryUntil(() => world.settle()) }
  })
})

describe('the transport in memory, with delays and in small pieces', () => {
  runTransportSuite(test, async () => {
    const world = createTestWorld()
    world.network.pieceBytesMax = () => 1000
    const { transport } = world
    return { transport, until: memoryUntil(() => world.advance(1)) }
  })
})

function memoryUntil(step: () => Promise<void>) {
  return async (condition: () => boolean) => {
    for (let n = 0; n < 1000 && !condition(); n++) await step()
    if (!condition()) throw new Error('it did not happen in a thousand steps')
  }
}
