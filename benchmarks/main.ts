/**
 * Runs the micro-benchmarks and prints a table: npm run bench -- [NAME...]
 * Figures of one run compare with each other only; use an idle machine.
 */
import { cpus, loadavg } from 'node:os'
import { Bench } from 'tinybench'

const SUITES: Record<string, () => Promise<{ register(bench: Bench): void | Promise<void> }>> = {
  checksums: () => import('./checksums.ts'),
  codec: () => import('./codec.ts'),
  batches: () => import('./batches.ts'),
}

const wanted = process.argv.slice(2)
for (const name of wanted) {
  if (!(name in SUITES)) {
    console.error(`no benchmark ${name}: choose from ${Object.keys(SUITES).join(', ')}`)
    process.exit(2)
  }
}
console.log(
  `Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0]!.toFixed(2)}`,
)
for (const [name, load] of Object.entries(SUITES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const bench = new Bench({ time: 500, warmupTime: 200 })
  await (await load()).register(bench)
  await bench.run()
  console.log(`\n${name}`)
  console.table(
    bench.tasks.map((task) => {
      const { result } = task
      if (!('latency' in result))
        return { task: task.name, 'median µs': NaN, '± %': NaN, 'per s': NaN }
      return {
        task: task.name,
        'median µs': Number((result.latency.p50 * 1000).toFixed(2)),
        '± %': Number(result.latency.rme.toFixed(1)),
        'per s': Math.round(result.throughput.mean),
      }
    }),
  )
}
