import { readFile } from 'node:fs/promises'
import type { Test } from 'tap'
import { parse } from 'yaml'
import {
  account,
  bind,
  endedToken,
  guardedService,
  review,
  rulesIn,
  tokenFor
} from '../../support/cluster/accounts.js'
import {
  ask,
  deployed,
  NAMESPACE,
  newName,
  until,
  type Answer,
  type ModelAnswer,
  type ProblemAnswer,
  type World
} from '../../support/contract.js'

const REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews'

/**
 * `none`: no token; `bad`: nonsense; `ended`: good once. The others are accounts bound to deploy's
 * Role of that name.
 */
const CALLERS = ['none', 'bad', 'ended', 'viewer', 'scorer', 'deployer'] as const
type CallerKind = typeof CALLERS[number]

interface Call {
  readonly path?: string
  readonly body?: unknown
  readonly type?: string
  /**
   * Statuses in the order of CALLERS. What is allowed may still end with a status of its own, and
   * changes nothing.
   */
  readonly answers: string
}

const anybody = '200 200 200 200 200 200'

/** Every call of openapi.yaml, on a model with one revision. */
function matrix (name: string, free: string, image: string): Readonly<Record<string, Call>> {
  const csv = { body: 'LOAN\n1\n', type: 'text/csv' }
  return {
    'GET /livez': { answers: anybody },
    'GET /readyz': { answers: anybody },
    'GET /metrics': { answers: anybody },
    'GET /openapi.json': { answers: anybody },
    'GET /docs': { answers: anybody },
    'GET /nothing': { answers: '404 404 404 404 404 404' },
    'GET /models': { answers: '401 401 401 200 200 200' },
    'GET /models/{name}': { answers: '401 401 401 200 200 200' },
    'GET /models/{name}/revisions': { answers: '401 401 401 200 200 200' },
    'GET /models/{name}/revisions/{revision}': { answers: '401 401 401 200 200 200' },
    'GET /models/{name}/traffic': { answers: '401 401 401 200 200 200' },
    'GET /models/{name}/pods': { answers: '401 401 401 200 200 200' },
    'GET /models/{name}/events': { answers: '401 401 401 200 200 200' },
    'GET /models/{name}/logs': { answers: '401 401 401 403 403 200' },
    'GET /models/{name}/signature': { answers: '401 401 401 403 200 200' },
    'GET /models/{name}/snippets': { answers: '401 401 401 403 200 200' },
    'POST /models/{name}/score': { ...csv, answers: '401 401 401 403 422 422' },
    'POST /models/{name}/compare': { ...csv, answers: '401 401 401 403 422 422' },
    'GET /scorings': { answers: '401 401 401 200 200 200' },
    'GET /scorings/{id}': { answers: '401 401 401 404 404 404' },
    'DELETE /scorings/{id}': { answers: '401 401 401 404 404 404' },
    'POST /models': {
      path: '/models?dryRun=true',
      body: { name: free, image },
      answers: '401 401 401 403 403 201'
    },
    'PUT /models/{name}': {
      path: `/models/${free}?dryRun=true`,
      body: { image },
      answers: '401 401 401 403 403 201'
    },
    'PATCH /models/{name}': {
      path: `/models/${name}?dryRun=true`,
      body: { description: 'x' },
      answers: '401 401 401 403 403 200'
    },
    'DELETE /models/{name}': {
      path: `/models/${name}?dryRun=true`,
      answers: '401 401 401 403 403 204'
    },
    'POST /models/{name}/revisions': { body: { percent: 101 }, answers: '401 401 401 403 403 422' },
    'DELETE /models/{name}/revisions/{revision}': { answers: '401 401 401 403 403 409' },
    'PUT /models/{name}/traffic': {
      body: [{ latest: true, percent: 99 }],
      answers: '401 401 401 403 403 422'
    },
    'POST /models/{name}/promote': { body: {}, answers: '401 401 401 403 403 422' },
    'POST /models/{name}/rollback': { answers: '401 401 401 403 403 409' }
  }
}

/**
 * Who may do what: what the cluster says of tokens and rights, and what the service makes of it.
 */
