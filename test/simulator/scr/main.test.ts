import { spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import path from 'node:path'
import readline from 'node:readline'
import t, { type Test } from 'tap'
import { BUILT } from '../../support/program.js'
import { post } from './support.js'

const main = path.join(BUILT, 'simulator/scr/main.js')

/** Runs the model server as a process of its own, on a free port; ended with the test. */
function run (t: Test, reference: string) {
  const child = spawn(process.execPath, [main, reference], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  t.teardown(() => child.kill('SIGKILL'))
  const lines: string[] = []
  const output = readline.createInterface({ input: child.stdout }).on('line',
    line => lines.push(line))
  let errors = ''
  child.stderr.on('data', chunk => {
    errors += chunk
  })
  return {
    child,
    lines,
    errors: () => errors,
    ended: once(child, 'close') as Promise<[code: number | null, signal: string | null]>,
    firstLine: async () => JSON.parse((await once(output, 'line'))[0]) as { message: string }
  }
}

async function runAndListen (t: Test, reference: string) {
  const running = run(t, reference)
  const { message } = await running.firstLine()
  return { ...running, url: `http://127.0.0.1:${/on port (\d+)/.exec(message)?.[1]}` }
}

t.test('the server says on one line that it listens, serves, and ends on SIGTERM with code 0', async t => {
  const { child, url, lines, ended } = await runAndListen(t, 'sr_hmeq_logreg:2.0')
  t.equal((await post(`${url}/sr_hmeq_logreg`, { data: {} })).status, 200)
  child.kill('SIGTERM')
  t.strictSame(await ended, [0, null])
  t.match(lines, [/"Started sr_hmeq_logreg 2\.0 on port \d+ in [\d.]+ seconds"/])
  t.equal(lines.length, 1)
})

t.test('SIGTERM ends within a second while a client keeps its connection and another sends a body', async t => {
  const { child, url, ended } = await runAndListen(t, 'sr_hmeq_tree:1.0')
  const agent = new http.Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const idle = http.get(`${url}/prometheus`, { agent })
  const [answer] = await once(idle, 'response') as [http.IncomingMessage]
  await once(answer.resume(), 'end')
  const unfinished = http.request(`${url}/sr_hmeq_tree`, {
    method: 'POST',
    headers: { 'content-length': 100, expect: '100-continue' }
  })
  unfinished.on('error', () => {}) // its connection is cut
  unfinished.flushHeaders()
  await once(unfinished, 'continue')
  const signalled = performance.now()
  child.kill('SIGTERM')
  t.strictSame(await ended, [0, null])
  t.ok(performance.now() - signalled < 1000, `took ${performance.now() - signalled} ms`)
})

t.test('a crashing image prints its fatal line and exits with code 3', async t => {
  const { ended, lines } = run(t, 'registry.demo/sr_hmeq_logreg:1.0-crash')
  t.strictSame(await ended, [3, null])
  t.strictSame(lines, ['FATAL: could not load model: SASTKDS2 library not found'])
})

t.test('an image that starts slowly does not listen while others do, and can be ended before', async t => {
  const slow = run(t, 'sr_hmeq_logreg:1.0-slowstart')
  t.match(await slow.firstLine(), { message: 'Loading sr_hmeq_logreg' })
  await runAndListen(t, 'sr_hmeq_logreg:1.0')
  t.equal(slow.lines.length, 1, 'no line says that it listens')
  slow.child.kill('SIGTERM')
  t.strictSame(await slow.ended, [0, null])
})

const unusable: Array<[reference: string, message: RegExp]> = [
  ['sr_hmeq_logreg:1.0-missing', /cannot be pulled/],
  ['other:1.0', /no such image: "other:1\.0"; there are sr_hmeq_logreg:1\.0, /]
]
for (const [reference, message] of unusable) {
  t.test(`"main.js ${reference}" exits with code 1 and says why`, async t => {
    const { ended, errors } = run(t, reference)
    t.strictSame(await ended, [1, null])
    t.match(errors(), message)
  })
}
