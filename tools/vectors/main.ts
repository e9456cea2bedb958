/** Runs test vectors made by Apache Kafka: npm run vectors -- DIRECTORY */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runCodec } from './codec.ts'
import { runHashes } from './hashes.ts'
import { runSpec } from './spec.ts'
import type { Tally } from './tally.ts'

const runners: Record<string, (directory: string) => Tally | Promise<Tally>> = {
  spec: runSpec,
  codec: runCodec,
  records: runHashes,
}

const directory = process.argv[2]
if (directory === undefined) {
  console.error('usage: npm run vectors -- DIRECTORY')
  process.exit(2)
}
let passed = 0
let failed = 0
for (const [name, run] of Object.entries(runners)) {
  if (!existsSync(join(directory, name))) continue
  const tally = await run(join(directory, name))
  for (const failure of tally.failures) console.log(`FAILED ${tally.name} ${failure}`)
  console.log(`${tally.name}: ${tally.passed} passed, ${tally.failed} failed`)
  passed += tally.passed
  failed += tally.failed
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
