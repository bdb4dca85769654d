import { isDeepStrictEqual } from 'node:util'
import type { TrafficTarget } from './knative/objects.js'

/** Where requests for one host go: revisions of one namespace by share. */
export interface Destination {
  readonly namespace: string
  readonly shares: ReadonlyArray<{ readonly revision: string, readonly percent: number }>
}

/** What the ingress serves now, by host; hosts are lower case and without port. */
export class RouteTable {
  readonly #hosts = new Map<string, Destination>()
  readonly #programmed = new Map<string, { hosts: string[], routing: unknown }>()

  constructor (readonly domain: string) {}

  /** Whether this traffic is what callers of the route get already. */
  serves (namespace: string, name: string, traffic: readonly TrafficTarget[]): boolean {
    return isDeepStrictEqual(this.#programmed.get(`${namespace}/${name}`)?.routing, routing(traffic))
  }

  /** The route's own host goes by percent, each tag's host to its revision; both under the outer and the inner name. */
  program (namespace: string, name: string, traffic: readonly TrafficTarget[]): void {
    this.remove(namespace, name)
    const hosts: string[] = []
    const add = (label: string, shares: Destination['shares']) => {
      for (const host of [`${label}.${namespace}.${this.domain}`, `${label}.${namespace}.svc.cluster.local`]) {
        hosts.push(host)
        this.#hosts.set(host, { namespace, shares })
      }
    }
    const shares = traffic.map(({ revisionName: revision = '', percent = 0 }) => ({ revision, percent }))
    add(name, shares)
    for (const { tag, revisionName: revision = '' } of traffic) {
      if (tag !== undefined && tag !== '') add(`${tag}-${name}`, [{ revision, percent: 100 }])
    }
    this.#programmed.set(`${namespace}/${name}`, { hosts, routing: routing(traffic) })
  }

  remove (namespace: string, name: string): void {
    for (const host of this.#programmed.get(`${namespace}/${name}`)?.hosts ?? []) this.#hosts.delete(host)
    this.#programmed.delete(`${namespace}/${name}`)
  }

  find (host: string): Destination | undefined {
    return this.#hosts.get(host)
  }
}

/** What distinguishes two routings for a caller: not the way a revision was named. */
const routing = (traffic: readonly TrafficTarget[]) =>
  traffic.map(({ revisionName, percent = 0, tag = '' }) => ({ revisionName, percent, tag }))
