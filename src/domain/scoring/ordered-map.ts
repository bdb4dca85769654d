import { deferred } from '../deferred.js'

/** An item's place in the order of results. */
interface Place<Out> {
  readonly weight: number
  state: 'begun' | 'done' | 'failed'
  result?: Out
  failure?: unknown
}

export interface Window<In> {
  /** Items that may be under way now, those included whose result waits for an earlier one. */
  readonly size: () => number
  /** … and what they may weigh together; one item may be heavier. */
  readonly maxWeight: number
  readonly weightOf: (item: In) => number
}

/**
 * Applies `work` to the items of `source` and yields the results in the items' order, as many at a time as are there. Pull, never
 * push: an item is worked on when there is room for its result in the window, so memory is bounded. How many run at once is for
 * `work` to limit. The first failure in the order ends it, and the signal given to the other calls fires.
 * The source must itself end when `signal` fires: a pending read can't be interrupted from here.
 */
export async function * orderedMap<In, Out> (
  source: AsyncIterable<readonly In[]>, window: Window<In>, work: (item: In, signal: AbortSignal) => Promise<Out>, signal: AbortSignal
): AsyncGenerator<readonly Out[], void, undefined> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const batches = source[Symbol.asyncIterator]()
  const places: Array<Place<Out>> = []
  let weight = 0
  let items: readonly In[] = []
  let next = 0
  let isReading = false
  let hasEnded = false
  let changed = deferred()

  const settled = (place: Place<Out>) => {
    if (place === places[0]) changed.resolve()
    fill()
  }
  const begin = (item: In) => {
    const place: Place<Out> = { weight: window.weightOf(item), state: 'begun' }
    places.push(place)
    weight += place.weight
    work(item, either).then(result => {
      place.result = result
      place.state = 'done'
      settled(place)
    }, failure => {
      place.failure = failure
      place.state = 'failed'
      settled(place)
    })
  }
  const read = () => {
    isReading = true
    batches.next().then(({ done, value }) => {
      if (done === true) hasEnded = true
      else [items, next] = [value, 0]
    }, failure => {
      hasEnded = true
      places.push({ weight: 0, state: 'failed', failure }) // its turn comes after the results before it
    }).finally(() => {
      isReading = false
      changed.resolve()
      fill()
    })
  }
  const fill = () => {
    while (!either.aborted && places.length < window.size() && (weight < window.maxWeight || places.length === 0)) {
      if (next < items.length) begin(items[next++]!)
      else break
    }
    if (next === items.length && !hasEnded && !isReading && !either.aborted) read()
  }

  try {
    while (true) {
      signal.throwIfAborted()
      fill()
      const results: Out[] = []
      while (places[0]?.state === 'done') {
        const { result, weight: freed } = places.shift()!
        weight -= freed
        results.push(result as Out)
      }
      if (results.length > 0) yield results
      if (places[0]?.state === 'failed') throw places[0].failure
      if (results.length > 0) continue // more may be there by now
      if (places.length === 0 && hasEnded && next === items.length) return
      changed = deferred()
      await changed.promise
    }
  } finally {
    stop.abort(new Error('the results are no longer wanted'))
    batches.return?.().catch(() => {}) // not awaited: a stalled upload may never answer
  }
}
