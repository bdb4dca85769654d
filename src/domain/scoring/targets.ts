import { DomainError } from '../errors.js'
import type { Model, Revision } from '../models/model.js'
import type { TrafficTarget } from '../revisions/traffic.js'
import type { ScoringTarget } from './scorer.js'

/** `revision`: each revision's own service, inside the cluster; `route`: the model's URL, the platform chooses. */
export type DataPath = 'revision' | 'route'

/** Where the caller wants rows to go; at most one of them. Nothing: as the traffic table says, whoever chooses. */
export interface Wanted {
  readonly revision?: string | undefined
  readonly tag?: string | undefined
  /** As the traffic table says, but chosen by this service, so that each routed revision needs an address of its own. */
  readonly spread?: boolean | undefined
}

/** Where rows go, with their share. */
export interface Share { readonly target: ScoringTarget, readonly percent: number }

/**
 * Where a request's rows go, with their shares.
 * @throws DomainError `model-not-ready`, `revision-not-found`, `revision-not-addressable`
 */
export function targetsFor (model: Model, revisions: readonly Revision[], path: DataPath, wanted: Wanted): Share[] {
  const url = servingUrl(model)
  if (wanted.revision !== undefined || wanted.tag !== undefined) return [{ target: pinned(model, revisions, path, wanted), percent: 100 }]
  const rows = shares(model.traffic)
  if (path === 'revision' || (wanted.spread === true && rows.length > 1)) {
    return rows.map(({ revision, percent }) => ({ target: pinned(model, revisions, path, { revision }), percent }))
  }
  // Who scored a row is not known, even with one revision in the table: traffic may move while a file is being scored.
  return [{ target: byUrl(model, url, revisions.filter(({ name }) => rows.some(row => row.revision === name)), undefined), percent: 100 }]
}

/** Two revisions by their names or tags; a tag goes before a revision of the same name. */
export interface Pair { readonly champion?: string | undefined, readonly challenger: string }

/**
 * Where each row goes twice: to the champion, by default the revision with the most traffic, and to the challenger.
 * @throws DomainError as `targetsFor`; `request-invalid` when both are the same revision
 */
export function pairFor (model: Model, revisions: readonly Revision[], path: DataPath, pair: Pair): [champion: Share, challenger: Share] {
  servingUrl(model)
  const [first] = shares(model.traffic).sort((a, b) => b.percent - a.percent)
  const champion = named(model, revisions, path, pair.champion ?? first!.revision)
  const challenger = named(model, revisions, path, pair.challenger)
  if (champion.revision === challenger.revision) {
    throw new DomainError('request-invalid', `champion and challenger are the same revision, ${champion.revision}`, {
      remedy: 'name two revisions or tags; champion= may be left out only when the challenger is not the revision with the most traffic'
    })
  }
  return [{ target: champion, percent: 100 }, { target: challenger, percent: 100 }]
}

function named (model: Model, revisions: readonly Revision[], path: DataPath, name: string): ScoringTarget {
  if (model.traffic.some(({ tag }) => tag === name)) return pinned(model, revisions, path, { tag: name })
  if (revisions.some(revision => revision.name === name)) return pinned(model, revisions, path, { revision: name })
  const names = [...model.traffic.flatMap(({ tag }) => tag ?? []), ...revisions.map(({ name }) => name)]
  throw new DomainError('revision-not-found', `${model.name} has no tag and no revision "${name}"; it has ${names.join(', ')}`)
}

/** The model's own URL. @throws DomainError `model-not-ready` while nothing is routed */
function servingUrl ({ name, status, traffic }: Model): string {
  if (traffic.length > 0 && status.url !== undefined) return status.url
  throw new DomainError('model-not-ready', `${name} serves nothing yet: ${status.explanation.summary}`, { remedy: status.explanation.remedy, retryAfterSeconds: 10 })
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

function pinned (model: Model, revisions: readonly Revision[], path: DataPath, { revision: name, tag }: Wanted): ScoringTarget {
  const row = tag !== undefined ? model.traffic.find(row => row.tag === tag) : undefined
  if (tag !== undefined && row === undefined) {
    const tags = model.traffic.flatMap(({ tag }) => tag ?? [])
    throw new DomainError('revision-not-found', `${model.name} has no tag "${tag}"; ${tags.length > 0 ? `it has ${tags.join(', ')}` : 'it has none'}`)
  }
  const revision = known(model, revisions, row?.revision ?? name!)
  if (path === 'revision') return ownService(model, revision)
  const url = row?.url ?? model.traffic.find(other => other.revision === revision.name && other.url !== undefined)?.url
  if (url !== undefined) return byUrl(model, url, [revision], revision.name)
  throw new DomainError('revision-not-addressable', `the revision ${revision.name} has no tag, so it has no address outside the cluster`, {
    remedy: `give the revision a tag with PUT /models/${model.name}/traffic, then repeat the call`
  })
}

function ownService (model: Model, revision: Revision): ScoringTarget {
  return {
    model: model.name,
    revision: revision.name,
    key: revision.uid,
    url: revision.innerUrl,
    appPaths: appPaths(model, [revision]),
    timeoutSeconds: revision.timeoutSeconds,
    containerConcurrency: revision.containerConcurrency,
    rowsPerPod: revision.rowsPerPod,
    replicas: revision.replicas
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
    containerConcurrency: limits.length > 0 ? Math.min(...limits) : 0,
    rowsPerPod: Math.min(...behind.map(({ rowsPerPod }) => rowsPerPod)),
    replicas: behind.reduce((sum, { replicas }) => sum + replicas, 0)
  }
}

/** The path set in the container, else the image's base name, under which SCR serves by itself, else the model's name. */
function appPaths (model: Model, revisions: readonly Revision[]): string[] {
  const set = revisions.flatMap(({ appPath }) => appPath ?? [])
  const bases = revisions.map(({ image }) => image.split('@')[0]!.split('/').at(-1)!.split(':')[0]!)
  return [...new Set([...set, ...bases, model.name])]
}
