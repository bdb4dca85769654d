import type { Connection } from '../api/connection.js'
import { DomainError } from '../../../domain/errors.js'
import { ApiFailure, translateFailure } from '../api/errors.js'
import { pathsIn, withQuery } from '../api/http.js'
import type { Pod } from '../api/kube-objects.js'
import { containerNameOf } from './pod-reading.js'

/** Logs that this replica reads at the same time, for all its callers; each takes a connection. */
const OPEN_MAX = 96
/** A longer line comes in pieces of this size. */
const LINE_MAX = 64 * 1024

export interface LogOptions {
  readonly follow: boolean
  readonly tail?: number
  readonly previous: boolean
}

/** Opens logs of single pods. */
export interface PodLogs {
  /**
   * Lines with their ends; undefined while the container has printed nothing that could be read: it
   * waits, or the pod is gone.
   */
  open(
    pod: Pod,
    options: LogOptions,
    signal: AbortSignal
  ): Promise<AsyncIterable<string> | undefined>
}

export function createPodLogs (connection: Connection, namespace: string): PodLogs {
  let open = 0

  return {
    async open (pod, { follow, tail, previous }, signal) {
      if (open >= OPEN_MAX) {
        throw new DomainError(
          'cluster-busy',
          `this replica reads ${OPEN_MAX} logs already, which is as many as it may`,
          {
            retryAfterSeconds: 5,
            remedy: 'try again in a few seconds, or read the log without follow'
          }
        )
      }
      const { name } = pod.metadata
      const path = `${pathsIn(namespace).pods}/${name}/log`
      const container = containerNameOf(pod)
      const query = { container, follow, previous, tailLines: tail }
      try {
        const body = await connection.stream(withQuery(path, query), signal)
        open++
        body.once('close', () => {
          open--
        })
        return readLines(body)
      } catch (error) {
        // 400: the container waits to start, or none ended before it
        if (error instanceof ApiFailure && (error.status === 400 || error.status === 404)) {
          return undefined
        }
        throw translateFailure(error, { verb: 'get', resource: 'pods/log', namespace, name })
      }
    }
  }
}

async function * readLines (body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) yield `${part}\n`
    while (rest.length >= LINE_MAX) {
      yield `${rest.slice(0, LINE_MAX)}\n`
      rest = rest.slice(LINE_MAX)
    }
  }
  if (rest !== '') yield `${rest}\n`
}
