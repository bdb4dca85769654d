import { once } from 'node:events'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gateway } from './gateway.js'
import { Accounts, ADMIN_TOKEN } from './kube/accounts.js'
import { apiServer } from './kube/api-server.js'
import { collectGarbage } from './kube/deletion.js'
import type { Refusal } from './kube/refusal.js'
import { Store } from './kube/store.js'
import { Watches } from './kube/watch.js'
import { Knative } from './knative/knative.js'
import { Registry } from './knative/registry.js'
import { RouteTable } from './routes.js'
import { Clock, DEFAULT_TIMING, type Timing } from './timing.js'

export type { Refusal } from './kube/refusal.js'
export type { Timing } from './timing.js'

export interface SimulatorOptions {
  /** where models live; default `sas-model-inference`; `default` is there as well */
  readonly namespace?: string
  /** 0, the default: any free port */
  readonly apiPort?: number
  readonly gatewayPort?: number
  /** outer names are `NAME.NAMESPACE.DOMAIN`; default `scr.test` */
  readonly domain?: string
  readonly timing?: Partial<Timing>
  /** further images by exact reference: what a container of each answers */
  readonly programs?: Readonly<Record<string, RequestListener>>
}

/** A Kubernetes cluster with Knative, as far as its clients can tell. */
export interface Simulator {
  readonly apiUrl: string
  readonly gatewayUrl: string
  /** JSON, which is YAML too */
  kubeconfig (): string
  close (): Promise<void>
  /** All watches get an ERROR event of 410 and end; every resourceVersion up to now is gone. */
  expireWatches (): void
  /** While on, watches stay open and nothing comes; what was missed comes afterwards. */
  silenceWatches (on: boolean): void
  /** Breaks the connections of all watches. */
  cutWatches (): void
  /** While on, the API server takes connections and answers nothing, as when its process is stopped; afterwards it answers what waited. */
  hangApi (on: boolean): void
  /** Ends the API server: connections break and are refused until `startApi`. What is stored stays. */
  stopApi (): Promise<void>
  startApi (): Promise<void>
  /** Refuses what fits the rule from now on; without a rule everything is allowed again. */
  refuse (rule?: Refusal): void
  /** A token of a service account that expires in so many seconds; with a negative number it has expired. */
  tokenOf (account: string, seconds: number): string
  /** Requests to the Kubernetes API so far, oldest first. */
  readonly requests: ReadonlyArray<{ readonly method: string, readonly path: string }>
  /** Followed logs that are open. */
  followedLogs (): number
}

/** Starts API server and gateway on 127.0.0.1; all state is in memory and ends with `close`. */
export async function startSimulator (options: SimulatorOptions = {}): Promise<Simulator> {
  const { namespace = 'sas-model-inference', apiPort = 0, gatewayPort = 0, domain = 'scr.test', programs = {} } = options
  const timing = { ...DEFAULT_TIMING, ...options.timing }
  const clock = new Clock()
  const store = new Store()
  const routes = new RouteTable(domain)
  const knative = new Knative({ store, clock, timing, domain, registry: new Registry(programs, timing.slowStartMs) }, routes)
  collectGarbage(store)
  const watches = new Watches(store, clock, timing.bookmarkMs)
  const accounts = new Accounts(store)
  const requests: Array<{ method: string, path: string }> = []
  let rule: Refusal | undefined
  let hang: { readonly over: Promise<void>, end (): void } | undefined
  const api = apiServer({
    store,
    watches,
    logs: knative,
    accounts,
    endPod: (pod, graceSeconds) => knative.endPod(pod, graceSeconds),
    namespaces: new Set([namespace, 'default']),
    refused: () => rule,
    seen: request => { requests.push(request) },
    held: () => hang?.over
  })
  const ingress = gateway(knative, routes)
  const [apiUrl, gatewayUrl] = await Promise.all([listen(api, apiPort), listen(ingress, gatewayPort)])
  return {
    apiUrl,
    gatewayUrl,
    requests,
    followedLogs: () => knative.followedLogs,
    kubeconfig: () => kubeconfig(apiUrl, namespace),
    expireWatches: () => watches.expire(),
    silenceWatches: on => watches.silence(on),
    cutWatches: () => watches.cut(),
    tokenOf: (account, seconds) => accounts.tokenOf(namespace, account, seconds),
    hangApi (on) {
      watches.silence(on)
      hang?.end()
      hang = on ? hanging() : undefined
    },
    stopApi: async () => await end(api),
    async startApi () { await listen(api, Number(new URL(apiUrl).port)) },
    refuse: given => { rule = given },
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

function hanging () {
  let end = () => {}
  const over = new Promise<void>(resolve => { end = resolve })
  return { over, end }
}

async function end (server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}

function kubeconfig (server: string, namespace: string): string {
  // the official JavaScript client takes a plain HTTP server only from a kubeconfig that waives TLS
  const cluster = { server, 'insecure-skip-tls-verify': true }
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'simulator', cluster }],
    users: [{ name: 'admin', user: { token: ADMIN_TOKEN } }],
    contexts: [{ name: 'simulator', context: { cluster: 'simulator', user: 'admin', namespace } }],
    'current-context': 'simulator'
  }, null, 2)
}
