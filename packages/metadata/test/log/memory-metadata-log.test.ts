import { describe, expect, test } from 'vitest'
import { MemoryMetadataQuorum } from '../../src/index.ts'
import {
  record,
  RecordingListener,
  runMetadataLogSuite,
  withElections,
} from '../support/metadata-log-suite.ts'

/** Enough rounds of promises for any delivery to be over. */
async function settle(): Promise<void> {
  for (let n = 0; n < 200; n++) await Promise.resolve()
}

runMetadataLogSuite(
  'memory',
  withElections(() => {
    const quorum = new MemoryMetadataQuorum()
    return {
      make: (nodeId: number) => quorum.join(nodeId),
      elect: (nodeId: number) => quorum.elect(nodeId),
      settle,
    }
  }),
)

describe('nodes of a memory quorum out of touch', () => {
  async function two() {
    const quorum = new MemoryMetadataQuorum()
    const one = quorum.join(1)
    const other = quorum.join(2)
    const listeners = [new RecordingListener(), new RecordingListener()] as const
    await one.open(listeners[0])
    await other.open(listeners[1])
    await settle()
    return { quorum, one, other, listeners }
  }

  test('an isolated node hears nothing until it is reconnected', async () => {
    const { quorum, one, listeners } = await two()
    quorum.isolate(2)
    await one.append([record('a')], 1)
    await settle()
    expect(listeners[1].values).toEqual([])
    quorum.reconnect(2)
    await settle()
    expect(listeners[1].values).toEqual(['a'])
  })

  test('what an isolated leader appends is refused when it comes too late', async () => {
    const { quorum, one, other, listeners } = await two()
    quorum.isolate(1)
    const late = one.append([record('x')], 1)
    const outcome = expect(late).rejects.toMatchObject({ errorCode: 41 })
    quorum.elect(2)
    await other.append([record('a')], 2)
    quorum.reconnect(1)
    await outcome
    await settle()
    expect(listeners[0].values).toEqual(['a'])
    expect(listeners[0].epochOf(1)).toBe(null)
  })
})
