import type { Follower } from '../../../async/follower.js'

export async function * withPrefix (
  prefix: string,
  lines: AsyncIterable<string>
): AsyncGenerator<string> {
  for await (const line of lines) yield prefix + line
}

export async function * concatenate (
  logs: Iterable<AsyncIterable<string>>
): AsyncGenerator<string> {
  for (const lines of logs) yield * lines
}

/**
 * Ends all calls to the cluster when the reader leaves, also those whose lines were never asked
 * for.
 */
export async function * endWhenLeft (
  lines: AsyncIterable<string>,
  stop: Follower
): AsyncGenerator<string> {
  try {
    yield * lines
  } finally {
    stop.abort(new Error('the log is no longer read'))
  }
}
