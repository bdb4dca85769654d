import type { ServerResponse } from 'node:http'
import type { Pod } from './objects.js'
import { badRequest, invalid } from './status-errors.js'

/** What a container printed: of the running one, and of the one before it. Lines end with LF. */
export interface PodLogs {
  /** undefined: the container has never run */
  current (pod: Pod, container: string): string | undefined
  previous (pod: Pod, container: string): string | undefined
  /** Calls `line` for each new line until cancelled. */
  follow (pod: Pod, container: string, line: (text: string) => void, ended: () => void): () => void
}

/** Answers `GET …/pods/NAME/log` as text: container, tailLines, limitBytes, previous, follow. */
export function sendLog (logs: PodLogs, pod: Pod, query: URLSearchParams, response: ServerResponse): void {
  const { name } = pod.metadata
  const containers = pod.spec.containers.map(container => container.name)
  const container = query.get('container')
  if (container === null) throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]`)
  if (!containers.includes(container)) throw badRequest(`container ${container} is not valid for pod ${name}`)
  const tail = option(name, query, 'tailLines', 0)
  const limit = option(name, query, 'limitBytes', 1)
  const text = query.get('previous') === 'true' ? previousLog(logs, pod, container) : currentLog(logs, pod, container)
  const lines = text.split(/(?<=\n)/).filter(line => line !== '')
  const shown = (tail === undefined ? lines : tail === 0 ? [] : lines.slice(-tail)).join('')
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-cache, private' })
  if (query.get('follow') !== 'true') {
    response.end(limit === undefined ? shown : Buffer.from(shown).subarray(0, limit))
    return
  }
  response.flushHeaders()
  response.write(shown)
  response.once('close', logs.follow(pod, container, line => response.write(line), () => response.end()))
}

function previousLog (logs: PodLogs, pod: Pod, container: string): string {
  const text = logs.previous(pod, container)
  if (text === undefined) throw badRequest(`previous terminated container "${container}" in pod "${pod.metadata.name}" not found`)
  return text
}

function currentLog (logs: PodLogs, pod: Pod, container: string): string {
  const text = logs.current(pod, container)
  if (text !== undefined) return text
  const waiting = pod.status.containerStatuses?.find(status => status.name === container)?.state.waiting?.reason ?? 'ContainerCreating'
  const why = /Image/.test(waiting) ? "image can't be pulled" : waiting
  throw badRequest(`container "${container}" in pod "${pod.metadata.name}" is waiting to start: ${why}`)
}

function option (pod: string, query: URLSearchParams, name: string, least: number): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`)
  if (Number(text) >= least) return Number(text)
  const message = `Invalid value: ${text}: must be greater than ${least === 0 ? 'or equal to ' : ''}0`
  throw invalid('PodLogOptions', '', pod, [{ reason: 'FieldValueInvalid', message, field: name }])
}
