import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { BUILT, Program } from '../support/program.js'
import { folder, openSimulator } from '../support/service.js'

// How the built programs end, and which cluster the service takes.

const SERVICE = path.join(BUILT, 'src/main.js')
const SIMULATOR = path.join(BUILT, 'simulator/main.js')

async function settings (t: Test): Promise<Record<string, string>> {
  const folders = { SPOOL_DIR: await folder(t), HOME: await folder(t) }
  return {
    PORT: '0',
    HOST: '127.0.0.1',
    AUTH_MODE: 'none',
    IMAGE_ALLOW_LIST: '*',
    DRAIN_SECONDS: '1',
    ...folders
  }
}

async function startService (t: Test, env: Record<string, string> = {}): Promise<Program> {
  const { cluster } = await openSimulator(t)
  const given = {
    ...await settings(t),
    KUBECONFIG: cluster.kubeconfig,
    SCORING_GATEWAY_URL: cluster.gatewayUrl,
    ...env
  }
  const program = new Program(t, process.execPath, [SERVICE], given)
  await program.says(/Server listening/)
  return program
}

for (const signal of ['SIGSEGV', 'SIGABRT'] as const) {
  t.test(`${signal}, which a crash sends, ends the service at once`, async t => {
    const service = await startService(t)
    service.signal(signal)
    t.same(await service.ended, { code: null, signal })
  })
}

t.test('SIGHUP, which a closed terminal sends, stops the service in order', async t => {
  const service = await startService(t)
  service.signal('SIGHUP')
  t.same(await service.ended, { code: 0, signal: null })
  t.match(service.stdout, /"signal":"SIGHUP".*"ending"/)
})

t.test('SIGHUP ends the simulator', async t => {
  const simulator = new Program(t, process.execPath, [SIMULATOR, '--kubeconfig',
    path.join(await folder(t), 'kubeconfig')])
  await simulator.says(/"apiUrl"/)
  simulator.signal('SIGHUP')
  t.same(await simulator.ended, { code: 0, signal: null })
})

t.test('SIGHUP ends the demo with all that it started', async t => {
  const demo = new Program(t, process.execPath, [path.join(BUILT, 'simulator/demo.js')], {
    PORT: '0' // not the one that another demo takes
  })
  await demo.says(/Each step below/)
  demo.signal('SIGHUP')
  // its programs hold its standard error: all have ended
  t.same(await demo.ended, { code: 0, signal: null }, demo.stderr)
})

t.test('a service whose log nobody reads any more ends', async t => {
  const { cluster } = await openSimulator(t)
  const env = {
    ...await settings(t),
    PATH: process.env['PATH'],
    KUBECONFIG: cluster.kubeconfig,
    SCORING_GATEWAY_URL: cluster.gatewayUrl
  }
  const service = spawn(process.execPath, [SERVICE], { env, stdio: ['ignore', 'pipe', 'ignore'] })
  t.teardown(() => service.kill('SIGKILL'))
  let said = ''
  for await (const chunk of service.stdout) {
    said += String(chunk)
    if (said.includes('Server listening')) break // and lets go of the pipe
  }
  const url = /http:\/\/[\d.:]+/.exec(said)![0]
  const ended = once(service, 'exit')
  await fetch(`${url}/models/nothing`).catch(() => {}) // is logged
  t.same(await ended, [1, null])
})

const wrong: ReadonlyArray<readonly [it: string, kubeconfig: string | undefined, says: RegExp]> = [
  ['that does not exist', '/nowhere/kubeconfig',
    /^bad configuration\n {2}KUBECONFIG=\/nowhere\/kubeconfig: there is no such file; .*\n$/],
  ['whose files all do not exist', '/nowhere/a:/nowhere/b',
    /KUBECONFIG=\/nowhere\/a:\/nowhere\/b: none of these files exists/],
  ['that is not set, outside of a pod and without ~/.kube/config', undefined,
    /KUBECONFIG: is not set, this is no pod of a cluster, and there is no .*\/\.kube\/config/]
]
for (const [it, kubeconfig, says] of wrong) {
  t.test(`a KUBECONFIG ${it} ends the start with one sentence`, async t => {
    const program = new Program(t, process.execPath, [SERVICE], {
      ...await settings(t),
      SCORING_GATEWAY_URL: 'http://127.0.0.1:1',
      ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig })
    })
    t.same(await program.ended, { code: 2, signal: null })
    t.match(program.stderr, says)
    t.notMatch(program.stderr, /\n {4}at /)
  })
}

t.test('a list of kubeconfigs is merged as kubectl merges it: the first of a name counts, missing files are passed over', async t => {
  const { cluster } = await openSimulator(t)
  const dir = await folder(t)
  const config = JSON.parse(await readFile(cluster.kubeconfig, 'utf8')) as Record<string, unknown>
  const { 'current-context': current, ...rest } = config
  await writeFile(path.join(dir, 'context'),
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': current,
      clusters: [],
      users: [],
      contexts: []
    }))
  await writeFile(path.join(dir, 'cluster'), JSON.stringify(rest))
  await writeFile(path.join(dir, 'other'),
    JSON.stringify({
      ...config,
      clusters: [{ name: 'simulator', cluster: { server: 'http://127.0.0.1:1' } }],
      'current-context': 'other'
    }))
  await startService(t, {
    KUBECONFIG: ['context', 'absent', 'cluster', 'other'].map(name => path.join(dir, name)).join(
      path.delimiter
    )
  })
  t.pass('it listens')
})

t.test('~/.kube/config is taken where KUBECONFIG is not set, outside of a pod', async t => {
  const { cluster } = await openSimulator(t)
  const home = await folder(t)
  await mkdir(path.join(home, '.kube'))
  await writeFile(path.join(home, '.kube', 'config'), await readFile(cluster.kubeconfig))
  const { ...env } = await settings(t)
  const program = new Program(t, process.execPath, [SERVICE], {
    ...env,
    HOME: home,
    SCORING_GATEWAY_URL: cluster.gatewayUrl
  })
  await program.says(/Server listening/)
  t.pass('it listens')
})
