import { isUtf8 } from 'node:buffer'
import type http from 'node:http'
import { describeApi } from './api-document.js'
import { withFault } from './faults.js'
import type { DemoImage } from './images.js'
import { createMetrics } from './metrics.js'
import { formatAnswer, readCall, Refusal } from './protocol.js'

/** A larger body is answered with 413. */
export const MAX_BODY_BYTES = 1_048_576

type Route = Readonly<Partial<Record<string, http.RequestListener>>>

/**
 * Makes the HTTP listener of one container, which answers as SCR does. `env` is the container's
 * environment.
 */
export function scrListener (
  image: DemoImage,
  env: Readonly<Record<string, string | undefined>>
): http.RequestListener {
  const app = env['SAS_SCR_APP_PATH'] || image.name // an empty variable counts as unset
  const { model } = image
  const metrics = createMetrics(image.name)
  const score = createScoring(image, metrics.observe)
  const paths = [`/${app}`, `/${app}/${model.step}`]
  const routes = new Map<string, Route>([
    ...paths.map((path): [string, Route] => [path, { POST: score }]),
    [
      `/${app}/apiMeta/api`,
      { GET: sendAlways(JSON.stringify(describeApi(app, image.name, model))) }
    ],
    ['/__env', { GET: sendAlways(JSON.stringify({ endpoints: paths })) }],
    [
      '/prometheus',
      {
        GET: (_req, res) =>
          send(res, 200, metrics.toText(), 'text/plain; version=0.0.4; charset=utf-8')
      }
    ]
  ])
  return withFault(image.fault, (req, res) => {
    const route = routes.get(pathOf(req))
    const answer = route?.[req.method ?? '']
    if (answer !== undefined) answer(req, res)
    else if (route === undefined) sendSpringError(req, res, 404, 'Not Found')
    else sendSpringError(req, res.setHeader('allow', Object.keys(route)), 405, 'Method Not Allowed')
  })
}

function createScoring (
  { name, model }: DemoImage,
  observe: (seconds: number) => void
): http.RequestListener {
  return (req, res) =>
    withBody(req, body => {
      const started = performance.now()
      if (body === undefined) {
        return send(
          res,
          413,
          `The request body is larger than ${MAX_BODY_BYTES} bytes.\n`,
          'text/plain'
        )
      }
      const parsed = parseJson(body)
      if (parsed === undefined) return sendSpringError(req, res, 400, 'Bad Request')
      try {
        const call = readCall(parsed, model)
        const outputs = model.score(call.row)
        const elapsedMs = performance.now() - started
        observe(elapsedMs / 1000)
        send(res, 200, formatAnswer(call, outputs, name, model, Math.round(elapsedMs * 1e6)))
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        sendRefusal(res, error)
      }
    })
}

/**
 * Calls `use` with the whole body, or with undefined if it is over the limit. A body that is too
 * long is read to its end, so that the client can finish sending.
 */
function withBody (req: http.IncomingMessage, use: (body: Buffer | undefined) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
  })
  req.on('end', () => use(bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks)))
}

/** Returns undefined for bytes that are not JSON in UTF-8. */
function parseJson (body: Buffer): unknown {
  if (!isUtf8(body)) return undefined
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

function pathOf ({ url = '/' }: http.IncomingMessage): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}

function sendAlways (json: string): http.RequestListener {
  return (_req, res) => send(res, 200, json)
}

/** Sends Spring Boot's error body, for a request that does not reach the model. */
function sendSpringError (
  req: http.IncomingMessage,
  res: http.ServerResponse,
  status: number,
  error: string
): void {
  const timestamp = new Date().toISOString().replace('Z', '+00:00')
  send(res, status, JSON.stringify({ timestamp, status, error, path: pathOf(req) }))
}

/** Sends Viya's error body, for a row that the model refuses. */
function sendRefusal (res: http.ServerResponse, { message, details }: Refusal): void {
  send(res, 400, JSON.stringify({ errorCode: 30010, message, details, httpStatusCode: 400 }))
}

function send (
  res: http.ServerResponse,
  status: number,
  text: string,
  type = 'application/json'
): void {
  res
    .writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) })
    .end(text)
}
