import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import t, { type Test } from 'tap'

// scripts/fail-on-warning.mjs, which .taprc loads into every test file. That it is loaded shows in
// the last test.

const LOADED = '--import=./scripts/fail-on-warning.mjs'

/** Runs a program of the project that is not there otherwise, beside one that it may start. */
async function run (
  t: Test,
  program: string,
  started = ''
): Promise<{ code: number, stderr: string }> {
  const { WARNINGS_FILE: _file, NODE_OPTIONS: _options, ...env } = process.env
  const file = path.join(t.testdir({ 'program.mjs': program, 'child.mjs': started }), 'program.mjs')
  const child = spawn(process.execPath, [LOADED, file], {
    env,
    stdio: ['ignore', 'ignore', 'pipe']
  })
  let stderr = ''
  child.stderr.on('data', chunk => {
    stderr += String(chunk)
  })
  const [code] = await once(child, 'close') as [number]
  return { code, stderr }
}

const LISTENERS = 'for (let i = 0; i < 11; i++) process.on("x", () => {})'

t.test('a program that is warned of too many listeners fails', async t => {
  const { code, stderr } = await run(t, LISTENERS)
  t.equal(code, 1)
  t.match(stderr, /Node warned:\n.*program.mjs: MaxListenersExceededWarning/)
})

t.test('a program that uses what is deprecated fails', async t => {
  t.equal((await run(t, 'process.emitWarning("old", "DeprecationWarning", "DEP0")')).code, 1)
})

t.test('a program fails for a warning in one that it starts', async t => {
  const program = `import { spawnSync } from 'node:child_process'
    spawnSync(process.execPath, [process.argv[1].replace('program.mjs', 'child.mjs')])`
  const { code, stderr } = await run(t, program, LISTENERS)
  t.equal(code, 1)
  t.match(stderr, /child.mjs: MaxListenersExceededWarning/)
})

t.test('a program without a warning keeps its exit code', async t => {
  t.equal((await run(t, '')).code, 0)
  t.equal((await run(t, 'process.exit(3)')).code, 3)
})

t.test('this very file is watched', async t => {
  t.match(process.env['NODE_OPTIONS'], /fail-on-warning/)
})
