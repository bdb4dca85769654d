import type { ServerResponse } from 'node:http'
import type { Clock } from '../../time/clock.js'
import type { KubeObject } from '../objects.js'
import { apiVersionOf, type Resource } from '../resource.js'
import { expired, failure } from '../status-errors.js'
import type { Change, Store } from '../store/store.js'
import { parseSelectors } from './list.js'
import type { Matches } from './selectors.js'

/**
 * A watch without `timeoutSeconds` ends by itself after this long. A real server takes 30 to 60
 * minutes.
 */
const LONGEST_MS = 1_800_000

/** Writes an object in another form, such as a table. `first`: it is the watch's first object. */
export type Print = (object: KubeObject, first: boolean) => object

/** The open watches of the API server. They can fail in the ways in which real ones do. */
export class Watches {
  readonly #open = new Set<Watch>()
  #silent = false

  constructor (
    readonly store: Store,
    readonly clock: Clock,
    readonly bookmarkMs: number
  ) {
    store.subscribe(change => {
      for (const watch of this.#open) watch.handleChange(change)
    })
  }

  /**
   * Begins a watch that is written to `response`. Bad selectors and versions throw before anything
   * is sent.
   */
  open (
    resource: Resource,
    namespace: string | undefined,
    query: URLSearchParams,
    print: Print | undefined,
    response: ServerResponse
  ): void {
    const matches = parseSelectors(resource, query)
    const text = query.get('resourceVersion') ?? ''
    if (!/^\d*$/.test(text)) {
      throw failure({
        code: 500,
        message: `resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`
      })
    }
    response
      .writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' })
      .flushHeaders()
    const watch = new Watch(resource, namespace, matches, response, Number(text), print)
    const initial =
      Number(text) === 0
        ? this.store
          .list(resource, namespace)
          .filter(matches)
          .map(object => ({ type: 'ADDED', object }))
        : undefined
    const missed = initial === undefined ? this.store.changesSince(resource, Number(text)) : []
    if (missed === undefined) {
      return watch.fail(`too old resource version: ${text} (${this.store.compacted})`)
    }
    for (const { type, object } of initial ?? []) watch.sendObject(type, object)
    for (const change of missed) watch.handleChange(change)
    if (initial !== undefined) watch.floor = this.store.version
    watch.silence(this.#silent)
    this.#keep(watch, query)
  }

  #keep (watch: Watch, query: URLSearchParams): void {
    const endMs = Number(query.get('timeoutSeconds') ?? 0) * 1000 || LONGEST_MS
    this.#open.add(watch)
    const cancels = [this.clock.runAfter(endMs, () => watch.response.end())]
    if (query.get('allowWatchBookmarks') === 'true') {
      const mark = () => watch.sendBookmark(this.store.version)
      cancels.push(
        this.clock.runEvery(this.bookmarkMs, mark),
        this.clock.runAfter(Math.max(endMs - 2_000, 0), mark)
      ) // one bookmark comes about 2 s before the end
    }
    watch.response.once('close', () => {
      this.#open.delete(watch)
      for (const cancel of cancels) cancel()
    })
  }

  /**
   * Ends all watches as a compaction does, with an ERROR event of 410. Every version up to now is
   * gone.
   */
  expire (): void {
    this.store.compact()
    for (const watch of this.#open) {
      watch.fail(`too old resource version: ${watch.floor} (${this.store.version})`)
    }
  }

  /** While on, nothing is sent. Events that happened meanwhile are sent afterwards. */
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
  #first = true

  constructor (
    readonly resource: Resource,
    readonly namespace: string | undefined,
    readonly matches: Matches,
    readonly response: ServerResponse,
    public floor: number,
    readonly print: Print | undefined
  ) {}

  /** Sends a change. An object that enters or leaves the selection comes as ADDED or DELETED. */
  handleChange ({ version, type, resource, object, previous }: Change): void {
    if (resource !== this.resource || version <= this.floor) return
    if (this.namespace !== undefined && object.metadata.namespace !== this.namespace) return
    this.floor = version
    const was = previous !== undefined && this.matches(previous)
    const is = type !== 'DELETED' && this.matches(object)
    if (was && is) this.sendObject('MODIFIED', object)
    else if (is) this.sendObject('ADDED', object)
    else if (was) this.sendObject('DELETED', object)
  }

  sendBookmark (version: number): void {
    const { kind } = this.resource
    const metadata = { resourceVersion: String(version) }
    this.send({
      type: 'BOOKMARK',
      object: { kind, apiVersion: apiVersionOf(this.resource), metadata }
    })
  }

  /** Sends an event about one object. */
  sendObject (type: string, object: KubeObject): void {
    this.send({ type, object: this.print?.(object, this.#first) ?? object })
    this.#first = false
  }

  send (event: { type: string; object: object | KubeObject }): void {
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
