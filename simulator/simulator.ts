import { once } from 'node:events'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { KNATIVE_GROUP, ksvcOfPod } from './knative/api/group.js'
import { Registry } from './knative/cluster/registry.js'
import { Knative } from './knative/controllers/knative.js'
import { createGateway } from './knative/ingress/gateway.js'
import { RouteTable } from './knative/ingress/route-table.js'
import { Accounts, ADMIN_TOKEN } from './kube/access/accounts.js'
import type { Refusal } from './kube/access/refusal.js'
import { Catalog } from './kube/catalog.js'
import { Watches } from './kube/reading/watch.js'
import { createApiServer } from './kube/server/api-server.js'
import { CORE_GROUPS } from './kube/server/core-groups.js'
import { collectGarbage } from './kube/store/garbage.js'
import { Store } from './kube/store/store.js'
import { Clock } from './time/clock.js'
import { DEFAULT_TIMING, type Timing } from './time/timing.js'

export type { Refusal } from './kube/access/refusal.js'
export type { Timing } from './time/timing.js'

export interface SimulatorOptions {
  /** the namespace of models, default `sas-model-inference`; `default` exists as well */
  readonly namespace?: string
  /** 0, the default: any free port */
  readonly apiPort?: number
  readonly gatewayPort?: number
  /** outer names are `NAME.NAMESPACE.DOMAIN`; default `scr.test` */
  readonly domain?: string
  readonly timing?: Partial<Timing>
  /** further images: the listener of a container by the exact reference of its image */
  readonly programs?: Readonly<Record<string, RequestListener>>
}

/** A running simulator. To clients it looks like a Kubernetes cluster with Knative. */
export interface Simulator {
  readonly apiUrl: string
  readonly gatewayUrl: string
  /** Returns the kubeconfig as JSON, which is valid YAML too. */
  kubeconfig(): string
  close(): Promise<void>
  /** Ends all watches with an ERROR event of 410. Every resourceVersion up to now is gone. */
  expireWatches(): void
  /** While on, watches stay open and send nothing. Missed events are sent afterwards. */
  silenceWatches(on: boolean): void
  /** Breaks the connections of all watches. */
  cutWatches(): void
  /**
   * While on, the API server takes connections but does not answer, as when its process is stopped.
   * Afterwards it answers the requests that waited.
   */
  hangApi(on: boolean): void
  /**
   * Ends the API server. Connections break and are refused until `startApi`. Stored objects stay.
   */
  stopApi(): Promise<void>
  startApi(): Promise<void>
  /** Refuses requests that match the rule from now on. Without a rule all are allowed again. */
  refuse(rule?: Refusal): void
  /** Publishes the reference `image` again, with the content that the reference `as` has now. */
  publish(image: string, as: string): void
  /**
   * Makes a token of a service account that expires in `seconds`. If the number is negative, the
   * token has already expired.
   */
  tokenOf(account: string, seconds: number): string
  /** All requests to the Kubernetes API so far, the oldest first. */
  readonly requests: ReadonlyArray<{ readonly method: string; readonly path: string }>
  /** Returns how many followed logs are open. */
  followedLogs(): number
}

/** Starts API server and gateway on 127.0.0.1. All state is in memory and ends with `close`. */
export async function startSimulator (options: SimulatorOptions = {}): Promise<Simulator> {
  const {
    namespace = 'sas-model-inference',
    apiPort = 0,
    gatewayPort = 0,
    domain = 'scr.test',
    programs = {}
  } = options
  const timing = { ...DEFAULT_TIMING, ...options.timing }
  const clock = new Clock()
  const store = new Store()
  const routes = new RouteTable(domain)
  const registry = new Registry(programs, timing.slowStartMs)
  const knative = new Knative({ store, clock, timing, domain, registry }, routes)
  collectGarbage(store, ksvcOfPod)
  const watches = new Watches(store, clock, timing.bookmarkMs)
  const accounts = new Accounts(store)
  const requests: Array<{ method: string; path: string }> = []
  let rule: Refusal | undefined
  let hang: { readonly over: Promise<void>; end(): void } | undefined
  const api = createApiServer({
    store,
    catalog: new Catalog([KNATIVE_GROUP, ...CORE_GROUPS]),
    watches,
    logs: knative,
    accounts,
    endPod: (pod, graceSeconds) => knative.endPod(pod, graceSeconds),
    namespaces: new Set([namespace, 'default']),
    currentRule: () => rule,
    note: request => {
      requests.push(request)
    },
    waitWhileHeld: () => hang?.over
  })
  const ingress = createGateway(
    (namespace, revision) => knative.run(namespace, revision)?.backend,
    routes
  )
  const [apiUrl, gatewayUrl] = await Promise.all([
    listen(api, apiPort),
    listen(ingress, gatewayPort)
  ])
  return {
    apiUrl,
    gatewayUrl,
    requests,
    followedLogs: () => knative.followedLogs,
    kubeconfig: () => kubeconfig(apiUrl, namespace),
    expireWatches: () => watches.expire(),
    silenceWatches: on => watches.silence(on),
    cutWatches: () => watches.cut(),
    tokenOf: (account, seconds) => accounts.issueToken(namespace, account, seconds),
    hangApi (on) {
      watches.silence(on)
      hang?.end()
      hang = on ? createHang() : undefined
    },
    stopApi: async () => await end(api),
    async startApi () {
      await listen(api, Number(new URL(apiUrl).port))
    },
    refuse: given => {
      rule = given
    },
    publish: (image, as) => {
      registry.publish(image, as)
    },
    async close () {
      clock.stop()
      hang?.end()
      await Promise.all([end(api), end(ingress)])
    }
  }
}

async function listen (server: Server, port: number): Promise<string> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function createHang () {
  let closeServer = () => {}
  const over = new Promise<void>(resolve => {
    closeServer = resolve
  })
  return { over, end: closeServer }
}

async function end (server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}

function kubeconfig (server: string, namespace: string): string {
  // The official JavaScript client takes a plain HTTP server only from a kubeconfig that waives
  // TLS.
  const cluster = { server, 'insecure-skip-tls-verify': true }
  return JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'simulator', cluster }],
      users: [{ name: 'admin', user: { token: ADMIN_TOKEN } }],
      contexts: [
        { name: 'simulator', context: { cluster: 'simulator', user: 'admin', namespace } }
      ],
      'current-context': 'simulator'
    },
    null,
    2
  )
}
