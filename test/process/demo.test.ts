import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import t from 'tap'
import { until } from '../support/contract.js'
import { BUILT, Program, missing } from '../support/program.js'

const DEMO = path.join(BUILT, 'simulator/demo.js')
const OWN_PORT = { PORT: '0' } // not the one that another demo takes

function curlLinesIn (text: string): string[] {
  return text.split('\n').map(line => line.trim()).filter(line => line.startsWith('curl '))
}

t.test('the demo ends with 0 after one round, each step shown as a curl line', async t => {
  const demo = new Program(t, process.execPath, [DEMO, '--once'], OWN_PORT)
  t.same(await demo.ended, { code: 0, signal: null }, demo.stderr)
  const lines = curlLinesIn(demo.stdout)
  for (const part of ['-X PUT', '-F file=@', '--data-binary @', '/signature']) {
    t.ok(lines.some(line => line.includes(part)), `a line with ${part} in\n${lines.join('\n')}`)
  }
})

t.test('while the demo is up its curl lines work in another shell, and SIGTERM ends all it started',
  { skip: await missing(t, 'curl') }, async t => {
    const demo = new Program(t, process.execPath, [DEMO], OWN_PORT)
    const [, service = ''] = await demo.says(/^ *service +(http:\S+)/m)
    const [, api = ''] = await demo.says(/simulated API +(http:\S+)/)
    const [, models = ''] = await demo.says(/simulated models +(http:\S+)/)
    const lines = curlLinesIn(demo.stdout)
    t.ok(lines.length >= 5, `${lines.length} lines`)
    for (const line of lines) {
      const shell = new Program(t, 'bash', ['-c', `${line} --fail-with-body`])
      t.same(await shell.ended, { code: 0, signal: null }, `${line}\n${shell.stderr}${shell.stdout}`)
    }
    demo.signal('SIGTERM')
    t.same(await demo.ended, { code: 0, signal: null })
    for (const url of [service, api, models]) {
      await until(`nobody listens at ${url}`, async () =>
        await fetch(url).then(() => 'somebody', () => 'nobody'), seen =>
        seen === 'nobody', 10)
    }
  })

t.test('the demo ends with all it started when nobody reads what it prints any more', async t => {
  const demo = spawn(process.execPath, [DEMO], {
    env: { PATH: process.env['PATH'], ...OWN_PORT },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  t.teardown(() => demo.kill('SIGKILL'))
  demo.stderr.resume() // its programs have it too, so it closes when all of them have ended
  await once(demo.stdout, 'data')
  demo.stdout.destroy()
  t.same(await once(demo, 'close'), [1, null])
})
