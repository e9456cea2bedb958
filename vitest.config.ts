// Tests run the TypeScript sources directly: the `barnabas-source` condition makes every workspace
// package resolve to its `src/index.ts`, so no build comes before them.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['barnabas-source'] },
  ssr: { resolve: { conditions: ['barnabas-source'], externalConditions: ['barnabas-source'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'tests/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 15_000,
    hookTimeout: 15_000,
    reporters: ['default'],
  },
})
