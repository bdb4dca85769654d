import type { Test } from 'tap'
import type { Simulator, SimulatorOptions } from '../../../simulator/simulator.js'
import { Kube, KSVCS } from '../../support/contract.js'
import { openSimulator, openTestService } from '../../support/service.js'

export const IMAGE_1 = 'registry.demo/creditwriteoff:1.0'
export const IMAGE_2 = 'registry.demo/creditwriteoff:2.0'
export const REVISIONS = KSVCS.replace('/services', '/revisions')

export interface Row {
  revision?: string
  latest: boolean
  percent: number
  tag?: string
  url?: string
}

/** The members of any answer that these tests look at. */
export interface Body {
  readonly type: string
  readonly detail: string
  readonly remedy: string
  readonly fields: ReadonlyArray<{ readonly field: string }>
  readonly etag: string
  readonly name: string
  readonly image: string
  readonly imageDigest: string
  readonly ready: boolean | null
  readonly percent: number
  readonly tags: readonly string[]
  readonly replicas: number
  readonly generation: number
  readonly rolloutSeconds: number
  readonly warnings?: readonly string[]
  readonly explanation: { readonly summary: string, readonly needsAction: boolean }
  readonly status: { readonly phase: string, readonly explanation: { readonly summary: string } }
  readonly traffic: readonly Row[]
  readonly desired: readonly Row[]
  readonly history: ReadonlyArray<readonly Row[]>
  readonly items: readonly Body[]
}

export interface Answer {
  readonly status: number
  readonly etag: string
  readonly headers: Headers
  readonly body: Body
}

/** A service on a cluster of its own, and the cluster's API without the service between. */
export interface App {
  readonly url: string
  readonly simulator: Simulator
  readonly kube: Kube
  send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>
  ): Promise<Answer>
}

const TIMING = { podStartMs: 40, slowStartMs: 1_500, backOffMs: 100, drainMs: 200, ingressMs: 10 }

/**
 * With the model `m` at its first revision, unless another image is given for it; none when it is
 * null.
 */
export async function open (
  t: Test,
  { image = IMAGE_1, ...options }: SimulatorOptions & { readonly image?: string | null } = {}
): Promise<App> {
  const { simulator, cluster } = await openSimulator(t, {
    ...options,
    timing: { ...TIMING, ...options.timing }
  })
  const { url } = await openTestService(t, cluster)
  const app: App = {
    url,
    simulator,
    kube: new Kube(cluster.kubeconfig),
    async send (method, path, body, headers = {}) {
      const response = await fetch(url + path, {
        method,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
      const text = await response.text()
      const answer = (text === '' ? {} : JSON.parse(text)) as Body
      return {
        status: response.status,
        etag: response.headers.get('etag') ?? '',
        headers: response.headers,
        body: answer
      }
    }
  }
  if (image !== null) await served(app.send('PUT', '/models/m?wait=20', { image }))
  return app
}

/** The answer of a call that has to succeed. */
export async function served (answer: Promise<Answer>): Promise<Answer> {
  const { status, body } = await answer
  if (status >= 300 || status === 202) throw new Error(`${status} ${JSON.stringify(body)}`)
  return await answer
}

/** A second revision at this share; tag `green`. */
export async function challenged (app: App, percent = 0, more: object = {}): Promise<Answer> {
  return await served(
    app.send('POST', '/models/m/revisions?wait=20', {
      image: IMAGE_2,
      tag: 'green',
      percent,
      ...more
    })
  )
}

/** "m-00001=90:blue m-00002=10", by name; rows of 0 % without a tag say nothing. */
export function textOf (rows: readonly Row[]): string {
  return rows
    .filter(({ percent, tag }) => percent > 0 || tag !== undefined)
    .map(({ revision, latest, percent, tag }) =>
      `${latest && revision === undefined ? 'latest' : revision}=${percent}${
        tag === undefined ? '' : `:${tag}`
      }`
    )
    .sort().join(' ')
}

/** What serves. */
export async function serving (app: App): Promise<string> {
  return textOf((await app.send('GET', '/models/m/traffic')).body.traffic)
}

export async function setTo (app: App, rows: ReadonlyArray<Partial<Row>>): Promise<Answer> {
  return await served(app.send('PUT', '/models/m/traffic?wait=20', rows))
}

/**
 * The MODEL_VERSION that each of `count` rows was scored by, in their order, and the revisions that
 * the headers tell.
 */
export async function versionsOf (
  { url }: App,
  count: number,
  query = ''
): Promise<{ versions: string[], told: string }> {
  const rows = Array.from({ length: count },
    (_, i) => ({ BALANCE: i, MONTHS_LATE: 1, UTILIZATION: 0.5, SEGMENT: 'RETAIL' }))
  const response = await fetch(`${url}/models/m/score?${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(rows)
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${response.status} ${text}`)
  const { rows: scored } = JSON.parse(text) as { rows: Array<{ MODEL_VERSION: string }> }
  return {
    versions: scored.map(({ MODEL_VERSION }) => String(MODEL_VERSION).trim()),
    told: response.headers.get('scoring-revisions') ?? ''
  }
}
