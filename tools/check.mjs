// The static checks: types, format, lint, layers (with a planted violation that must be found), dead
// code, generated code. Prints one line a check and exits with 1 when any failed.
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureInstalled, root, typescriptLoader } from './setup.mjs'

ensureInstalled()
const bin = (name, file) => join(root, 'node_modules', name, file)

function run(args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
  })
  return { ok: status === 0, text: stdout + stderr }
}

const layers = () =>
  run([
    bin('dependency-cruiser', 'bin/dependency-cruise.mjs'),
    'packages',
    '--config',
    '.dependency-cruiser.cjs',
  ])

function plantedViolation() {
  const file = join(root, 'packages/base/src/planted-violation.ts')
  mkdirSync(join(root, 'packages/base/src'), { recursive: true })
  writeFileSync(file, "export { Reader } from '../../protocol/src/wire/reader.ts'\n")
  try {
    const { ok, text } = layers()
    return {
      ok: !ok && text.includes('planted-violation'),
      text: ok ? 'the planted layer violation was not found' : '',
    }
  } finally {
    rmSync(file)
  }
}

const checks = {
  types: () => run([bin('typescript-7', 'bin/tsc'), '--noEmit', '-p', 'tsconfig.json']),
  format: () => run([bin('@biomejs/biome', 'bin/biome'), 'format', '.']),
  lint: () => run([bin('oxlint', 'bin/oxlint'), '--deny-warnings', 'packages', 'tools']),
  layers,
  'layers find a planted violation': plantedViolation,
  'generated code': () => run([...typescriptLoader, 'tools/codegen/main.ts', '--check']),
}

const only = process.argv.slice(2)
let failed = 0
for (const [name, check] of Object.entries(checks)) {
  if (only.length > 0 && !only.includes(name)) continue
  const { ok, text } = check()
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}`)
  if (!ok) {
    failed++
    console.log(text.split('\n').slice(0, 60).join('\n'))
  }
}
process.exit(failed === 0 ? 0 : 1)
