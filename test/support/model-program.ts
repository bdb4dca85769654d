import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Test } from 'tap'
import type { Simulator, Timing } from '../../simulator/simulator.js'
import { deferred } from '../../src/async/deferred.js'
import { openSimulator, openTestService, type Cluster, type TestService } from './service.js'

export type Row = Readonly<Record<string, unknown>>
type Types = Readonly<Record<string, 'number' | 'string'>>

/** One row that the service asked the program to score. */
export interface Asked {
  /** Name and value as they came, whichever the body's form. */
  readonly row: Row
  /** The body as it came. */
  readonly text: string
  /** How many rows came before it. */
  readonly index: number
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

export interface ProgramOptions {
  /** Declared in the program's description; without them it has none. */
  readonly inputs?: Types
  readonly outputs?: Types
  /** The outputs of a row; undefined when it answered, or never will, by itself. */
  readonly score: (asked: Asked) => Row | undefined | Promise<Row | undefined>
}

/** A model of the test's own making, that remembers what it was asked. */
export interface Program {
  readonly listener: RequestListener
  readonly asked: Asked[]
  /** Resolves with the first row asked for. */
  readonly called: Promise<Asked>
  readonly running: () => number
  readonly mostRunning: () => number
  /** Connections that rows came over. */
  readonly sockets: ReadonlySet<Socket>
}

/**
 * An SCR model that answers as `score` says: it takes `{"data":{…}}`, and describes itself in the
 * form of OpenAPI 3.
 */
export function program ({ inputs, outputs, score }: ProgramOptions): Program {
  const asked: Asked[] = []
  const sockets = new Set<Socket>()
  const { promise: called, resolve: seen } = deferred<Asked>()
  let running = 0
  let mostRunning = 0
  const hosts = new Map<string, 'met' | 'probed'>()
  // After its first row each revision is asked about a row of missing values, to see that its
  // answers depend on rows.
  const isProbe = (row: Row, host: string): boolean => {
    const isBlank = Object.values(row).every(value => value === null)
    const state = hosts.get(host)
    hosts.set(host, isBlank || state === 'probed' ? 'probed' : 'met')
    return isBlank && state === 'met'
  }
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    running++
    mostRunning = Math.max(mostRunning, running)
    response.once('close', () => {
      running--
    })
    sockets.add(request.socket)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const { data: row } = JSON.parse(text) as { data?: Row }
    if (row === undefined) {
      return answer(response, 400, { errorCode: 1, message: 'data is missing' })
    }
    if (isProbe(row, request.headers.host ?? '')) {
      return answer(response, 200, { version: 1, data: missing(outputs ?? {}) })
    }
    const one = { row, text, index: asked.length, request, response }
    asked.push(one)
    seen(one)
    const scored = await score(one)
    if (scored !== undefined) answer(response, 200, { version: 1, data: scored })
  }
  return {
    asked,
    called,
    sockets,
    running: () => running,
    mostRunning: () => mostRunning,
    listener (request, response) {
      if (request.method === 'POST') take(request, response).catch(() => response.destroy())
      else if (inputs === undefined || request.url?.endsWith('/apiMeta/api') !== true) {
        answer(response, 404, { status: 404, error: 'Not Found', path: request.url })
      } else answer(response, 200, description(inputs, outputs ?? {}))
    }
  }
}

/**
 * A program that gives back each of its inputs NAME as the output OUT_NAME, and remembers what
 * came.
 */
export function echo (inputs: Types): Program {
  const outputs = Object.fromEntries(
    Object.entries(inputs).map(([name, type]) => [`OUT_${name}`, type])
  )
  return program({
    inputs,
    outputs,
    score: ({ row }) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [`OUT_${name}`, value]))
  })
}

function missing (outputs: Types): Row {
  return Object.fromEntries(Object.keys(outputs).map(name => [name, null]))
}

function description (inputs: Types, outputs: Types): object {
  const variables = (types: Types) => {
    const properties = Object.fromEntries(
      Object.entries(types).map(([name, type]) => [name, { type }])
    )
    return { properties: { data: { properties } } }
  }
  return {
    openapi: '3.0.1',
    components: { schemas: { SCRInput: variables(inputs), SCROutput: variables(outputs) } }
  }
}

export function answer (response: ServerResponse, status: number, body: object | string): void {
  const [text, type] = typeof body === 'string'
    ? [body, 'text/html']
    : [JSON.stringify(body), 'application/json']
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) })
    .end(text)
}

export interface Deployed extends TestService {
  readonly simulator: Simulator
  readonly cluster: Cluster
  /** Where rows of the model go; `query` without its question mark. */
  scoreUrl(query?: string): string
}

export interface DeployOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Further fields of the model. */
  readonly fields?: Readonly<Record<string, unknown>>
  readonly timing?: Partial<Timing>
}

/** A cluster and a service with one model, `m`: a program, or the image of that name. */
export async function deployed (
  t: Test,
  model: Program | RequestListener | string,
  { env = {}, fields = {}, timing }: DeployOptions = {}
): Promise<Deployed> {
  const image = typeof model === 'string' ? model : 'registry.demo/odd:1'
  const listener = typeof model === 'string'
    ? undefined
    : typeof model === 'function'
      ? model
      : model.listener
  const programs = listener === undefined ? {} : { [image]: listener }
  const { simulator, cluster } = await openSimulator(t, {
    timing: { podStartMs: 50, ...timing },
    programs
  })
  const service = await openTestService(t, cluster, env)
  await deploy(service, 'm', { image, ...fields })
  return {
    ...service,
    simulator,
    cluster,
    scoreUrl: (query = '') => `${service.url}/models/m/score${query === '' ? '' : `?${query}`}`
  }
}

/** Deploys a model and waits until it serves. */
export async function deploy (
  { url }: Pick<TestService, 'url'>,
  name: string,
  body: object
): Promise<void> {
  const response = await fetch(`${url}/models/${name}?wait=30`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body)
  })
  const text = await response.text()
  if (response.status !== 201 && response.status !== 200) {
    throw new Error(`PUT /models/${name}: ${response.status} ${text}`)
  }
}

/** Asks until it is so. @throws with what was seen last, after a minute */
export async function until<T> (ask: () => T | Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
  for (const deadline = Date.now() + 60_000; ;) {
    const seen = await ask()
    if (isSo(seen)) return seen
    if (Date.now() > deadline) {
      throw new Error(`waited in vain; the last seen was ${JSON.stringify(seen)}`)
    }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** The value of one of the service's gauges. */
export async function gauge ({ url }: Pick<TestService, 'url'>, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const line = text.split('\n').find(line => line.startsWith(`${name} `))
  if (line === undefined) throw new Error(`no metric ${name}`)
  return Number(line.slice(name.length))
}
