import type { Test } from 'tap'
import { ask, deployed, NAMESPACE, type Answer, type World } from '../../support/contract.js'

/** One row of a traffic table, as served or as asked for. */
export interface Row {
  readonly revision?: string
  readonly latest: boolean
  readonly percent: number
  readonly tag?: string
}

export interface TrafficAnswer {
  readonly traffic: Row[]
  readonly desired: Row[]
  readonly history: Row[][]
}

export interface RevisionAnswer {
  readonly name: string
  readonly image: string
  readonly ready: boolean | null
  readonly percent: number
  readonly tags: string[]
}

export const REVISIONS = `/apis/serving.knative.dev/v1/namespaces/${NAMESPACE}/revisions`

export const writeoff = ({ imagePrefix }: World, version: string): string =>
  `${imagePrefix}/creditwriteoff:${version}`

/** A model that serves creditwriteoff 1.0: its output MODEL_VERSION tells who scored a row. */
export async function deployedWriteoff (
  t: Test,
  world: World,
  word: string,
  fields: object = {}
): Promise<string> {
  return await deployed(t, world, word, { image: writeoff(world, '1.0'), ...fields })
}

/** `deployedWriteoff` and version 2.0 beside it with the tag green. */
export async function withGreen (
  t: Test,
  world: World,
  word: string,
  percent: number
): Promise<string> {
  const name = await deployedWriteoff(t, world, word)
  const { status, body } = await ask<object>(world, 'POST', `/models/${name}/revisions?wait=90`, {
    image: writeoff(world, '2.0'),
    tag: 'green',
    percent
  })
  if (status !== 201) throw new Error(`no challenger of ${name}: ${status} ${JSON.stringify(body)}`)
  return name
}

/**
 * A table in the notation people say aloud: `00001=75 blue, 00002=25 green`; `*` follows the
 * latest.
 */
export function tableText (rows: readonly Row[]): string {
  return rows
    .map(({ revision, latest, percent, tag = '' }) =>
      `${latest ? '*' : revision?.slice(-5)}=${percent} ${tag}`.trim()
    )
    .sort().join(', ')
}

export async function trafficOf (world: World, name: string): Promise<TrafficAnswer> {
  return (await ask<TrafficAnswer>(world, 'GET', `/models/${name}/traffic`)).body
}

export async function revisionsOf (world: World, name: string): Promise<RevisionAnswer[]> {
  return (await ask<{ items: RevisionAnswer[] }>(world, 'GET', `/models/${name}/revisions`)).body
    .items
}

/** A mutation of revisions or traffic, waited for; fails unless it is in force. */
export async function mutate (
  world: World,
  method: string,
  path: string,
  body?: unknown
): Promise<Answer<TrafficAnswer>> {
  const answer = await ask<TrafficAnswer>(world, method, path, body)
  if (![200, 201, 204].includes(answer.status)) { throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`) }
  return answer
}

/** The share of each version in what serves, in percent, as the API reports table and images. */
export async function versionShares (world: World, name: string): Promise<Record<string, number>> {
  const [{ traffic }, revisions] = await Promise.all([trafficOf(world, name),
    revisionsOf(world, name)])
  const shares: Record<string, number> = {}
  for (const { revision, percent } of traffic) {
    const version = revisions.find(({ name }) => name === revision)?.image.split(':').at(-1) ??
      `none of ${revision}`
    if (percent > 0) shares[version] = (shares[version] ?? 0) + percent
  }
  return shares
}

/** CSV rows of creditwriteoff from row `first` on: ID tells a row's place. */
export function writeoffRows (first: number, count: number): string {
  const row = (id: number) =>
    `${id},${100 * (id % 90)},${id % 7},0.${id % 10},${['RETAIL', 'PREMIUM', 'BUSINESS'][id % 3]}\n`
  return Array.from({ length: count }, (_, index) => row(first + index)).join('')
}

export const WRITEOFF_HEADER = 'ID,BALANCE,MONTHS_LATE,UTILIZATION,SEGMENT\n'

export interface ScoredRow {
  readonly id: number
  readonly version: string
  readonly error: string
}

export interface Scored {
  readonly headers: Headers
  readonly rows: readonly ScoredRow[]
}

/** Scores a CSV of creditwriteoff; `parts` are sent one after the other, each when it is there. */
export async function scoreWriteoff (
  { service }: World,
  name: string,
  parts: AsyncIterable<string> | Iterable<string>,
  query = ''
): Promise<Scored> {
  const body = ReadableStream.from((async function * () {
    yield Buffer.from(WRITEOFF_HEADER)
    for await (const part of parts) yield Buffer.from(part)
  })()) as ReadableStream<Uint8Array>
  const url = `${service}/models/${name}/score?columns=ID${query}`
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body,
    duplex: 'half'
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`scoring ${name}: ${response.status} ${text}`)
  const [header = '', ...lines] = text.trimEnd().split('\n')
  const columns = header.split(',')
  return {
    headers: response.headers,
    rows: lines.map(line => {
      const cells = line.split(',')
      const cell = (column: string) => cells[columns.indexOf(column)] ?? ''
      return { id: Number(cell('ID')), version: cell('MODEL_VERSION'), error: cell('_error') }
    })
  }
}

/** Rows by version, e.g. `{ '1.0': 151, '2.0': 49 }`. */
export function byVersion (versions: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const version of versions) counts[version] = (counts[version] ?? 0) + 1
  return counts
}

/**
 * The faults that a scored file has when `count` rows were sent: rows lost, reordered, or not
 * scored.
 */
export function faultsOf ({ rows }: Scored, count: number): string[] {
  const isFine = ({ id, error, version }: ScoredRow, index: number) =>
    id === index && error === '' && version !== ''
  const faults = rows.flatMap((row, index) =>
    isFine(row, index) ? [] : [`row ${index} is ${JSON.stringify(row)}`]
  ).slice(0, 3)
  return rows.length === count ? faults : [`${rows.length} rows of ${count}`, ...faults]
}

/** Bounds of a binomial count: outside them, on each side, lies less than `tail`. */
export function binomialBounds (n: number, p: number, tail: number): [low: number, high: number] {
  if (p <= 0 || p >= 1) return p <= 0 ? [0, 0] : [n, n]
  let logFactor = n * Math.log(1 - p)
  const mass = Array.from({ length: n + 1 }, (_, k) => {
    if (k > 0) logFactor += Math.log((n - k + 1) / k * p / (1 - p))
    return Math.exp(logFactor)
  })
  const boundary = (masses: readonly number[]) => {
    let sum = 0
    return masses.findIndex(each => (sum += each) >= tail)
  }
  return [boundary(mass), n - boundary(mass.toReversed())]
}

/**
 * Scores `count` rows and compares who scored them with the table that the API reports; chance
 * fails it less than once in a million.
 */
export async function scoresAsTable (
  t: Test,
  world: World,
  name: string,
  count: number,
  step: string
): Promise<void> {
  const shares = await versionShares(world, name)
  const { rows, headers } = await scoreWriteoff(world, name, [writeoffRows(0, count)])
  const counts = byVersion(rows.map(({ version }) => version))
  const odd = ['1.0', '2.0'].flatMap(version => {
    const [low, high] = binomialBounds(count, (shares[version] ?? 0) / 100, 1e-7)
    const found = counts[version] ?? 0
    return found >= low && found <= high ? [] : [`${version}: ${found} rows, not ${low} to ${high}`]
  })
  t.same(odd, [],
    `after ${step}: ${JSON.stringify(shares)} % served ${JSON.stringify(counts)} (${
      headers.get('scoring-revisions')
    })`)
}
