/** Runs test vectors made by Apache Kafka: npm run vectors -- DIRECTORY */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runAssignors } from './assignors.ts'
import { runCodec } from './codec.ts'
import { runDatadir } from './datadir.ts'
import { runHashes } from './hashes.ts'
import { runRecords } from './records.ts'
import { runSpec } from './spec.ts'
import type { Tally } from './tally.ts'
import { runWire } from './wire.ts'

type Runner = (directory: string) => Tally | Promise<Tally>

/** By the directory that holds their vectors. */
const runners: [name: string, run: Runner][] = [
  ['spec', runSpec],
  ['codec', runCodec],
  ['records', runHashes],
  ['records', runRecords],
  ['assignors', runAssignors],
  ['datadir', runDatadir],
  ['wire', runWire],
]

const directory = process.argv[2]
if (directory === undefined) {
  console.error('usage: npm run vectors -- DIRECTORY')
  process.exit(2)
}
let passed = 0
let failed = 0
for (const [name, run] of runners) {
  if (!existsSync(join(directory, name))) continue
  const tally = await run(join(directory, name))
  for (const failure of tally.failures) console.log(`FAILED ${tally.name} ${failure}`)
  console.log(`${tally.name}: ${tally.passed} passed, ${tally.failed} failed`)
  passed += tally.passed
  failed += tally.failed
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
