// Runs one of the project's commands after making sure that dependencies and build are there, so
// that a fresh clone needs nothing but Node. A script of its own rather than npm's pre-hooks, which
// `ignore-scripts` skips. Node runs every program here and no shell is asked, so that a command
// means the same on every system.
import { availableParallelism } from 'node:os'
import { fileURLToPath, pathToFileURL } from 'node:url'
import path from 'node:path'
import { compiledTests, removeStale } from './compiled.mjs'
import { compilerHome, installAll, installForDemo } from './packages.mjs'
import { runNode, toolOf } from './programs.mjs'
import { groupTests } from './test-groups.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

const compile = (says, project) => ({
  says,
  file: () => toolOf(compilerHome(root), 'typescript', 'tsc'),
  args: ['-p', project]
})
const build = compile('checking types and compiling the service', 'tsconfig.build.json')
const buildForDemo = compile('compiling the service and the simulator', 'tsconfig.demo.json')
const buildAll = compile('checking types and compiling', 'tsconfig.json')
const lint = {
  says: 'linting',
  file: () => toolOf(root, 'eslint'),
  args: ['.', '--cache', '--cache-strategy=content', '--cache-location=dist/.eslintcache']
}
// The tests run as tsc compiled them: tap neither compiles nor follows what they import.
const withoutHooks = `--import=${pathToFileURL(path.join(root, 'scripts', 'no-coverage-hooks.mjs'))}`
const tap = (says, ...args) => ({
  says,
  file: () => toolOf(root, 'tap'),
  args: [
    '--test-env=TAP_TYPE_STRIP_ONLY=1',
    `--test-env=NODE_OPTIONS=${process.env['NODE_OPTIONS'] ?? ''} ${withoutHooks}`,
    ...args
  ]
})
// Most of a test's time it waits: for a cluster, a time limit, a process.
const AT_ONCE = 3 * availableParallelism()
const program = file => ({ says: `running ${file}`, file: () => path.join('dist', file), args: [] })

/**
 * Each command is what it installs, then groups of steps side by side. The last group is one step;
 * it gets the arguments.
 */
const commands = {
  bench: [installAll, [buildAll], [program('bench/main.js')]],
  build: [installAll, [build]],
  demo: [installForDemo, [buildForDemo], [program('simulator/demo.js')]],
  fuzz: [installAll, [buildAll], [program('scripts/fuzz.js')]],
  lint: [installAll, [lint]],
  openapi: [installAll, [buildAll], [program('scripts/openapi.js')]],
  simulator: [installForDemo, [buildForDemo], [program('simulator/main.js')]],
  test: [installAll, [buildAll, lint], [tap('running the tests', `--jobs=${AT_ONCE}`)]],
  'test:e2e': [installAll, [buildAll], [program('scripts/e2e.js')]],
  'test:faults': [
    installAll,
    [buildAll],
    [tap('running the faults', '--include=dist/test/e2e/faults.js', '--timeout=600')]
  ]
}

const [name, ...given] = process.argv.slice(2)
if (!Object.hasOwn(commands, name)) {
  console.error(`unknown command "${name}"; known: ${Object.keys(commands).join(', ')}`)
  process.exit(2)
}
try {
  await run(commands[name], name === 'test' ? testsToRun(given) : given)
} catch (error) {
  console.error(`npm run ${name}: ${error.message}`)
  process.exitCode = error.exitCode ?? 1
}

/** tap's arguments; all tests unless some are named. */
function testsToRun (given) {
  const args = compiledTests(root, given)
  return args.some(arg => arg.startsWith('dist/')) ? args : [...args, ...groupTests(root)]
}

async function run ([install, ...groups], given) {
  await install(root)
  removeStale(root)
  for (const [index, group] of groups.entries()) {
    const last = index === groups.length - 1
    await together(
      group.map(async ({ says, file, args }) => {
        console.error(`${says} …`)
        await runNode(root, [file(), ...args, ...(last ? given : [])], { ownOutput: last })
      })
    )
  }
}

/**
 * Waits for all, so that none goes on printing behind the back of the next, and then fails as the
 * first that did.
 */
async function together (steps) {
  const outcomes = await Promise.allSettled(steps)
  const failed = outcomes.find(({ status }) => status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
