import { setMaxListeners } from 'node:events'

const END = Symbol('end')

/**
 * Applies `work` to the items of `source` and yields the results in the items' order. Pull, never push: an item is read when
 * there is room for its result in the window of `size` (results that wait for an earlier one included), so memory is bounded.
 * How many run at once is for `work` to limit. The first failure ends it, and the signal given to the other calls fires.
 * The source must itself end when `signal` fires: a pending read can't be interrupted from here.
 */
export async function * orderedMap<In, Out> (
  source: AsyncIterable<In>, size: number, work: (item: In, signal: AbortSignal) => Promise<Out>, signal: AbortSignal
): AsyncGenerator<Out, void, undefined> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  setMaxListeners(0, either) // every item in work listens
  const items = source[Symbol.asyncIterator]()
  const step = async (): Promise<Out | typeof END> => {
    const next = await items.next()
    either.throwIfAborted()
    return next.done === true ? END : await work(next.value, either)
  }
  const window: Array<Promise<Out | typeof END>> = []
  try {
    while (true) {
      while (window.length < size) {
        const result = step()
        result.catch(() => {}) // its turn comes in order; until then it is not unhandled
        window.push(result)
      }
      const result = await window.shift()!
      if (result === END) return
      yield result
    }
  } finally {
    stop.abort(new Error('the results are no longer wanted'))
    items.return?.().catch(() => {}) // not awaited: a stalled upload may never answer
  }
}
