import { expect, test } from 'vitest'
import { LogFuzz } from './log-fuzz.ts'

/** More of them: LOG_FUZZ_SEEDS=5000 npx vitest run packages/log/test/fuzz; one: LOG_FUZZ_SEED=42. */
const SEEDS = Number(process.env['LOG_FUZZ_SEEDS'] ?? 60)
const FIRST = Number(process.env['LOG_FUZZ_SEED'] ?? 1)
const LAST = process.env['LOG_FUZZ_SEED'] === undefined ? SEEDS : FIRST
const STEPS = 60

async function runSeeds(options: { isInMemory: boolean }): Promise<void> {
  for (let seed = FIRST; seed <= LAST; seed++) {
    const fuzz = new LogFuzz(seed, options)
    try {
      await fuzz.run(STEPS)
    } catch (error) {
      const trace = fuzz.trace.slice(-25).join('\n  ')
      expect.fail(`seed ${seed}: ${(error as Error).stack}\n  ${trace}`)
    }
  }
}

const TIMEOUT_MS = Math.max(30_000, SEEDS * 1000)

test(
  `REC-01 REC-03 a log in files equals its model through ${STEPS} steps and crashes`,
  () => runSeeds({ isInMemory: false }),
  TIMEOUT_MS,
)

test(
  `a log in memory equals its model through ${STEPS} steps`,
  () => runSeeds({ isInMemory: true }),
  TIMEOUT_MS,
)
