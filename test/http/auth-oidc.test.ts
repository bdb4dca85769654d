import t, { type Test } from 'tap'
import { bindSubject, guardedService, rulesIn } from '../support/cluster/accounts.js'
import { ask, Kube, KSVCS, type World } from '../support/contract.js'
import { AUDIENCE, openId, type OpenId } from '../support/cluster/openid.js'
import { openBeside, openSimulator } from '../support/service.js'

const IMAGE = 'registry.demo/sr_hmeq_logreg:1.0'

interface Guarded {
  readonly world: World
  readonly provider: OpenId
  tokenOf(sub: string, groups?: readonly string[], claims?: object): Promise<string>
}

/**
 * A service whose callers log in with tokens of a provider; the group `deployers` may deploy, the
 * user `ann` may look.
 */
async function guarded (t: Test): Promise<Guarded> {
  const [{ cluster }, provider] = [await openSimulator(t), await openId(t)]
  const base: World = {
    service: '',
    kube: new Kube(cluster.kubeconfig),
    imagePrefix: 'registry.demo',
    openService: openBeside(cluster, {}),
    privateImage: undefined
  }
  await bindSubject(t, base, 'deployers', await rulesIn('deploy/rbac/deployer.yaml'), {
    kind: 'Group',
    name: 'oidc:deployers'
  })
  await bindSubject(t, base, 'ann', await rulesIn('deploy/rbac/viewer.yaml'), {
    kind: 'User',
    name: 'oidc:ann'
  })
  const service = await guardedService(t, base, {
    AUTH_MODE: 'oidc',
    OIDC_ISSUER: provider.issuer,
    OIDC_AUDIENCE: AUDIENCE
  })
  return {
    world: { ...base, service },
    provider,
    tokenOf: async (sub, groups = [], claims = {}) =>
      await provider.forged({ sub, groups: [...groups], ...claims })
  }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

t.test('users and groups of a provider have the rights that are bound to them with the prefix oidc:', async t => {
  const { world, tokenOf } = await guarded(t)
  const calls: ReadonlyArray<readonly [method: string, path: string, body?: object]> = [['GET',
    '/models'], ['POST', '/models?dryRun=true', { name: 'm', image: IMAGE }]]
  const statuses = async (token: string) => {
    const found: number[] = []
    for (const [method, path, body] of calls) {
      found.push((await ask(world, method, path, body, bearer(token))).status)
    }
    return found.join(' ')
  }
  t.equal(await statuses(await tokenOf('ann')), '200 403', 'a viewer by name')
  t.equal(await statuses(await tokenOf('bob', ['staff', 'deployers'])), '200 201',
    'a deployer by group')
  t.equal(await statuses(await tokenOf('bob', ['staff'])), '403 403', 'nobody')
  t.equal(await statuses(await tokenOf('oidc:ann', ['oidc:deployers'])), '403 403',
    'the prefix is put before every name, also before one that has it')
  t.equal(await statuses(await tokenOf('ann', [], { exp: Math.floor(Date.now() / 1000) - 60 })),
    '401 401', 'expired')
  t.equal(await statuses(await tokenOf('ann', [], { aud: 'https://other.example.com' })), '401 401',
    'for somebody else')
})

t.test('a token from the provider\'s own endpoint opens the service', async t => {
  const { world, provider } = await guarded(t)
  provider.claims = { groups: ['deployers'] }
  t.equal((await ask(world, 'GET', '/models', undefined, bearer(await provider.token()))).status,
    200)
})

t.test('a name of any script is kept as it is, in the model and in its annotation', async t => {
  const { world, tokenOf } = await guarded(t)
  const user = 'Zoë "Z" O\'Neil, 山田\\n<b>'
  const { status, body } = await ask(world, 'POST', '/models', { name: 'm', image: IMAGE },
    bearer(await tokenOf(user, ['deployers'])))
  t.same([status, body.createdBy], [201, `oidc:${user}`], JSON.stringify(body))
  const { body: { metadata } } = await world.kube.call('GET', `${KSVCS}/m`)
  t.equal(metadata.annotations?.['scr-modelops/requested-by'], `oidc:${user}`)
})

t.test('while the provider does not answer, the answer is 503 with when to try again, and the token is not blamed', async t => {
  const { world, provider, tokenOf } = await guarded(t)
  const token = await tokenOf('ann')
  provider.answerInstead = request => {
    request.socket.destroy()
  }
  const { status, headers, body } = await ask<{ type: string, remedy: string }>(world, 'GET',
    '/models', undefined, bearer(token))
  t.same([status, body.type, headers.get('retry-after'), headers.get('www-authenticate')], [503,
    '/problems/login-unavailable', '10', null])
  t.match(body.remedy, /whether this service reaches the OpenID provider/)
})
