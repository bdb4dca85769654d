import { DomainError } from '../../errors.js'
import type { Model, Revision } from '../../models/model/model.js'
import { isAppPath } from '../../models/spec/names.js'
import type { TrafficTarget } from '../../traffic/traffic.js'
import type { ScoringTarget } from '../scorer/scorer.js'

/**
 * `revision`: rows go to each revision's own service inside the cluster. `route`: rows go to the
 * model's URL, and the platform chooses the revision.
 */
export type DataPath = 'revision' | 'route'

/**
 * Where the caller wants rows to go. At most one member is set. With none, rows follow the traffic
 * table, whether this service or the platform chooses.
 */
export interface Wanted {
  readonly revision?: string | undefined
  readonly tag?: string | undefined
  /**
   * Rows follow the traffic table, but this service chooses. So each routed revision needs its own
   * address.
   */
  readonly spread?: boolean | undefined
}

/** A target and its share of the rows. */
export interface Share {
  readonly target: ScoringTarget
  readonly percent: number
}

/**
 * Lists the targets of a request's rows, with their shares.
 * @throws DomainError `model-not-ready`, `model-invalid`, `revision-not-found`,
 *   `revision-not-addressable`
 */
export function targetsFor (
  model: Model,
  revisions: readonly Revision[],
  path: DataPath,
  wanted: Wanted
): Share[] {
  const url = servingUrl(model)
  if (wanted.revision !== undefined || wanted.tag !== undefined) {
    return [{ target: pinnedTarget(model, revisions, path, wanted), percent: 100 }]
  }
  const rows = sharesOf(model.traffic)
  if (path === 'revision' || (wanted.spread === true && rows.length > 1)) {
    return rows.map(({ revision, percent }) => ({
      target: pinnedTarget(model, revisions, path, { revision }),
      percent
    }))
  }
  // The revision stays unknown even if the table has only one: traffic may move while a file is
  // being scored.
  return [
    {
      target: targetAtUrl(
        model,
        url,
        revisions.filter(({ name }) => rows.some(row => row.revision === name)),
        undefined
      ),
      percent: 100
    }
  ]
}

/** Two revisions by name or tag; a tag wins over a revision of the same name. */
export interface Pair {
  readonly champion?: string | undefined
  readonly challenger: string
}

/**
 * Finds the two targets to which each row goes: the champion, by default the revision with the most
 * traffic, and the challenger.
 * @throws DomainError the faults of `targetsFor`; `request-invalid` when both are the same revision
 */
export function pairFor (
  model: Model,
  revisions: readonly Revision[],
  path: DataPath,
  pair: Pair
): [champion: Share, challenger: Share] {
  servingUrl(model)
  const [first] = sharesOf(model.traffic).sort((a, b) => b.percent - a.percent)
  const champion = targetNamed(model, revisions, path, pair.champion ?? first!.revision)
  const challenger = targetNamed(model, revisions, path, pair.challenger)
  if (champion.revision === challenger.revision) {
    throw new DomainError(
      'request-invalid',
      `champion and challenger are the same revision, ${champion.revision}`,
      {
        remedy:
          'name two revisions or tags; champion= may be left out only when the challenger is not the revision with the most traffic'
      }
    )
  }
  return [
    { target: champion, percent: 100 },
    { target: challenger, percent: 100 }
  ]
}

function targetNamed (
  model: Model,
  revisions: readonly Revision[],
  path: DataPath,
  name: string
): ScoringTarget {
  if (model.traffic.some(({ tag }) => tag === name)) {
    return pinnedTarget(model, revisions, path, { tag: name })
  }
  if (revisions.some(revision => revision.name === name)) {
    return pinnedTarget(model, revisions, path, { revision: name })
  }
  const names = [
    ...model.traffic.flatMap(({ tag }) => tag ?? []),
    ...revisions.map(({ name }) => name)
  ]
  throw new DomainError(
    'revision-not-found',
    `${model.name} has no tag and no revision "${name}"; it has ${names.join(', ')}`
  )
}

/** The model's own URL. @throws DomainError `model-not-ready` while no revision is routed */
function servingUrl ({ name, status, traffic }: Model): string {
  if (traffic.length > 0 && status.url !== undefined) return status.url
  throw new DomainError(
    'model-not-ready',
    `${name} serves nothing yet: ${status.explanation.summary}`,
    { remedy: status.explanation.remedy, retryAfterSeconds: 10 }
  )
}

