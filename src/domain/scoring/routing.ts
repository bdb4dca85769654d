import { DomainError } from '../errors.js'
import type { Model, Revision, TrafficTarget } from '../models/model.js'
import { retrying } from './retry.js'
import type { Scorer, ScoringTarget } from './scorer.js'
import { unionOf, type Signature } from './signature.js'

/** `revision`: each revision's own service, inside the cluster; `route`: the model's URL, the platform chooses. */
export type DataPath = 'revision' | 'route'

/** What the caller pinned, if anything; at most one of them. */
export interface Pin { readonly revision?: string | undefined, readonly tag?: string | undefined }

export interface Route {
  readonly target: ScoringTarget
  readonly percent: number
  readonly signature: Signature
}

/** The routes of one request, taken once at its start. */
export interface Routing {
  readonly routes: readonly Route[]
  readonly signature: Signature
  readonly retrySafe: boolean
}

/** Resolves the routes of a request and asks each for its signature, which wakes sleeping revisions. */
export async function routingFor (
  { model, revisions }: { readonly model: Model, readonly revisions: readonly Revision[] },
  path: DataPath, pin: Pin, scorer: Scorer, timeoutMs: number, signal: AbortSignal
): Promise<Routing> {
  const targets = targetsFor(model, revisions, path, pin)
  const routes = await Promise.all(targets.map(async ({ target, percent }) => {
    // asking for a description is always safe
    const signature = await retrying(async () => await scorer.signature(target, signal), { retrySafe: true, timeoutMs }, signal)
    return { target, percent, signature }
  }))
  return { routes, signature: unionOf(routes.map(({ signature }) => signature)), retrySafe: model.spec.retrySafe }
}

/** A revision by the traffic table's percents; `random` is 0 <= random < 1. */
export function routeAt ({ routes }: Routing, random: number): Route {
  const total = routes.reduce((sum, { percent }) => sum + percent, 0)
  let left = random * total
  for (const route of routes) {
    left -= route.percent
    if (left < 0) return route
  }
  return routes.at(-1)!
}

/**
 * Where a request's rows go, with their shares.
 * @throws DomainError `model-not-ready`, `revision-not-found`, `revision-not-addressable`
 */
export function targetsFor (
  model: Model, revisions: readonly Revision[], path: DataPath, pin: Pin
): Array<{ readonly target: ScoringTarget, readonly percent: number }> {
  if (model.traffic.length === 0 || model.status.url === undefined) throw notReady(model)
  if (pin.revision !== undefined || pin.tag !== undefined) {
    return [{ target: pinned(model, revisions, path, pin), percent: 100 }]
  }
  const rows = shares(model.traffic)
  if (path === 'revision') return rows.map(({ revision, percent }) => ({ target: ownService(model, known(model, revisions, revision)), percent }))
  const only = rows.length === 1 ? rows[0]!.revision : undefined
  return [{ target: byUrl(model, model.status.url, revisions.filter(({ name }) => rows.some(row => row.revision === name)), only), percent: 100 }]
}

function notReady ({ name, status }: Model): DomainError {
  return new DomainError('model-not-ready', `${name} serves nothing yet: ${status.explanation.summary}`, { remedy: status.explanation.remedy, retryAfterSeconds: 10 })
}

/** Rows with traffic, one a revision. */
function shares (traffic: readonly TrafficTarget[]): Array<{ revision: string, percent: number }> {
  const byRevision = new Map<string, number>()
  for (const { revision, percent } of traffic) {
    if (percent > 0) byRevision.set(revision, (byRevision.get(revision) ?? 0) + percent)
  }
  return [...byRevision].map(([revision, percent]) => ({ revision, percent }))
}

function known (model: Model, revisions: readonly Revision[], name: string): Revision {
  const revision = revisions.find(revision => revision.name === name)
  if (revision === undefined) {
    throw new DomainError('revision-not-found', `${model.name} has no revision "${name}"${revisions.length > 0 ? `; it has ${revisions.map(({ name }) => name).join(', ')}` : ''}`)
  }
  return revision
}

function pinned (model: Model, revisions: readonly Revision[], path: DataPath, pin: Pin): ScoringTarget {
  const row = pin.tag !== undefined ? model.traffic.find(({ tag }) => tag === pin.tag) : undefined
  if (pin.tag !== undefined && row === undefined) {
    const tags = model.traffic.flatMap(({ tag }) => tag ?? [])
    throw new DomainError('revision-not-found', `${model.name} has no tag "${pin.tag}"; ${tags.length > 0 ? `it has ${tags.join(', ')}` : 'it has none'}`)
  }
  const revision = known(model, revisions, row?.revision ?? pin.revision!)
  if (path === 'revision') return ownService(model, revision)
  const url = row?.url ?? model.traffic.find(other => other.revision === revision.name && other.url !== undefined)?.url
  if (url !== undefined) return byUrl(model, url, [revision], revision.name)
  const hasAll = model.traffic.some(other => other.revision === revision.name && other.percent === 100)
  if (hasAll) return byUrl(model, model.status.url!, [revision], revision.name)
  throw new DomainError('revision-not-addressable', `the revision ${revision.name} has no tag, so it has no address outside the cluster`)
}

function ownService (model: Model, revision: Revision): ScoringTarget {
  return {
    model: model.name,
    revision: revision.name,
    key: revision.uid,
    url: revision.innerUrl,
    appPaths: appPaths(model, [revision]),
    timeoutSeconds: revision.timeoutSeconds,
    containerConcurrency: revision.containerConcurrency
  }
}

function byUrl (model: Model, url: string, behind: readonly Revision[], revision: string | undefined): ScoringTarget {
  const limits = behind.map(({ containerConcurrency }) => containerConcurrency).filter(limit => limit > 0)
  return {
    model: model.name,
    revision,
    // What is learnt of an address holds for as long as the same revisions are behind it.
    key: [url, ...behind.map(({ uid }) => uid)].join(' '),
    url,
    appPaths: appPaths(model, behind),
    timeoutSeconds: Math.max(...behind.map(({ timeoutSeconds }) => timeoutSeconds), 1),
    containerConcurrency: limits.length > 0 ? Math.min(...limits) : 0
  }
}

/** The path set in the container, else the image's base name, under which SCR serves by itself, else the model's name. */
function appPaths (model: Model, revisions: readonly Revision[]): string[] {
  const set = revisions.flatMap(({ appPath }) => appPath ?? [])
  const bases = revisions.map(({ image }) => image.split('@')[0]!.split('/').at(-1)!.split(':')[0]!)
  return [...new Set([...set, ...bases, model.name])]
}
