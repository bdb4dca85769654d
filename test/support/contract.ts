import { randomBytes } from 'node:crypto'
import http from 'node:http'
import https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { KubeConfig } from '@kubernetes/client-node'
import type { Test } from 'tap'

/** Where the models live; TEST_NAMESPACE where the service under test was installed elsewhere. */
export const NAMESPACE = process.env['TEST_NAMESPACE'] ?? 'sas-model-inference'
export const KSVCS = `/apis/serving.knative.dev/v1/namespaces/${NAMESPACE}/services`
export const CORE = `/api/v1/namespaces/${NAMESPACE}`

/**
 * A cluster, simulated or real, and a service that manages it. What the suite believes holds in
 * every world.
 */
export interface World {
  /** The service's URL, without a slash at its end. */
  readonly service: string
  /** The cluster's API without the service between. */
  readonly kube: Kube
  /** What stands before the demo images' names, e.g. `dev.local`. */
  readonly imagePrefix: string
  /**
   * One more service on this cluster, with these settings, and other credentials if a kubeconfig's
   * text is given; its URL. Stops with the test.
   */
  openService(t: Test, env: Readonly<Record<string, string>>, kubeconfig?: string): Promise<string>
  /**
   * sr_hmeq_logreg:1.0 in a registry that asks for a password; undefined: there is none, and its
   * cases are skipped.
   */
  readonly privateImage: PrivateImage | undefined
}

export interface PrivateImage {
  readonly image: string
  readonly user: string
  readonly password: string
  /**
   * Gives this tag of sr_hmeq_logreg the content of another, also if it had one before; the image's
   * reference. Undefined: it takes none.
   */
  readonly publish?: (tag: string, version: '1.0' | '2.0') => Promise<string>
}

/** The fields of a model's answer that the suite looks at. */
export interface ModelAnswer {
  name: string
  image: string
  scaling: { target: number }
  warnings?: string[]
  updatedBy: string
  status: {
    phase: string
    ready: boolean
    url?: string
    replicas: number
    latestReadyRevision?: string
    explanation: { summary: string, remedy: string, owner: string, needsAction: boolean }
  }
  imagePullSecrets: string[]
  generation: number
  createdBy: string
}

/** Of a problem document. */
export interface ProblemAnswer {
  type: string
  status: number
  detail: string
  remedy: string
}

export interface Answer<Body> {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
}

