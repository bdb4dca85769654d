// Runs programs by Node itself, from the JavaScript of npm and of the installed tools: what lies in
// node_modules/.bin and beside Node are scripts of a shell on Windows.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'

/** The program has said why, or was ended. */
export class ProgramFailed extends Error {
  constructor (program, code, signal) {
    super(`${program} ended ${signal === null ? `with code ${code}` : `by ${signal}`}`)
    this.exitCode = code ?? 1
  }
}

/**
 * Runs a program with its arguments in `folder`. Its standard output goes to our standard error,
 * because ours is the command's own (the simulator prints one JSON line there), unless `ownOutput`.
 */
export async function runNode (folder, [file, ...args], { ownOutput = false } = {}) {
  const stdio = ownOutput ? 'inherit' : ['ignore', 2, 2]
  const program = spawn(process.execPath, [file, ...args], { cwd: folder, stdio })
  // A terminal sends its Ctrl-C to the program too. We end after it, so that it can say and do what
  // it has to.
  const onInterrupt = () => {}
  const onTerminate = () => program.kill('SIGTERM')
  process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate)
  try {
    const [code, signal] = await once(program, 'close')
    if (code !== 0) throw new ProgramFailed(path.basename(file), code, signal)
  } finally {
    process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate)
  }
}

/** The program `name` of a package that is installed in `folder`, as its package.json names it. */
export function toolOf (folder, packageName, name = packageName) {
  const home = path.join(folder, 'node_modules', packageName)
  const { bin } = JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8'))
  const program = typeof bin === 'string' ? bin : bin?.[name]
  if (program === undefined) throw new Error(`the package ${packageName} has no program ${name}`)
  return path.join(home, program)
}

/**
 * npm's own program: the one that runs this, or else the one that belongs to the Node at `node` or
 * lies in PATH.
 */
export function npmCli (env = process.env, node = process.execPath) {
  const inModules = path.join('node_modules', 'npm', 'bin', 'npm-cli.js')
  const ofNode = path.dirname(node)
  const folders = (env.PATH ?? env.Path ?? '').split(path.delimiter).filter(folder => folder !== '')
  const candidates = [
    env.npm_execpath ?? '',
    path.join(ofNode, inModules), // Windows
    path.join(ofNode, '..', 'lib', inModules),
    ...folders.flatMap(folder => [path.join(folder, inModules), path.join(folder, 'npm')])
  ]
  for (const candidate of candidates) {
    if (!existsSync(candidate)) continue
    const program = realpathSync(candidate)
    if (path.basename(program) === 'npm-cli.js') return program
  }
  throw new Error(
    'npm was not found beside Node nor in PATH: install it, or run "npm ci" by hand first'
  )
}
