/** Runs test vectors made by Apache Kafka: npm run vectors -- DIRECTORY */
import { join } from 'node:path'
import { runCodec } from './codec.ts'

const directory = process.argv[2]
if (directory === undefined) {
  console.error('usage: npm run vectors -- DIRECTORY')
  process.exit(2)
}
const tallies = [await runCodec(join(directory, 'codec'))]
for (const tally of tallies) {
  for (const failure of tally.failures) console.log(`FAILED ${tally.name} ${failure}`)
  console.log(`${tally.name}: ${tally.passed} passed, ${tally.failed} failed`)
}
const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0)
const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
