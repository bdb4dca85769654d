import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import readline from 'node:readline'
import t, { type Test } from 'tap'
import { BUILT } from '../support/program.js'
import { call } from './support.js'

const main = path.join(BUILT, 'simulator/main.js')

function run (t: Test, ...args: string[]) {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  let errors = ''
  child.stderr.on('data', chunk => {
    errors += chunk
  })
  return {
    child,
    lines: readline.createInterface({ input: child.stdout }),
    errors: () => errors,
    ended: once(child, 'close') as Promise<[number | null, string | null]>
  }
}

t.test('the program writes the kubeconfig, says on one line that it is ready, and ends on SIGTERM', async t => {
  const kubeconfig = path.join(t.testdir({}), 'config')
  const { child, lines, ended } = run(t, '--kubeconfig', kubeconfig)
  const said: string[] = []
  lines.on('line', line => said.push(line))
  await once(lines, 'line')
  const ready = JSON.parse(said[0] ?? '') as {
    kubeconfig: string
    apiUrl: string
    gatewayUrl: string
  }
  t.strictSame(Object.keys(ready), ['kubeconfig', 'apiUrl', 'gatewayUrl'])
  t.equal(ready.kubeconfig, kubeconfig)
  t.match(await readFile(kubeconfig, 'utf8'), ready.apiUrl)
  t.equal((await call(`${ready.apiUrl}/version`, 'GET', {})).status, 200)
  t.equal((await call(ready.gatewayUrl, 'GET', {})).status, 404)
  child.kill('SIGTERM')
  t.strictSame(await ended, [0, null])
  t.equal(said.length, 1)
})

t.test('a missing or wrong argument ends it with code 2 and says how to call it', async t => {
  await Promise.all([[], ['--kubeconfig', 'x', '--api-port', 'many']].map(async args => {
    const { ended, errors } = run(t, ...args)
    t.strictSame(await ended, [2, null])
    t.match(errors(), /usage: npm run simulator -- --kubeconfig FILE/)
  }))
})