/** One JSON call of the service. */
export async function ask<Body = ModelAnswer> (
  { service }: World,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {}
): Promise<Answer<Body>> {
  const response = await fetch(`${service}${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? undefined : JSON.parse(text)) as Body
  }
}

/** A name nobody else has; its ksvc goes with the test. */
export function newName (t: Test, { kube }: World, word: string): string {
  const name = `it-${word}-${randomBytes(3).toString('hex')}`
  t.teardown(async () => {
    await kube.call('DELETE', `${KSVCS}/${name}`, { propagationPolicy: 'Foreground' })
  })
  return name
}

/** A model that serves. */
export async function deployed (
  t: Test,
  world: World,
  word: string,
  fields: object = {}
): Promise<string> {
  const name = newName(t, world, word)
  const { status, body } = await ask(world, 'POST', '/models?wait=90', {
    name,
    image: `${world.imagePrefix}/sr_hmeq_logreg:1.0`,
    ...fields
  })
  if (status !== 201) throw new Error(`${name} was not deployed: ${status} ${JSON.stringify(body)}`)
  return name
}

/** Polls until `enough`; at the deadline it fails with the last state seen. */
export async function until<T> (
  what: string,
  read: () => Promise<T>,
  enough: (value: T) => boolean,
  seconds = 120
): Promise<T> {
  const deadline = Date.now() + seconds * 1000
  while (true) {
    const value = await read()
    if (enough(value)) return value
    if (Date.now() > deadline) {
      throw new Error(`not within ${seconds} s: ${what}; last seen: ${JSON.stringify(value)}`)
    }
    await sleep(50)
  }
}

export async function modelUntil (
  world: World,
  name: string,
  what: string,
  enough: (model: ModelAnswer) => boolean
): Promise<ModelAnswer> {
  return await until(`${name} ${what}`,
    async () => (await ask(world, 'GET', `/models/${name}`)).body, enough)
}

/** The fields of cluster objects that the suite looks at. */
export interface KubeObject {
  apiVersion?: string
  kind: string
  metadata: {
    name: string
    generation: number
    resourceVersion: string
    annotations?: Record<string, string>
    deletionTimestamp?: string
    continue?: string
  }
  spec: {
    template: { spec: { containers: Array<{ image: string, env?: object[] }> } }
    traffic?: object[]
  }
  status: {
    conditions?: Array<{ type: string, status: string }>
    traffic?: Array<{ revisionName: string, tag?: string }>
    latestReadyRevisionName?: string
    latestCreatedRevisionName?: string
  }
  items: KubeObject[]
  code?: number
  reason?: string
  message?: string
}

export interface KubeAnswer {
  readonly status: number
  readonly text: string
  readonly body: KubeObject
}

/** Kubernetes' API as the wire has it, with a kubeconfig's server and credentials. */
export class Kube {
  readonly #config = new KubeConfig()

  constructor (readonly kubeconfigFile: string) {
    this.#config.loadFromFile(kubeconfigFile)
  }

  async call (
    method: string,
    path: string,
    body?: unknown,
    contentType = 'application/json'
  ): Promise<KubeAnswer> {
    const cluster = this.#config.getCurrentCluster()
    if (cluster === null) throw new Error('the kubeconfig has no current context')
    const text = body === undefined ? '' : JSON.stringify(body)
    // Node sends the body of a DELETE unframed unless its length is said.
    const options: https.RequestOptions = {
      method,
      headers: body === undefined
        ? {}
        : { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }
    }
    await this.#config.applyToHTTPSOptions(options)
    const { request } = cluster.server.startsWith('https:') ? https : http
    return await new Promise((resolve, reject) => {
      request(`${cluster.server}${path}`, options, response => {
        let answer = ''
        response.setEncoding('utf8').on('data', chunk => {
          answer += chunk
        }).on('error', reject).on('end', () => {
          // the events of a watch are lines
          const isOne = answer.startsWith('{') && !answer.includes('}\n{')
          resolve({
            status: response.statusCode ?? 0,
            text: answer,
            body: isOne ? JSON.parse(answer) : {}
          })
        })
      }).on('error', reject).end(text)
    })
  }

  /** The text of a kubeconfig for somebody else. */
  kubeconfigFor (token: string): string {
    const { server, caData, caFile } = this.#config.getCurrentCluster()!
    const cluster = {
      server,
      ...(caData === undefined ? {} : { 'certificate-authority-data': caData }),
      ...(caFile === undefined ? {} : { 'certificate-authority': caFile })
    }
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'cluster', cluster }],
      users: [{ name: 'user', user: { token } }],
      contexts: [{ name: 'context', context: { cluster: 'cluster', user: 'user' } }],
      'current-context': 'context'
    })
  }

  async ksvc (name: string): Promise<KubeObject> {
    return (await this.call('GET', `${KSVCS}/${name}`)).body
  }

  /** Those that are not ending. */
  async pods (name: string): Promise<KubeObject[]> {
    const { body } = await this.call('GET',
      `${CORE}/pods?labelSelector=serving.knative.dev/service%3D${name}`)
    return body.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  }
}

export function conditionOf ({ status }: KubeObject, type: string): string {
  return status?.conditions?.find(condition => condition.type === type)?.status ?? 'none'
}

/** A ksvc as another tool would write it. */
export function plainKsvc (
  name: string,
  image: string,
  { annotations = {}, env = [], template = {}, container = {}, spec = {} }: PlainChange = {}
) {
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name, namespace: NAMESPACE, annotations },
    spec: {
      template: {
        metadata: { annotations: template },
        spec: { containers: [{ image, env, ...container }], ...spec }
      }
    }
  }
}

interface PlainChange {
  readonly annotations?: Record<string, string>
  readonly env?: object[]
  /** Annotations of the template. */
  readonly template?: Record<string, string>
  readonly container?: object
  /** Of the revision. */
  readonly spec?: object
}
