/**
 * `TRANSACTION_SEEDS=10000` runs more; `TRANSACTION_SEED=n` runs that one.
 */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { TransactionTasks } from '../../src/transaction/transaction-tasks.ts'
import { TransactionSimulation, Violation } from './transaction-simulation.ts'

const SEEDS = Number(process.env['TRANSACTION_SEEDS'] ?? 40)
const ONLY = process.env['TRANSACTION_SEED']

function seeds(count: number): number[] {
  return ONLY === undefined ? Array.from({ length: count }, (_, n) => n + 1) : [Number(ONLY)]
}

async function runSeed(seed: number) {
  try {
    return await new TransactionSimulation(seed).run()
  } catch (error) {
    if (error instanceof Error) error.message = `seed ${seed}: ${error.message}`
    throw error
  }
}

afterEach(() => {
  vi.restoreAllMocks()
})

test(
  'TXN-01 transactions end all or nothing, epochs never go back, only the newest incarnation writes',
  async () => {
    const total = { committed: 0, aborted: 0, failovers: 0 }
    for (const seed of seeds(SEEDS)) {
      const { committed, aborted, failovers } = await runSeed(seed)
      total.committed += committed
      total.aborted += aborted
      total.failovers += failovers
    }
    if (ONLY === undefined) {
      expect(total.committed).toBeGreaterThan(SEEDS)
      expect(total.aborted).toBeGreaterThan(SEEDS)
      expect(total.failovers).toBeGreaterThan(SEEDS * 2)
    }
  },
  SEEDS * 1_000 + 15_000,
)

test('equal seeds give equal runs', async () => {
  expect(await runSeed(7)).toEqual(await runSeed(7))
})

describe('a bug is found', () => {
  async function firstViolation(): Promise<string> {
    for (let seed = 1; seed <= 200; seed++) {
      try {
        await new TransactionSimulation(seed).run()
      } catch (error) {
        if (error instanceof Violation) return error.message
        throw error
      }
    }
    return 'none'
  }

  test('markers written before their outcome is committed', async () => {
    const tasks = TransactionTasks.prototype as unknown as { committed(): Promise<boolean> }
    vi.spyOn(tasks, 'committed').mockResolvedValue(true)
    expect(await firstViolation()).not.toBe('none')
  })
})
