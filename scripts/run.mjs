// Runs one of the project's commands after making sure that dependencies and build are there, so that a fresh clone needs
// nothing but Node. A script of its own rather than npm's pre-hooks, which `ignore-scripts` skips.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import path from 'node:path'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

const bin = name => ['node', path.join('node_modules', '.bin', name)]
const build = [...bin('tsc'), '-p', 'tsconfig.build.json']
const typeCheck = bin('tsc')
const lint = [...bin('eslint'), '.']
const tap = bin('tap')

/** Each command is a list of steps; the last one gets the arguments given after `--`. */
const commands = {
  bench: [typeCheck, ['node', 'dist/bench/main.js']],
  build: [build],
  fuzz: [typeCheck, ['node', 'dist/scripts/fuzz.js']],
  openapi: [typeCheck, ['node', 'dist/scripts/openapi.js']],
  demo: [build, ['node', 'dist/simulator/demo.js']],
  simulator: [build, ['node', 'dist/simulator/main.js']],
  test: [typeCheck, lint, tap],
  'test:e2e': [typeCheck, ['node', 'dist/scripts/e2e.js']],
  'test:faults': [typeCheck, [...tap, '--include=test/e2e-faults.ts', '--timeout=600']]
}

const [name, ...given] = process.argv.slice(2)
const steps = commands[name]
if (steps === undefined) {
  console.error(`unknown command "${name}"; known: ${Object.keys(commands).join(', ')}`)
  process.exit(2)
}

if (!existsSync(path.join(root, 'node_modules', '.package-lock.json'))) {
  console.error('installing dependencies (once) …')
  // stdout stays the command's own: the simulator prints one JSON line there
  run(['npm', 'ci', '--include=dev', '--no-audit', '--no-fund'], ['ignore', 2, 2])
}
for (const [index, step] of steps.entries()) {
  const last = index === steps.length - 1
  run(last ? [...step, ...given] : step, last ? 'inherit' : ['ignore', 2, 2])
}

function run ([program, ...args], stdio) {
  const file = program === 'node' ? process.execPath : program
  const { status, signal, error } = spawnSync(file, args, { cwd: root, stdio, shell: false })
  if (error) throw error
  if (status !== 0) {
    if (signal) console.error(`${program} ended by ${signal}`)
    process.exit(status ?? 1)
  }
}
