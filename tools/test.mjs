// npm test: installs what is missing, runs the static checks, then every test.
// `npm test -- packages/log` runs only the tests below a path, without the static checks.
import { join } from 'node:path'
import { ensureInstalled, root, runNode } from './setup.mjs'

ensureInstalled()
const paths = process.argv.slice(2)
let code = 0
if (paths.length === 0) code = runNode(['tools/check.mjs'])
const vitest = runNode([join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...paths])
process.exit(code || vitest)
