// Runs a TypeScript program of this repository without a build: node tools/run.mjs FILE [ARG...]
import { ensureInstalled, runNode, typescriptLoader } from './setup.mjs'

ensureInstalled()
process.exit(runNode([...typescriptLoader, ...process.argv.slice(2)]))
