import path from 'node:path'
import t, { type Test } from 'tap'
import { until } from '../support/contract.js'
import { BUILT, Program } from '../support/program.js'
import { folder, openSimulator, type Cluster } from '../support/service.js'

// The built service, killed without a chance to finish anything.

const CHAMPION = { image: 'registry.demo/creditwriteoff:1.0' }
const CHALLENGER = {
  image: 'registry.demo/creditwriteoff:2.0-slowstart',
  tag: 'green',
  percent: 30
}

interface Row {
  readonly revision: string
  readonly percent: number
  readonly tag?: string
}
interface Body {
  readonly name: string
  readonly generation: number
  readonly traffic: readonly Row[]
}

class Service {
  constructor (readonly program: Program, readonly url: string) {}

  async ask (method: string, path: string, body?: object): Promise<{ status: number, body: Body }> {
    const json = body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    const response = await fetch(this.url + path, { method, ...json })
    return { status: response.status, body: await response.json() as Body }
  }

  async serving (): Promise<string> {
    return (await this.ask('GET', '/models/m/traffic')).body.traffic.map((
      { revision, percent, tag = '' }
    ) => `${revision}=${percent}:${tag}`).sort().join(' ')
  }
}

async function start (t: Test, { kubeconfig, gatewayUrl }: Cluster): Promise<Service> {
  const program = new Program(t, process.execPath, [path.join(BUILT, 'src/main.js')], {
    PORT: '0',
    HOST: '127.0.0.1',
    KUBECONFIG: kubeconfig,
    SCORING_GATEWAY_URL: gatewayUrl,
    AUTH_MODE: 'none',
    IMAGE_ALLOW_LIST: '*',
    SPOOL_DIR: path.join(await folder(t), 'spool')
  })
  const [, url = ''] = await program.says(/Server listening at (http:\/\/[\d.:]+)/)
  return new Service(program, url)
}

t.test('traffic arrives at a challenger whose service was killed right after it answered, and no other service deploys it again', async t => {
  const { cluster } = await openSimulator(t, { timing: { podStartMs: 50, slowStartMs: 3_000 } })
  const [killed, observer] = await Promise.all([start(t, cluster), start(t, cluster)])
  t.equal((await killed.ask('PUT', '/models/m?wait=30', CHAMPION)).status, 201)
  const deployed = await killed.ask('POST', '/models/m/revisions', CHALLENGER)
  killed.program.signal('SIGKILL')
  t.match(deployed, { status: 201, body: { name: 'm-00002', ready: null, percent: 0 } })
  t.same(await killed.program.ended, { code: null, signal: 'SIGKILL' })
  t.equal(await observer.serving(), 'm-00001=100:', 'the champion serves meanwhile')
  const { body: { generation } } = await observer.ask('GET', '/models/m')

  const another = await start(t, cluster)
  t.match(await another.ask('POST', '/models/m/revisions', CHALLENGER), {
    status: 200,
    body: { name: 'm-00002' }
  })
  await until('traffic is where it was asked to be', async () => await observer.serving(),
    text => text === 'm-00001=70: m-00002=30:green', 20)
  t.match(await another.ask('POST', '/models/m/revisions?wait=20', CHALLENGER), {
    status: 200,
    body: { name: 'm-00002', ready: true, percent: 30 }
  })
  t.equal((await another.ask('GET', '/models/m')).body.generation, generation)
})
