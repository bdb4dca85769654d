import { isDeepStrictEqual } from 'node:util'
import type { TrafficTarget } from '../objects.js'

/** The revisions of one namespace to which requests for one host go, with their shares. */
export interface Destination {
  readonly namespace: string
  readonly shares: ReadonlyArray<{ readonly revision: string; readonly percent: number }>
}

/** The routing that the ingress serves now, by host. Hosts are in lower case and have no port. */
export class RouteTable {
  readonly #hosts = new Map<string, Destination>()
  readonly #programmed = new Map<string, { hosts: string[]; routingOf: unknown }>()

  constructor (readonly domain: string) {}

  /** Whether the ingress already serves this traffic for the route. */
  serves (namespace: string, name: string, traffic: readonly TrafficTarget[]): boolean {
    return isDeepStrictEqual(
      this.#programmed.get(`${namespace}/${name}`)?.routingOf,
      routing(traffic)
    )
  }

  /**
   * Serves a route from now on. Requests to its own host are shared by percent, and those to the
   * host of a tag go to the tag's revision. Both hosts have an outer and an inner name.
   */
  program (namespace: string, name: string, traffic: readonly TrafficTarget[]): void {
    this.remove(namespace, name)
    const hosts: string[] = []
    const add = (label: string, shares: Destination['shares']) => {
      for (const host of [
        `${label}.${namespace}.${this.domain}`,
        `${label}.${namespace}.svc.cluster.local`
      ]) {
        hosts.push(host)
        this.#hosts.set(host, { namespace, shares })
      }
    }
    const shares = traffic.map(({ revisionName: revision = '', percent = 0 }) => ({
      revision,
      percent
    }))
    add(name, shares)
    for (const { tag, revisionName: revision = '' } of traffic) {
      if (tag !== undefined && tag !== '') add(`${tag}-${name}`, [{ revision, percent: 100 }])
    }
    this.#programmed.set(`${namespace}/${name}`, { hosts, routingOf: routing(traffic) })
  }

  remove (namespace: string, name: string): void {
    for (const host of this.#programmed.get(`${namespace}/${name}`)?.hosts ?? []) {
      this.#hosts.delete(host)
    }
    this.#programmed.delete(`${namespace}/${name}`)
  }

  find (host: string): Destination | undefined {
    return this.#hosts.get(host)
  }
}

/** The part of a routing that callers notice. How a target named its revision does not matter. */
const routing = (traffic: readonly TrafficTarget[]) =>
  traffic.map(({ revisionName, percent = 0, tag = '' }) => ({ revisionName, percent, tag }))