/** The revisions that have traffic, with the sum of their percents. */
function sharesOf (
  traffic: readonly TrafficTarget[]
): Array<{ revision: string; percent: number }> {
  const byRevision = new Map<string, number>()
  for (const { revision, percent } of traffic) {
    if (percent > 0) byRevision.set(revision, (byRevision.get(revision) ?? 0) + percent)
  }
  return [...byRevision].map(([revision, percent]) => ({ revision, percent }))
}

function revisionNamed (model: Model, revisions: readonly Revision[], name: string): Revision {
  const revision = revisions.find(revision => revision.name === name)
  if (revision === undefined) {
    throw new DomainError(
      'revision-not-found',
      `${model.name} has no revision "${name}"${revisions.length > 0 ? `; it has ${revisions.map(({ name }) => name).join(', ')}` : ''}`
    )
  }
  return revision
}

function pinnedTarget (
  model: Model,
  revisions: readonly Revision[],
  path: DataPath,
  { revision: name, tag }: Wanted
): ScoringTarget {
  const row = tag !== undefined ? model.traffic.find(row => row.tag === tag) : undefined
  if (tag !== undefined && row === undefined) {
    const tags = model.traffic.flatMap(({ tag }) => tag ?? [])
    throw new DomainError(
      'revision-not-found',
      `${model.name} has no tag "${tag}"; ${tags.length > 0 ? `it has ${tags.join(', ')}` : 'it has none'}`
    )
  }
  const revision = revisionNamed(model, revisions, row?.revision ?? name!)
  if (path === 'revision') return ownServiceTarget(model, revision)
  const url =
    row?.url ??
    model.traffic.find(other => other.revision === revision.name && other.url !== undefined)?.url
  if (url !== undefined) return targetAtUrl(model, url, [revision], revision.name)
  throw new DomainError(
    'revision-not-addressable',
    `the revision ${revision.name} has no tag, so it has no address outside the cluster`,
    {
      remedy: `give the revision a tag with PUT /models/${model.name}/traffic, then repeat the call`
    }
  )
}

function ownServiceTarget (model: Model, revision: Revision): ScoringTarget {
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

function targetAtUrl (
  model: Model,
  url: string,
  behind: readonly Revision[],
  revision: string | undefined
): ScoringTarget {
  const limits = behind
    .map(({ containerConcurrency }) => containerConcurrency)
    .filter(limit => limit > 0)
  return {
    model: model.name,
    revision,
    // What is learnt of a URL holds only while the same revisions are behind it.
    key: [url, ...behind.map(({ uid }) => uid)].join(' '),
    url,
    appPaths: appPaths(model, behind),
    timeoutSeconds: Math.max(...behind.map(({ timeoutSeconds }) => timeoutSeconds), 1),
    containerConcurrency: limits.length > 0 ? Math.min(...limits) : 0,
    rowsPerPod: Math.min(...behind.map(({ rowsPerPod }) => rowsPerPod)),
    replicas: behind.reduce((sum, { replicas }) => sum + replicas, 0)
  }
}

/**
 * The paths under which the model may serve, the likeliest first: those set in the container, then
 * the base names of the images, which are SCR's default, then the model's name.
 */
function appPaths (model: Model, revisions: readonly Revision[]): string[] {
  const set = revisions.flatMap(({ name, appPath }) =>
    appPath === null ? [] : checkAppPath(model, name, appPath)
  )
  const bases = revisions.map(
    ({ image }) => image.split('@')[0]!.split('/').at(-1)!.split(':')[0]!
  )
  return [...new Set([...set, ...bases.filter(isAppPath), model.name])]
}

/**
 * Returns the path if it is valid. Other tools set SAS_SCR_APP_PATH unchecked, and a path with ".."
 * would send rows elsewhere than to the model.
 */
function checkAppPath (model: Model, revision: string, appPath: string): string {
  if (isAppPath(appPath)) return appPath
  throw new DomainError(
    'model-invalid',
    `the revision ${revision} has SAS_SCR_APP_PATH=${JSON.stringify(appPath.slice(0, 200))}, which is no path of letters, digits and . _ ~ -`,
    {
      remedy: `set the path that the image serves under: PATCH /models/${model.name} with appPath, without parts that are . or ..`
    }
  )
}
