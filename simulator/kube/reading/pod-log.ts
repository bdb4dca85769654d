import type { ServerResponse } from 'node:http'
import type { Pod } from '../objects.js'
import { badRequest, invalid } from '../status-errors.js'

/** Receives the lines that a container prints from now on. */
export interface Follower {
  readonly onLine: (text: string) => void
  readonly onEnd: () => void
}

/** Reads the logs of a pod's running containers and of those before them. Lines end with LF. */
export interface PodLogs {
  /** undefined: the container has never run */
  readCurrent(pod: Pod, container: string): string | undefined
  readPrevious(pod: Pod, container: string): string | undefined
  /** Calls the follower until the returned function is called. */
  follow(pod: Pod, container: string, follower: Follower): () => void
}

/**
 * Answers `GET …/pods/NAME/log` as text, with the options container, tailLines, limitBytes,
 * previous and follow.
 */
export function sendLog (
  logs: PodLogs,
  pod: Pod,
  query: URLSearchParams,
  response: ServerResponse
): void {
  const { name } = pod.metadata
  const containers = pod.spec.containers.map(container => container.name)
  const container = query.get('container')
  if (container === null) {
    throw badRequest(
      `a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]`
    )
  }
  if (!containers.includes(container)) {
    throw badRequest(`container ${container} is not valid for pod ${name}`)
  }
  const tail = parseOption(name, query, 'tailLines', 0)
  const limit = parseOption(name, query, 'limitBytes', 1)
  const text =
    query.get('previous') === 'true'
      ? readPreviousLog(logs, pod, container)
      : readCurrentLog(logs, pod, container)
  const lines = text.split(/(?<=\n)/).filter(line => line !== '')
  const shown = (tail === undefined ? lines : tail === 0 ? [] : lines.slice(-tail)).join('')
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-cache, private' })
  if (query.get('follow') !== 'true') {
    response.end(limit === undefined ? shown : Buffer.from(shown).subarray(0, limit))
    return
  }
  response.flushHeaders()
  response.write(shown)
  response.once(
    'close',
    logs.follow(pod, container, {
      onLine: line => response.write(line),
      onEnd: () => response.end()
    })
  )
}

function readPreviousLog (logs: PodLogs, pod: Pod, container: string): string {
  const text = logs.readPrevious(pod, container)
  if (text === undefined) {
    throw badRequest(
      `previous terminated container "${container}" in pod "${pod.metadata.name}" not found`
    )
  }
  return text
}

function readCurrentLog (logs: PodLogs, pod: Pod, container: string): string {
  const text = logs.readCurrent(pod, container)
  if (text !== undefined) return text
  const waiting =
    pod.status.containerStatuses?.find(status => status.name === container)?.state.waiting
      ?.reason ?? 'ContainerCreating'
  const why = /Image/.test(waiting) ? "image can't be pulled" : waiting
  throw badRequest(
    `container "${container}" in pod "${pod.metadata.name}" is waiting to start: ${why}`
  )
}

function parseOption (
  pod: string,
  query: URLSearchParams,
  name: string,
  least: number
): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`)
  if (Number(text) >= least) return Number(text)
  const message = `Invalid value: ${text}: must be greater than ${least === 0 ? 'or equal to ' : ''}0`
  throw invalid('PodLogOptions', '', pod, [{ reason: 'FieldValueInvalid', message, field: name }])
}