export function rightsContract (t: Test, world: World): void {
  const roles = {
    viewer: 'deploy/rbac/viewer.yaml',
    scorer: 'deploy/rbac/scorer.yaml',
    deployer: 'deploy/rbac/deployer.yaml'
  }

  t.test('every call is open to those who have the right to it, and to no one else', async t => {
    const guarded = { ...world, service: await guardedService(t, world) }
    const name = await deployed(t, world, 'rights')
    const tokens: Record<CallerKind, string | undefined> = {
      none: undefined,
      bad: 'nonsense',
      ended: await endedToken(t, world),
      viewer: '',
      scorer: '',
      deployer: ''
    }
    for (const role of ['viewer', 'scorer', 'deployer'] as const) {
      tokens[role] = (await account(t, world, role, await rulesIn(roles[role]))).token
    }
    const described = await callsDescribed()
    const calls = matrix(name, newName(t, world, 'free'), `${world.imagePrefix}/sr_hmeq_logreg:1.0`)
    t.same(described.filter(call => !(call in calls)), [], 'calls that the table lacks')
    for (const [call, { answers, ...given }] of Object.entries(calls)) {
      if (call.startsWith('GET /models/{name}/') && !described.includes(call)) continue
      const found: string[] = []
      for (const caller of CALLERS) {
        found.push(await statusOf(guarded, call, given, name, tokens[caller]))
      }
      t.equal(found.join(' '), answers, `${call}: ${CALLERS.join(' ')}`)
    }
  })

  t.test('a refusal names user, right, model and the Role that gives it; a new binding is in force within seconds', async t => {
    const guarded = { ...world, service: await guardedService(t, world) }
    const name = await deployed(t, world, 'bind')
    const { name: accountName, user, token } = await account(t, world, 'caller',
      await rulesIn(roles.viewer))
    const scores = async () =>
      await ask<ProblemAnswer>(guarded, 'GET', `/models/${name}/signature`, undefined, {
        authorization: `Bearer ${token}`
      })
    const { status, body } = await scores()
    t.same([status, body.type], [403, '/problems/forbidden'], JSON.stringify(body))
    t.equal(body.detail,
      `"${user}" has no right to create services/score on the model "${name}" in the namespace ${NAMESPACE}`)
    t.match(body.remedy, /the Role scr-modelops-scorer in the namespace/)
    await bind(t, world, accountName, await rulesIn(roles.scorer), 'scorer')
    await until('the binding is in force', async () => (await scores()).status,
      status => status === 200, 30)
  })

  t.test('who deployed a model is told by its name, not by that of the service', async t => {
    const guarded = { ...world, service: await guardedService(t, world) }
    const [one, other] = [await account(t, world, 'one', await rulesIn(roles.deployer)),
      await account(t, world, 'other', await rulesIn(roles.deployer))]
    const name = newName(t, world, 'who')
    const image = `${world.imagePrefix}/sr_hmeq_logreg:1.0`
    const created = await ask(guarded, 'POST', '/models', { name, image }, {
      authorization: `Bearer ${one.token}`
    })
    t.same([created.status, created.body.createdBy], [201, one.user], JSON.stringify(created.body))
    const changed: Answer<ModelAnswer & { updatedBy: string }> = await ask(guarded, 'PATCH',
      `/models/${name}`, { description: 'x' }, { authorization: `Bearer ${other.token}` })
    t.same([changed.status, changed.body.createdBy, changed.body.updatedBy], [200, one.user,
      other.user], JSON.stringify(changed.body))
  })

  t.test('a Role for one model\'s name opens this model and no other, also for making it by PUT', async t => {
    const guarded = { ...world, service: await guardedService(t, world) }
    const [mine, other] = [newName(t, world, 'mine'), newName(t, world, 'other')]
    const rules = (await rulesIn(roles.deployer)).map(rule => ({ ...rule, resourceNames: [mine] }))
    const { token } = await account(t, world, 'narrow', rules)
    const image = `${world.imagePrefix}/sr_hmeq_logreg:1.0`
    const status = async (method: string, path: string, body?: object) =>
      (await ask(guarded, method, path, body, { authorization: `Bearer ${token}` })).status
    t.same([await status('PUT', `/models/${mine}`, { image }),
      await status('PUT', `/models/${other}`, { image })], [201, 403])
    t.same([await status('GET', `/models/${mine}`), await status('GET', `/models/${other}`),
      await status('GET', '/models')], [200, 403, 403])
  })

  t.test('with TOKEN_AUDIENCES only tokens made for one of them are accepted', async t => {
    const guarded = {
      ...world,
      service: await guardedService(t, world, {
        AUTH_MODE: 'kubernetes',
        TOKEN_AUDIENCES: 'scr-modelops'
      })
    }
    const { name, token } = await account(t, world, 'audience', await rulesIn(roles.viewer))
    const status = async (token: string) =>
      (await ask(guarded, 'GET', '/models', undefined, { authorization: `Bearer ${token}` })).status
    t.same([await status(token),
      await status(await tokenFor(world, name, { audiences: ['other'] })),
      await status(await tokenFor(world, name, { audiences: ['scr-modelops'] }))], [401, 401, 200])
  })

  t.test('a TokenReview names the account and its groups; a bad token has an error and no "authenticated"', async t => {
    const { name, user, token } = await account(t, world, 'reviewed')
    const good = await review(world, { token })
    t.same([good.authenticated, good.user.username], [true, user])
    t.same(good.user.groups, ['system:serviceaccounts', `system:serviceaccounts:${NAMESPACE}`,
      'system:authenticated'])
    const cluster = good.audiences ?? []
    for (
      const [it, spec, error] of [
        ['nonsense', { token: 'nonsense' }, /^invalid bearer token$/],
        ['a changed token', { token: `${token.slice(0, -5)}AAAAA` },
          /^\[invalid bearer token, .*cryptographic primitive/],
        ['another audience', { token: await tokenFor(world, name, { audiences: ['vault'] }) },
          /^\[invalid bearer token, token audiences \["vault"\] is invalid for the target audiences/],
        ['asked for another', { token, audiences: ['vault'] },
          new RegExp(
            `token audiences \\["${cluster.join()}"\\] is invalid for the target audiences \\["vault"\\]`
          )]
      ] as const
    ) {
      const { authenticated, error: said } = await review(world, spec)
      t.equal(authenticated, undefined, it)
      t.match(said, error, it)
    }
  })

  t.test('a SubjectAccessReview says what bindings allow and why, and false without a reason', async t => {
    const { name, user } = await account(t, world, 'subject', await rulesIn(roles.scorer))
    const asked = async (attributes: object, groups: readonly string[] = []) => {
      const spec = {
        user,
        groups,
        resourceAttributes: {
          namespace: NAMESPACE,
          group: 'serving.knative.dev',
          resource: 'services',
          ...attributes
        }
      }
      return (await world.kube.call('POST', REVIEWS, {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec
      })).body.status as object
    }
    const given =
      `RBAC: allowed by RoleBinding "${name}-role/${NAMESPACE}" of Role "${name}-role" to ServiceAccount "${name}/${NAMESPACE}"`
    t.same(await asked({ verb: 'get', name: 'any' }), { allowed: true, reason: given })
    t.same(await asked({ verb: 'create', subresource: 'score' }), { allowed: true, reason: given })
    for (
      const attributes of [{ verb: 'delete' }, { verb: 'get', subresource: 'score' }, {
        verb: 'get',
        namespace: 'default'
      }, { verb: 'get', namespace: '' }, { verb: 'get', group: '' }, {}]
    ) {
      t.same(await asked(attributes), { allowed: false }, JSON.stringify(attributes))
    }
    t.same(await asked({ verb: 'delete' }, ['system:masters']), { allowed: true })
  })
}

/** `GET /models/{name}` and the like. */
async function callsDescribed (): Promise<string[]> {
  const { paths } = parse(await readFile('openapi.yaml', 'utf8')) as {
    paths: Record<string, Record<string, object>>
  }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`)
  )
}

async function statusOf (
  { service }: World,
  call: string,
  given: Omit<Call, 'answers'>,
  name: string,
  token: string | undefined
): Promise<string> {
  const [method = '', template = ''] = call.split(' ')
  const path = given.path ?? template.replace('{name}', name).replace('{revision}', `${name}-00001`)
  const { body, type = 'application/json' } = given
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': type })
  }
  const response = await fetch(service + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) })
  })
  await response.text()
  return String(response.status)
}
