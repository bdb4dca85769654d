import { exec } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { livesThrough, livesThroughRestart } from '../contract/models/outage.js'
import {
  Kube,
  NAMESPACE,
  ask,
  deployed,
  until,
  type ProblemAnswer,
  type World
} from '../support/contract.js'
import { openBeside, openTestService } from '../support/service.js'

// Faults of a real cluster. It stops the API server and etcd, processes of this machine: for a
// cluster that nobody else uses.
const {
  KUBECONFIG: kubeconfig,
  SCORING_GATEWAY_URL: gatewayUrl,
  IMAGE_PREFIX: imagePrefix = 'dev.local',
  API_SERVER_PID,
  ETCD_PID,
  RESTART_ETCD
} = process.env

if (!kubeconfig || !gatewayUrl || !API_SERVER_PID || !ETCD_PID) {
  t.bailout(
    'test:faults needs KUBECONFIG, SCORING_GATEWAY_URL, and the process ids API_SERVER_PID and ETCD_PID; the cluster must be nobody else\'s'
  )
} else {
  const kube = new Kube(kubeconfig)
  const cluster = { kubeconfig, gatewayUrl }
  const { url } = await openTestService(t, cluster, { DATA_PATH: 'route' })
  const world: World = {
    service: url,
    kube,
    imagePrefix,
    openService: openBeside(cluster, { DATA_PATH: 'route' }),
    privateImage: undefined
  }
  const pause = (pid: string) => ({
    begin: () => process.kill(Number(pid), 'SIGSTOP'),
    end: () => process.kill(Number(pid), 'SIGCONT')
  })

  t.test('the API server is stopped for a minute: known models are scored, and afterwards all is as before', async t => {
    const outage = pause(API_SERVER_PID)
    t.teardown(outage.end)
    await livesThrough(t, world, { lastsMs: 60_000, ...outage })
  })

  t.test('etcd is paused: a change fails as told, reads go on from the caches, and afterwards changes are made again', async t => {
    const name = await deployed(t, world, 'etcd', { scaling: { minScale: 1 } })
    const outage = pause(ETCD_PID)
    t.teardown(outage.end)
    outage.begin()
    const { status, body } = await ask<ProblemAnswer>(world, 'PATCH', `/models/${name}`, {
      description: 'while it is away'
    })
    t.equal(status, 503, JSON.stringify(body))
    t.match(body.type, /^\/problems\/cluster-(unreachable|busy)$/)
    t.equal((await ask(world, 'GET', `/models/${name}`)).status, 200)
    outage.end()
    await until('a change is made again', async () =>
      (await ask(world, 'PATCH', `/models/${name}`, { description: 'after' })).status, status =>
      status === 200)
  })

  const skip = RESTART_ETCD === undefined &&
    'needs RESTART_ETCD: a command that ends etcd and starts it again'
  t.test(
    'etcd is restarted: scores go on, a change is made at last, and what others change is seen',
    { skip },
    async t => {
      await livesThroughRestart(t, world, async () => await promisify(exec)(RESTART_ETCD!))
    }
  )

  t.test('without the right to delete a deletion names it and the Role; with it again it works', async t => {
    const account = `it-faults-${process.pid}`
    const core = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}`
    const made = async (path: string, body: object) => {
      const { status, text, body: answer } = await kube.call('POST', path, body)
      if (status !== 201) throw new Error(text)
      return answer
    }
    for (
      const [path, body] of [[`${rbac}/rolebindings`], [`${rbac}/roles`], [core]].map(([path]) =>
        [path ?? '', account] as const
      )
    ) {
      t.teardown(async () => {
        await kube.call('DELETE', `${path}/${body}`)
      })
    }
    const [role] = parseAllDocuments(await readFile('deploy/base/role.yaml', 'utf8')).map(
      document => document.toJS() as { rules: Rule[] }
    )
    const rules = role?.rules ?? []
    const without = rules.map(rule =>
      rule.resources.includes('services')
        ? { ...rule, verbs: rule.verbs.filter(verb => verb !== 'delete') }
        : rule
    )
    await made(core, { metadata: { name: account } })
    await made(`${rbac}/roles`, { metadata: { name: account }, rules: without })
    await made(`${rbac}/rolebindings`, {
      metadata: { name: account },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: NAMESPACE }]
    })
    const { status: { token } } = await made(`${core}/${account}/token`, {
      spec: { expirationSeconds: 3600 }
    }) as unknown as { status: { token: string } }
    const config = parse(await readFile(kubeconfig, 'utf8')) as {
      users: Array<{ name: string, user: object }>
    }
    const asAccount = JSON.stringify({
      ...config,
      users: config.users.map(({ name }) => ({ name, user: { token } }))
    })
    const limited = { ...world, service: await world.openService(t, {}, asAccount) }
    const name = await deployed(t, limited, 'rights')
    const { body } = await ask<ProblemAnswer>(limited, 'DELETE', `/models/${name}`)
    t.match(body, {
      type: '/problems/cluster-forbidden',
      remedy: /add delete on services\.serving\.knative\.dev to the Role of this service/
    })
    await kube.call('PATCH', `${rbac}/roles/${account}`, { rules }, 'application/merge-patch+json')
    await until('the deletion works', async () =>
      (await ask(limited, 'DELETE', `/models/${name}`)).status, status =>
      status === 204)
  })
}

interface Rule {
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}
