import type { ServerResponse } from 'node:http'
import type { KubeObject } from './objects.js'
import { apiVersionOf, type Resource } from './resources.js'
import { selection } from './list.js'
import type { Matches } from './selectors.js'
import { expired, failure } from './status-errors.js'
import { tableOf } from './table.js'
import type { Change, Store } from './store.js'
import type { Clock } from '../timing.js'

/** A watch without `timeoutSeconds` ends by itself after this long; a real server takes 30 to 60 minutes. */
const LONGEST_MS = 1_800_000

/** The open watches of the API server, and the ways they fail in practice. */
export class Watches {
  readonly #open = new Set<Watch>()
  #silent = false

  constructor (readonly store: Store, readonly clock: Clock, readonly bookmarkMs: number) {
    store.subscribe(change => { for (const watch of this.#open) watch.take(change) })
  }

  /** Begins a watch as the answer `response`. Bad selectors and versions are thrown before anything is sent. */
  open (
    resource: Resource, namespace: string | undefined, query: URLSearchParams, table: { includeObject: string } | undefined, response: ServerResponse
  ): void {
    const matches = selection(resource, query)
    const text = query.get('resourceVersion') ?? ''
    if (!/^\d*$/.test(text)) throw failure({ code: 500, message: `resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax` })
    response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' }).flushHeaders()
    const watch = new Watch(resource, namespace, matches, response, Number(text), table?.includeObject)
    const initial = Number(text) === 0
      ? this.store.list(resource, namespace).filter(matches).map(object => ({ type: 'ADDED', object }))
      : undefined
    const missed = initial === undefined ? this.store.changesSince(resource, Number(text)) : []
    if (missed === undefined) return watch.fail(`too old resource version: ${text} (${this.store.compacted})`)
    for (const { type, object } of initial ?? []) watch.show(type, object)
    for (const change of missed) watch.take(change)
    if (initial !== undefined) watch.floor = this.store.version
    watch.silence(this.#silent)
    this.#keep(watch, query)
  }

  #keep (watch: Watch, query: URLSearchParams): void {
    const endMs = Number(query.get('timeoutSeconds') ?? 0) * 1000 || LONGEST_MS
    this.#open.add(watch)
    const cancels = [this.clock.after(endMs, () => watch.response.end())]
    if (query.get('allowWatchBookmarks') === 'true') {
      const mark = () => watch.bookmark(this.store.version)
      cancels.push(this.clock.every(this.bookmarkMs, mark), this.clock.after(Math.max(endMs - 2_000, 0), mark)) // one about 2 s before the end
    }
    watch.response.once('close', () => {
      this.#open.delete(watch)
      for (const cancel of cancels) cancel()
    })
  }

  /** Ends all watches as a compaction does: an ERROR event of 410; every version up to now is gone. */
  expire (): void {
    this.store.compact()
    for (const watch of this.#open) watch.fail(`too old resource version: ${watch.floor} (${this.store.version})`)
  }

  /** While on, nothing is sent and nothing ends; what happened meanwhile comes afterwards. */
  silence (on: boolean): void {
    this.#silent = on
    for (const watch of this.#open) watch.silence(on)
  }

  /** Breaks the connections of all watches. */
  cut (): void {
    for (const watch of this.#open) watch.response.destroy()
  }
}

class Watch {
  #held: string[] | undefined
  /** a watch of tables names its columns once */
  #columns = true

  constructor (
    readonly resource: Resource, readonly namespace: string | undefined, readonly matches: Matches,
    readonly response: ServerResponse, public floor: number, readonly includeObject: string | undefined
  ) {}

  /** An object that enters or leaves the selection comes as ADDED or DELETED. */
  take ({ version, type, resource, object, previous }: Change): void {
    if (resource !== this.resource || version <= this.floor) return
    if (this.namespace !== undefined && object.metadata.namespace !== this.namespace) return
    this.floor = version
    const was = previous !== undefined && this.matches(previous)
    const is = type !== 'DELETED' && this.matches(object)
    if (was && is) this.show('MODIFIED', object)
    else if (is) this.show('ADDED', object)
    else if (was) this.show('DELETED', object)
  }

  bookmark (version: number): void {
    const { kind } = this.resource
    const metadata = { resourceVersion: String(version) }
    this.send({ type: 'BOOKMARK', object: { kind, apiVersion: apiVersionOf(this.resource), metadata } })
  }

  /** An event of one object, as it is or as a table's row. */
  show (type: string, object: KubeObject): void {
    const { resourceVersion } = object.metadata
    const shown = this.includeObject === undefined ? object : tableOf(this.resource, [object], { resourceVersion }, this.includeObject, this.#columns)
    this.send({ type, object: shown })
    this.#columns = false
  }

  send (event: { type: string, object: object | KubeObject }): void {
    const line = `${JSON.stringify(event)}\n`
    if (this.#held !== undefined) this.#held.push(line)
    else this.response.write(line)
  }

  fail (message: string): void {
    this.send({ type: 'ERROR', object: expired(message).body })
    this.response.end()
  }

  silence (on: boolean): void {
    const held = this.#held ?? []
    this.#held = on ? held : undefined
    if (!on) for (const line of held) this.response.write(line)
  }
}
