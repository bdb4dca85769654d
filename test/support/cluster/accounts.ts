import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Test } from 'tap'
import { parseAllDocuments } from 'yaml'
import { CORE, NAMESPACE, until, type World } from '../contract.js'

export const RBAC = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}`
const CLUSTER_RBAC = '/apis/rbac.authorization.k8s.io/v1'
const ACCESS_REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
const TOKEN_REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews'

export interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  readonly resourceNames?: readonly string[]
}

/** A service account of the test's own. */
export interface Account {
  readonly name: string
  readonly user: string
  readonly token: string
}

interface Subject {
  readonly kind: string
  readonly name: string
  readonly namespace?: string
}

interface Manifest {
  readonly kind: string
  readonly rules?: readonly Rule[]
  readonly roleRef?: object
}

/** Of the Role in one of deploy's files. */
export async function rulesIn (file: string): Promise<readonly Rule[]> {
  return (await manifest(file, 'Role')).rules ?? []
}

async function manifest (file: string, kind: string): Promise<Manifest> {
  const found = parseAllDocuments(await readFile(file, 'utf8')).map(document =>
    document.toJS() as Manifest
  ).find(one => one.kind === kind)
  if (found === undefined) throw new Error(`${file} has no ${kind}`)
  return found
}

/**
 * An account with a token for an hour, and with the rights of `rules`. It is gone after the test.
 */
export async function account (
  t: Test,
  world: World,
  word: string,
  rules: readonly Rule[] = []
): Promise<Account> {
  const name = `it-${word}-${randomBytes(3).toString('hex')}`
  await made(t, world, `${CORE}/serviceaccounts`, { metadata: { name } })
  if (rules.length > 0) await bind(t, world, name, rules)
  return {
    name,
    user: `system:serviceaccount:${NAMESPACE}:${name}`,
    token: await tokenFor(world, name)
  }
}

export async function tokenFor ({ kube }: World, name: string, spec: object = {}): Promise<string> {
  const { status, text, body } = await kube.call('POST', `${CORE}/serviceaccounts/${name}/token`, {
    spec
  })
  if (status !== 201) throw new Error(`no token for ${name}: ${status} ${text}`)
  return (body as unknown as { status: { token: string } }).status.token
}

/** Rights for a user or a group, by a Role and a RoleBinding of this name. */
export async function bindSubject (
  t: Test,
  world: World,
  name: string,
  rules: readonly Rule[],
  subject: Subject
): Promise<void> {
  await made(t, world, `${RBAC}/roles`, { metadata: { name }, rules })
  const [roleRef, subjects] = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name }, [
    subject
  ]]
  await made(t, world, `${RBAC}/rolebindings`, { metadata: { name }, roleRef, subjects })
}

/**
 * Gives an account further rights, by a Role and a RoleBinding of the account's name and a word.
 */
export async function bind (
  t: Test,
  world: World,
  name: string,
  rules: readonly Rule[],
  word = 'role'
): Promise<void> {
  await bindSubject(t, world, `${name}-${word}`, rules, {
    kind: 'ServiceAccount',
    name,
    namespace: NAMESPACE
  })
  const {
    apiGroups: [group],
    resources: [resource = ''],
    verbs: [verb],
    resourceNames: [model] = []
  } = rules[0]!
  const [plural, subresource] = resource.split('/')
  await inForce(world, name, {
    namespace: NAMESPACE,
    group,
    resource: plural,
    subresource,
    verb,
    name: model
  })
}

/** A cluster's authorizer hears of a new binding a moment after it was made. */
async function inForce (
  { kube }: World,
  account: string,
  resourceAttributes: object
): Promise<void> {
  const spec = { user: `system:serviceaccount:${NAMESPACE}:${account}`, resourceAttributes }
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec }
  await until(`the binding of ${account} is in force`,
    async () => (await kube.call('POST', ACCESS_REVIEWS, review)).body.status,
    status => 'reason' in status, 20)
}

/** A service that has what deploy/ gives it, and no more; its URL. */
export async function guardedService (
  t: Test,
  world: World,
  env: Readonly<Record<string, string>> = { AUTH_MODE: 'kubernetes' }
): Promise<string> {
  const { name, token } = await account(t, world, 'service', await rulesIn('deploy/base/role.yaml'))
  const { roleRef } = await manifest('deploy/rbac/auth-delegator.yaml', 'ClusterRoleBinding')
  const subjects = [{ kind: 'ServiceAccount', name, namespace: NAMESPACE }]
  await made(t, world, `${CLUSTER_RBAC}/clusterrolebindings`, {
    metadata: { name },
    roleRef,
    subjects
  })
  await inForce(world, name, {
    group: 'authentication.k8s.io',
    resource: 'tokenreviews',
    verb: 'create'
  })
  return await world.openService(t, env, world.kube.kubeconfigFor(token))
}

/** A token that the cluster has accepted and does not any more: its account is gone. */
export async function endedToken (t: Test, world: World): Promise<string> {
  const { name, token } = await account(t, world, 'ended')
  await world.kube.call('DELETE', `${CORE}/serviceaccounts/${name}`)
  await until('the token of a deleted account is refused',
    async () => (await review(world, { token })).authenticated ?? false, isAccepted => !isAccepted)
  return token
}

export interface TokenStatus {
  readonly authenticated?: boolean
  readonly user: { readonly username?: string, readonly groups?: readonly string[] }
  readonly error?: string
  readonly audiences?: readonly string[]
}

/** The status of a TokenReview. */
export async function review ({ kube }: World, spec: object): Promise<TokenStatus> {
  const { status, text, body } = await kube.call('POST', TOKEN_REVIEWS, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec
  })
  if (status !== 201) throw new Error(`${status} ${text}`)
  return body.status as unknown as TokenStatus
}

interface Named {
  readonly metadata: { readonly name: string }
  readonly [field: string]: unknown
}

async function made (t: Test, { kube }: World, path: string, object: Named): Promise<void> {
  t.teardown(async () => {
    await kube.call('DELETE', `${path}/${object.metadata.name}`)
  })
  const { status, text } = await kube.call('POST', path, object)
  if (status !== 201) throw new Error(`${path}: ${status} ${text}`)
}
