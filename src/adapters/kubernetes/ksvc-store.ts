import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { DomainError, invalidFields } from '../../domain/errors.js'
import type { Model, Revision } from '../../domain/models/model.js'
import type { ModelStore, RevisionReport } from '../../domain/models/model-store.js'
import { isModelName } from '../../domain/models/names.js'
import { changesOf } from './changes.js'
import { type ClusterView, type ViewOptions, clusterView, familyNow } from './cluster-view.js'
import type { Connection } from './connection.js'
import { familyForScoring } from './family-for-scoring.js'
import { Conflict, type Written, ksvcApi } from './ksvc-api.js'
import { changedKsvc, mustMatch, neededRevisions } from './ksvc-change.js'
import { createdBy, isSameTemplate, newKsvc, requestedBy } from './ksvc-spec.js'
import type { Ksvc, KubeEvent } from './kube-objects.js'
import { labelSelector } from './label-selector.js'
import { type Family, modelOf, revisionReports, revisionsOf } from './model-reading.js'
import { isEnding, isReady } from './pod-reading.js'
import { revisionApi } from './revision-api.js'

export interface KsvcStore extends ModelStore {
  /** What it reads from, for who reads other things of the same models. */
  readonly view: ClusterView
  /** The caches have been filled once; before, reads go to the cluster. */
  readonly synced: Promise<void>
  /** Since the cluster was last heard of, for readiness and metrics. */
  ageMs (): number
  /** Reads are answered from the caches. */
  isFresh (): boolean
  close (): void
}

/** So many that a script's burst of edits, and Knative's own writes after each, are outlasted: about 2 s and the calls. */
const ATTEMPTS_MAX = 15
const MAKES_REVISION = 'the change makes a new revision: image, scaling, resources and the like belong to a revision'

