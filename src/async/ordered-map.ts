import { deferred } from './deferred.js'
import { follower } from './follower.js'

/** An item's place in the order of results. */
interface Place<Out> {
  readonly weight: number
  state: 'begun' | 'done' | 'failed'
  result?: Out
  failure?: unknown
}

export interface Window<In> {
  /** How many items may be under way now. An item counts until its result is yielded. */
  readonly size: () => number
  /** The greatest total weight of items under way; a single item may be heavier. */
  readonly maxWeight: number
  readonly weightOf: (item: In) => number
}

/**
 * Applies `work` to the items of `source` and yields the results in the items' order, in batches
 * of those that are ready. Work on an item begins only when the window has room for its result, so
 * memory is bounded. `work` itself limits how many calls run at once. The first failure in the
 * order ends the iteration and fires the signal given to the other calls. The source must end by
 * itself when `signal` fires: this function can't interrupt a pending read.
 */
export async function * orderedMap<In, Out> (
  source: AsyncIterable<readonly In[]>,
  window: Window<In>,
  work: (item: In, signal: AbortSignal) => Promise<Out>,
  signal: AbortSignal
): AsyncGenerator<readonly Out[], void, undefined> {
  const stop = follower(signal)
  const either = stop.signal
  const batches = source[Symbol.asyncIterator]()
  const places: Array<Place<Out>> = []
  let weight = 0
  let items: readonly In[] = []
  let next = 0
  let isReading = false
  let hasEnded = false
  let changed = deferred()

  const settle = (place: Place<Out>) => {
    if (place === places[0]) changed.resolve()
    fill()
  }
  const begin = (item: In) => {
    const place: Place<Out> = { weight: window.weightOf(item), state: 'begun' }
    places.push(place)
    weight += place.weight
    work(item, either).then(
      result => {
        place.result = result
        place.state = 'done'
        settle(place)
      },
      failure => {
        place.failure = failure
        place.state = 'failed'
        settle(place)
      }
    )
  }
  const read = () => {
    isReading = true
    batches
      .next()
      .then(
        ({ done, value }) => {
          if (done === true) hasEnded = true
          else [items, next] = [value, 0]
        },
        failure => {
          hasEnded = true
          // The failure is thrown only after the results before it.
          places.push({ weight: 0, state: 'failed', failure })
        }
      )
      .finally(() => {
        isReading = false
        changed.resolve()
        fill()
      })
  }
  const fill = () => {
    while (
      !either.aborted &&
      places.length < window.size() &&
      (weight < window.maxWeight || places.length === 0)
    ) {
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
      if (results.length > 0) continue // more results may be ready by now
      if (places.length === 0 && hasEnded && next === items.length) return
      changed = deferred()
      await changed.promise
    }
  } finally {
    stop.abort(new Error('the results are no longer wanted'))
    batches.return?.().catch(() => {}) // not awaited: a stalled upload may never answer
  }
}
