import path from 'node:path'
import { writeFile } from 'node:fs/promises'
import t from 'tap'
import { account, rulesIn } from '../support/cluster/accounts.js'
import { ask, Kube, until, type World } from '../support/contract.js'
import { BUILT, Program } from '../support/program.js'
import { folder, openSimulator } from '../support/service.js'

// What the built service writes to its log about callers.

const IMAGE = 'registry.demo/sr_hmeq_logreg:1.0'

interface Line {
  readonly msg: string
  readonly user?: string
  readonly model?: string
  readonly fault?: string
  readonly status?: number
}

t.test('the log names who did or was refused what, and holds no token', async t => {
  const { cluster } = await openSimulator(t)
  const base: World = {
    service: '',
    kube: new Kube(cluster.kubeconfig),
    imagePrefix: 'registry.demo',
    openService: async () => '',
    privateImage: undefined
  }
  const deployer = await account(t, base, 'deployer', await rulesIn('deploy/rbac/deployer.yaml'))
  const nobody = await account(t, base, 'nobody')
  const kubeconfig = path.join(await folder(t), 'kubeconfig')
  await writeFile(kubeconfig, base.kube.kubeconfigFor('simulator'))
  const program = new Program(t, process.execPath, [path.join(BUILT, 'src/main.js')], {
    PORT: '0',
    HOST: '127.0.0.1',
    KUBECONFIG: kubeconfig,
    SCORING_GATEWAY_URL: cluster.gatewayUrl,
    AUTH_MODE: 'kubernetes',
    IMAGE_ALLOW_LIST: '*',
    LOG_LEVEL: 'trace'
  })
  const [, service = ''] = await program.says(/Server listening at (http:\/\/[\d.:]+)/)
  const world = { ...base, service }
  await until('the service is ready', async () => (await fetch(`${service}/readyz`)).status,
    status => status === 200)

  const as = (token: string) => ({ authorization: `Bearer ${token}` })
  const statuses = [
    await ask(world, 'PUT', '/models/m?wait=60', { image: IMAGE }, as(deployer.token)),
    await ask(world, 'PATCH', '/models/m', { description: 'x' }, as(deployer.token)),
    await ask(world, 'DELETE', '/models/m', undefined, as(nobody.token)),
    await ask(world, 'DELETE', '/models/m', undefined, as('a-token-that-nobody-may-read')),
    await ask(world, 'DELETE', '/models/m', undefined, as(deployer.token))
  ].map(({ status }) => status)
  t.same(statuses, [201, 200, 403, 401, 204])
  await program.says(/model deleted/)

  const lines = program.stdout.split('\n').filter(line => line.startsWith('{')).map(line =>
    JSON.parse(line) as Line
  )
  const told = lines.filter(({ user }) => user !== undefined).map((
    { msg, user, model, fault, status }
  ) => ({ msg, user, model, fault, status }))
  t.same(told, [
    { msg: 'model created', user: deployer.user, model: 'm', fault: undefined, status: undefined },
    { msg: 'model changed', user: deployer.user, model: 'm', fault: undefined, status: undefined },
    { msg: 'request failed', user: nobody.user, model: undefined, fault: 'forbidden', status: 403 },
    {
      msg: 'request failed',
      user: 'anonymous',
      model: undefined,
      fault: 'unauthenticated',
      status: 401
    },
    { msg: 'model deleted', user: deployer.user, model: 'm', fault: undefined, status: undefined }
  ])
  const log = program.stdout + program.stderr
  for (const token of [deployer.token, nobody.token, 'a-token-that-nobody-may-read']) { t.notOk(log.includes(token), `no token in the log: ${token.slice(-10)}`) }
  t.notOk(lines.some(({ msg }) => msg.startsWith('AUTH_MODE=none')), 'there is a login')
})
