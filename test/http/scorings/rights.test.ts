import t, { type Test } from 'tap'
import { account, guardedService, rulesIn, type Account } from '../../support/cluster/accounts.js'
import { Kube, type World } from '../../support/contract.js'
import { program } from '../../support/model-program.js'
import { openBeside, openSimulator } from '../../support/service.js'
import type { Listed, Told } from './support.js'

const ROLES = 'deploy/rbac'

/** Two models of the same program, whose rows wait for ever, on a service with a login. */
async function guarded (t: Test) {
  const image = 'registry.demo/held:1'
  const { listener } = program({
    inputs: { X: 'number' },
    outputs: { Y: 'number' },
    score: ({ row }) => row['X'] === 0 ? { Y: 0 } : undefined
  })
  const { cluster } = await openSimulator(t, {
    timing: { podStartMs: 50 },
    programs: { [image]: listener }
  })
  const world: World = {
    service: '',
    kube: new Kube(cluster.kubeconfig),
    imagePrefix: 'registry.demo',
    openService: openBeside(cluster, {}),
    privateImage: undefined
  }
  const first = await guardedService(t, world)
  // asks the first one for scorings
  const other = await guardedService(t, world, {
    AUTH_MODE: 'kubernetes',
    REPLICA_ADDRESSES: new URL(first).host
  })
  const one = async (word: string, role: string, model?: string) => {
    const rules = await rulesIn(`${ROLES}/${role}.yaml`)
    return await account(t, world, word, model === undefined
      ? rules
      : rules.map(rule => ({ ...rule, resourceNames: [model] })))
  }
  const deployer = await one('deployer', 'deployer')
  const ask = async (
    method: string,
    path: string,
    { token }: Account,
    body?: object | string,
    url = first
  ) =>
    await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined
          ? {}
          : { 'content-type': typeof body === 'string' ? 'text/csv' : 'application/json' })
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) })
    })
  for (const name of ['a', 'b']) {
    const { status } = await ask('PUT', `/models/${name}?wait=30`, deployer, { image })
    if (status !== 201) throw new Error(`${name}: ${status}`)
  }
  return { ask, one, deployer, other }
}

t.test('a scoring is seen by those who may score its model, and by nobody else', async t => {
  const { ask, one, deployer, other } = await guarded(t)
  const [viewer, scorer, onlyB] = [await one('viewer', 'viewer'), await one('scorer', 'scorer'),
    await one('only-b', 'scorer', 'b')]
  const listed = async (who: Account) => {
    const { items } = await (await ask('GET', '/scorings', who)).json() as Listed
    return items.map(({ model }) => model)
  }
  const answered = await ask('POST', '/models/a/score', scorer, 'X\n0\n')
  t.equal(answered.status, 200)
  await answered.text()
  const id = answered.headers.get('scoring-id') ?? ''
  t.same([await listed(viewer), await listed(scorer), await listed(onlyB), await listed(deployer)],
    [[], ['a'], [], ['a']])
  const statuses = async (method: string) =>
    await Promise.all([viewer, scorer, onlyB, deployer].map(async who =>
      (await ask(method, `/scorings/${id}`, who)).status
    ))
  t.same(await statuses('GET'), [404, 200, 404, 200])
  const [seen, hidden] = [await ask('GET', `/scorings/${id}`, scorer, undefined, other),
    await ask('GET', `/scorings/${id}`, viewer, undefined, other)]
  t.same([seen.status, hidden.status], [200, 404], 'also through another replica')
  t.equal((await fetch(answered.url.replace(/\/models.*/, '/scorings'))).status, 401)
})

t.test('a scoring is stopped by who began it or may change its model, and why it failed is told in full to who began it', async t => {
  const { ask, one, deployer } = await guarded(t)
  const [ann, bob] = [await one('ann', 'scorer'), await one('bob', 'scorer')]
  const bad = await ask('POST', '/models/a/score?onError=fail', ann, 'X\n0\nsecret\n')
  t.equal(bad.status, 422)
  const failed = `/scorings/${bad.headers.get('scoring-id')}`
  const errorFor = async (who: Account) =>
    (await (await ask('GET', failed, who)).json() as Told).error
  t.match(await errorFor(ann), { type: '/problems/row-invalid', detail: /secret/ })
  t.match(await errorFor(bob), {
    type: '/problems/row-invalid',
    detail: 'is told to who began the scoring'
  })

  for (const who of [deployer, ann]) {
    const scoring = ask('POST', '/models/a/score', ann, 'X\n0\n1\n')
    let id: string | undefined
    while (id === undefined) {
      const { items } = await (await ask('GET', '/scorings?state=running', ann)).json() as Listed
      id = items.find(({ rowsScored }) => rowsScored === 1)?.id
    }
    const refused = await ask('DELETE', `/scorings/${id}`, bob)
    t.equal(refused.status, 403)
    t.match(await refused.json(), { detail: /somebody else began/, remedy: /ask who began it/ })
    t.equal((await ask('DELETE', `/scorings/${id}`, who)).status, 200)
    const answer = await scoring
    t.equal(answer.status, 409)
    t.match(await answer.json(), { detail: new RegExp(`stopped by "${who.user}"`) })
  }
})
