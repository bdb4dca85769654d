import http from 'node:http'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { startSimulator, type Simulator, type SimulatorOptions } from '../../simulator/simulator.js'

export const NAMESPACE = 'sas-model-inference'
export const KSVCS = `/apis/serving.knative.dev/v1/namespaces/${NAMESPACE}/services`
export const REVISIONS = `/apis/serving.knative.dev/v1/namespaces/${NAMESPACE}/revisions`
export const CORE = `/api/v1/namespaces/${NAMESPACE}`
export const V1 = 'dev.local/v1:1'
export const V2 = 'dev.local/v2:1'

/** Programs that say who they are, after having read the request. */
const says = (text: string): http.RequestListener => (request, response) => {
  request.resume().on('end', () => response.end(text))
}

export interface Cond {
  type: string
  status: string
  reason?: string
  message?: string
}

/** The fields of objects that tests look at. */
export interface Obj {
  metadata: {
    name: string
    uid: string
    resourceVersion: string
    generation: number
    annotations?: Record<string, string>
    deletionTimestamp?: string
  }
  spec: {
    template: {
      metadata: { annotations?: Record<string, string> }
      spec: { containers: object[], [key: string]: unknown }
    }
    traffic: object[]
  }
  status: {
    conditions?: Cond[]
    observedGeneration?: number
    traffic?: object[]
    url?: string
    latestReadyRevisionName?: string
    actualReplicas?: number
    desiredReplicas?: number
    phase?: string
    containerStatuses?: Array<
      { name: string, state: Record<string, { reason?: string, message?: string }> }
    >
  }
  reason?: string
  message?: string
  type?: string
  code?: number
  items?: Obj[]
  kind?: string
  details?: Record<string, unknown>
}

export interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  text: string
  body: Obj
}

export class Cluster {
  constructor (readonly simulator: Simulator) {}

  async api (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {}
  ): Promise<Answer> {
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return await call(`${this.simulator.apiUrl}${path}`, method, { ...type, ...headers }, text)
  }

  /** A request through the gateway; `host` without a dot is a model's name. */
  async score (host: string, body = '{}', path = '/'): Promise<Answer> {
    const full = host.includes('.') ? host : `${host}.${NAMESPACE}.scr.test`
    return await call(`${this.simulator.gatewayUrl}${path}`, 'POST', { host: full }, body)
  }

  async create (name: string, change: Change = {}) {
    return await this.api('POST', KSVCS, ksvc(name, change))
  }

  async ksvc (name: string): Promise<Obj> {
    return (await this.api('GET', `${KSVCS}/${name}`)).body
  }

  /** Reads, changes and puts back, as clients should. */
  async change (name: string, edit: (ksvc: Obj) => void): Promise<Answer> {
    const read = await this.ksvc(name)
    edit(read)
    return await this.api('PUT', `${KSVCS}/${name}`, read)
  }

  async ready (name: string): Promise<Obj> {
    return await until(`${name} is Ready`, () => this.ksvc(name),
      ({ status, metadata }) =>
        status?.observedGeneration === metadata?.generation &&
        conditionOf(status?.conditions, 'Ready').startsWith('True'))
  }

  async pods (name: string): Promise<Obj[]> {
    return (await this.api('GET',
      `${CORE}/pods?labelSelector=serving.knative.dev/service%3D${name}`)).body.items ?? []
  }

  async events (name: string): Promise<Obj[]> {
    return (await this.api('GET', `${CORE}/events?fieldSelector=involvedObject.name%3D${name}`))
      .body.items ?? []
  }
}

/** A cluster whose pods start and end fast; ends with the test. */
export async function startCluster (
  t: Test,
  { timing, programs, ...options }: SimulatorOptions = {}
): Promise<Cluster> {
  const simulator = await startSimulator({
    ...options,
    timing: { podStartMs: 150, drainMs: 200, ...timing },
    programs: { [V1]: says('v1'), [V2]: says('v2'), ...programs }
  })
  t.teardown(() => simulator.close())
  return new Cluster(simulator)
}

/**
 * What distinguishes a ksvc: of its template the annotations, more of its spec, more of its
 * container.
 */
export interface Change {
  image?: string
  annotations?: Record<string, string>
  spec?: object
  container?: object
  traffic?: object[]
}

export function ksvc (
  name: string,
  { image = V1, annotations = {}, spec = {}, container = {}, traffic }: Change = {}
) {
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      template: {
        metadata: { annotations },
        spec: { containers: [{ image, ...container }], ...spec }
      },
      ...(traffic && { traffic })
    }
  }
}

/** `True`, `False Reason`, `Unknown Reason`: short enough to compare whole sequences. */
export function conditionOf (conditions: Cond[] | undefined, type: string): string {
  const { status = '-', reason } = conditions?.find(each => each.type === type) ?? {}
  return reason === undefined ? status : `${status} ${reason}`
}

/** Polls until `enough`; after 15 s it fails with the last state seen. */
export async function until<T> (
  what: string,
  read: () => Promise<T>,
  enough: (value: T) => boolean
): Promise<T> {
  const deadline = Date.now() + 15_000
  while (true) {
    const value = await read()
    if (enough(value)) return value
    if (Date.now() > deadline) { throw new Error(`never: ${what}; last seen: ${JSON.stringify(value)}`) }
    await sleep(10)
  }
}

export async function call (
  url: string,
  method: string,
  headers: http.OutgoingHttpHeaders,
  body?: string
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const request = http.request(url, { method, headers: { ...headers, ...length } }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', chunk => {
        text += chunk
      }).on('error', reject).on('end', () => {
        const json = response.headers['content-type'] === 'application/json'
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          body: (json ? JSON.parse(text) : {}) as Obj
        })
      })
    })
    request.on('error', reject).end(body)
  })
}

export interface WatchEvent {
  type: string
  object: Obj
}

export interface OpenWatch {
  events: WatchEvent[]
  ended: Promise<'end' | 'broken'>
  status: number
}

/** A watch that keeps what comes; it ends with the test. `ended` says how its connection went. */
export async function watch (t: Test, cluster: Cluster, path: string): Promise<OpenWatch> {
  const events: WatchEvent[] = []
  return await new Promise((resolve, reject) => {
    const request = http.get(`${cluster.simulator.apiUrl}${path}`, response => {
      createInterface({ input: response }).on('line',
        line => events.push(JSON.parse(line) as WatchEvent)).on('error', () => {})
      const ended = new Promise<'end' | 'broken'>(resolve => {
        response.on('end', () => resolve('end')).on('error', () => resolve('broken'))
      })
      resolve({ events, ended, status: response.statusCode ?? 0 })
    }).on('error', reject)
    t.teardown(() => request.destroy())
  })
}