/** Every ksvc of the namespace is a model. */
export function openKsvcStore (connection: Connection, options: ViewOptions): KsvcStore {
  const { namespace, log } = options
  const view = clusterView(connection, options)
  const api = ksvcApi(connection, namespace)
  const revisions = revisionApi(connection, namespace)
  /** A model is worked out once for each state of its family. */
  const known = new Map<string, Model>()
  view.onChange(name => known.delete(name))
  const familyToScore = familyForScoring(view, log)

  function cachedModel (family: Family): Model {
    const { name } = family.ksvc.metadata
    const model = known.get(name) ?? modelOf(family)
    known.set(name, model)
    return model
  }

  /** Where a pod is not ready, part of the cause is in the events: a probe that fails, a pull secret that does not exist. */
  async function explained (family: Family, signal: AbortSignal): Promise<Model> {
    const model = modelOf(family)
    if (model.status.ready || family.pods.every(pod => isEnding(pod) || isReady(pod))) return model
    return modelOf(family, await eventsOf(family, signal))
  }

  /** None when they can't be read: the rest is told without them. */
  async function eventsOf (family: Family, signal: AbortSignal): Promise<KubeEvent[]> {
    try {
      return await view.warnings(family, signal)
    } catch (error) {
      signal.throwIfAborted()
      log.warn({ err: error, model: family.ksvc.metadata.name }, 'events could not be read')
      return []
    }
  }

  async function answerOf ({ ksvc, warnings }: Written, dryRun: boolean, signal: AbortSignal): Promise<Model> {
    if (!dryRun) await view.caughtUp(ksvc, signal)
    const { revisions = [], pods = [] } = view.cached(ksvc.metadata.name) ?? {}
    return { ...modelOf({ ksvc, revisions, pods }), ...(warnings.length > 0 ? { warnings } : {}) }
  }

  /** After the write, which may be refused; what is kept too long only takes room. */
  async function released (own: Family['revisions'], needed: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    await revisions.release(own, needed, signal).catch((error: unknown) => { log.warn({ err: error }, 'revisions stay kept from garbage collection') })
  }

  async function liveKsvc (name: string, signal: AbortSignal): Promise<Ksvc> {
    const live = isModelName(name) ? await api.read(name, signal) : undefined
    if (live === undefined) throw notFound(name)
    return live
  }

  return {
    view,
    synced: view.synced,
    ageMs: view.ageMs,
    isFresh: view.isFresh,
    close: view.close,

    async list ({ ready, labelSelector: selector = '', limit, continue: token }, signal) {
      const matches = labelSelector(selector)
      const after = token === undefined ? '' : nameIn(token)
      const isFresh = view.isFresh()
      const families = isFresh ? view.allCached() : await view.readAll(signal)
      const candidates = families
        .filter(({ ksvc: { metadata } }) => metadata.name > after && matches(metadata.labels ?? {}))
        .sort((a, b) => a.ksvc.metadata.name < b.ksvc.metadata.name ? -1 : 1)
      const models: Model[] = []
      for (const family of candidates) {
        const model = isFresh ? cachedModel(family) : modelOf(family)
        if (ready === undefined || model.status.ready === ready) models.push(model)
        if (models.length > limit) break
      }
      const items = models.slice(0, limit)
      const last = items.at(-1)
      return { items, stale: !isFresh, ...(models.length > limit && last !== undefined ? { continue: tokenOf(last.name) } : {}) }
    },

    async get (name, signal) {
      const family = await familyNow(view, name, signal)
      if (family === undefined) throw notFound(name)
      return await explained(family, signal)
    },

    async create (name, spec, { requestedBy: caller, dryRun }, signal) {
      return await answerOf(await api.create(createdBy(newKsvc(name, namespace, spec), caller), dryRun, signal), dryRun, signal)
    },

    async update (name, change, options, signal) {
      return await withoutConflict(name, signal, async () => {
        const family = await view.read(name, signal)
        if (family === undefined) throw notFound(name)
        const { ksvc: live } = family
        const current = { model: modelOf(family), revisions: decided(revisionReports(family, [])) }
        const next = changedKsvc(live, current, change, options)
        if (isDeepStrictEqual(next, live)) return await answerOf({ ksvc: live, warnings: [] }, options.dryRun, signal)
        const needed = neededRevisions(next)
        if (!options.dryRun) await revisions.keep(family.revisions, needed, signal)
        const written = await api.replace(requestedBy(next, options.requestedBy), options.dryRun, signal)
        if (!options.dryRun) await released(family.revisions, needed, signal)
        const remarks = isSameTemplate(live, next) ? [] : [MAKES_REVISION]
        return await answerOf({ ...written, warnings: [...remarks, ...written.warnings] }, options.dryRun, signal)
      })
    },

    async delete (name, { dryRun, ifMatch }, signal) {
      await withoutConflict(name, signal, async () => {
        const { metadata, ...live } = await liveKsvc(name, signal)
        if (metadata.deletionTimestamp !== undefined) return
        mustMatch(modelOf({ ksvc: { metadata, ...live }, revisions: [], pods: [] }), ifMatch)
        const { uid, resourceVersion } = metadata
        const seen = ifMatch === undefined || resourceVersion === undefined ? {} : { resourceVersion }
        await api.delete(name, { ...(uid === undefined ? {} : { uid }), ...seen }, dryRun, signal)
      })
    },

    async * follow (name, generation, signal) {
      const changes = changesOf(view.onChange, name, signal)
      try {
        while (true) {
          signal.throwIfAborted()
          const family = await familyNow(view, name, signal)
          const model = family === undefined ? undefined : await explained(family, signal)
          if (model === undefined || model.generation >= generation) yield model
          await changes.next()
        }
      } finally {
        changes.end()
      }
    },

    async revisions (name, signal) {
      const family = await familyNow(view, name, signal)
      if (family === undefined) throw notFound(name)
      const events = await eventsOf(family, signal)
      return { model: modelOf(family, events), revisions: revisionReports(family, events) }
    },

    async deleteRevision (name, revision, signal) {
      if (!await revisions.delete(revision, signal)) {
        throw new DomainError('revision-not-found', `${JSON.stringify(name)} has no revision ${JSON.stringify(revision)}`)
      }
    },

    async revisionsOf (name, signal) {
      const family = await familyToScore(name, signal)
      if (family === undefined) throw notFound(name)
      const model = family.ksvc === view.cached(name)?.ksvc ? cachedModel(family) : modelOf(family)
      return { model, revisions: revisionsOf(family) }
    }
  }
}

/** Reads and writes again, from the beginning, when somebody else wrote in between. @throws `model-conflict` when others keep doing so */
async function withoutConflict<T> (name: string, signal: AbortSignal, readAndWrite: () => Promise<T>): Promise<T> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    try {
      return await readAndWrite()
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      await sleep(20 * attempt * (0.5 + Math.random()), undefined, { signal })
    }
  }
  throw new DomainError('model-conflict', `others kept changing ${JSON.stringify(name)}`, { retryAfterSeconds: 1 })
}

/** A revision whose pods can't start has failed, long before the cluster says so: up to its deadline it still counts as starting. */
function decided (revisions: readonly RevisionReport[]): Revision[] {
  return revisions.map(revision => revision.explanation.needsAction ? { ...revision, ready: false } : revision)
}

function notFound (name: string): DomainError {
  return new DomainError('model-not-found', `there is no model ${JSON.stringify(name)}`)
}

function tokenOf (name: string): string {
  return Buffer.from(name).toString('base64url')
}

function nameIn (token: string): string {
  const name = Buffer.from(token, 'base64url').toString()
  if (isModelName(name)) return name
  throw invalidFields([{ field: 'query.continue', detail: 'is not a token of an earlier page', remedy: 'start again without continue' }])
}
