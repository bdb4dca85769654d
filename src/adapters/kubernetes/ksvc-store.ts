import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { DomainError, invalidFields } from '../../domain/errors.js'
import type { Model } from '../../domain/models/model.js'
import type { Change, Current, ModelStore, UpdateOptions } from '../../domain/models/model-store.js'
import { isSameTable, pinnedTable, revisionsIn } from '../../domain/revisions/traffic.js'
import { remembered } from '../../domain/revisions/traffic-history.js'
import { isModelName } from '../../domain/models/names.js'
import { type ViewOptions, clusterView } from './cluster-view.js'
import type { Connection } from './connection.js'
import { beingDeleted } from './errors.js'
import { Conflict, type Written, ksvcApi } from './ksvc-api.js'
import { revisionOf } from './ksvc-reading.js'
import {
  createdBy, isSameTemplate, ksvcWith, newKsvc, redeployed, requestedBy, trafficToLatest, withHistory, withRevisionName, withTable
} from './ksvc-spec.js'
import type { Ksvc } from './kube-objects.js'
import { labelSelector } from './label-selector.js'
import { type Family, modelOf, revisionReports } from './model-reading.js'
import { revisionApi } from './revision-api.js'

export interface KsvcStore extends ModelStore {
  /** The caches have been filled once; before, reads go to the cluster. */
  readonly synced: Promise<void>
  /** Since the cluster was last heard of, for readiness and metrics. */
  ageMs (): number
  /** Reads are answered from the caches. */
  isFresh (): boolean
  close (): void
}

const ATTEMPTS_MAX = 5

/** Every ksvc of the namespace is a model. */
export function openKsvcStore (connection: Connection, options: ViewOptions): KsvcStore {
  const { namespace, log } = options
  const view = clusterView(connection, options)
  const api = ksvcApi(connection, namespace)
  const revisions = revisionApi(connection, namespace)
  /** A model is worked out once for each state of its family. */
  const known = new Map<string, Model>()
  view.onChange(name => known.delete(name))

  function cachedModel (family: Family): Model {
    const { name } = family.ksvc.metadata
    const model = known.get(name) ?? modelOf(family)
    known.set(name, model)
    return model
  }

  /** From the cache while it is fresh and has the name, otherwise from the cluster. */
  async function familyNow (name: string, signal: AbortSignal): Promise<Family | undefined> {
    if (!isModelName(name)) return undefined // it would become another path of the API, for instance with ".."
    return (view.isFresh() ? view.cached(name) : undefined) ?? await view.read(name, signal)
  }

  /** Only a pod that runs and does not answer leaves its cause to the events. */
  async function explained (family: Family, signal: AbortSignal): Promise<Model> {
    const model = modelOf(family)
    if (model.status.ready || model.status.replicas === 0) return model
    try {
      return modelOf(family, await view.warnings(family, signal))
    } catch (error) {
      signal.throwIfAborted()
      log.warn({ err: error, model: model.name }, 'events could not be read')
      return model
    }
  }

  async function answerOf ({ ksvc, warnings }: Written, dryRun: boolean, signal: AbortSignal): Promise<Model> {
    if (!dryRun) await view.caughtUp(ksvc, signal)
    const { revisions = [], pods = [] } = view.cached(ksvc.metadata.name) ?? {}
    return { ...modelOf({ ksvc, revisions, pods }), ...(warnings.length > 0 ? { warnings } : {}) }
  }

  async function liveKsvc (name: string, signal: AbortSignal): Promise<Ksvc> {
    const live = isModelName(name) ? await api.read(name, signal) : undefined
    if (live === undefined) throw notFound(name)
    return live
  }

  return {
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
      const family = await familyNow(name, signal)
      if (family === undefined) throw notFound(name)
      return await explained(family, signal)
    },

    async create (name, spec, { requestedBy: caller, dryRun }, signal) {
      return await answerOf(await api.create(createdBy(newKsvc(name, namespace, spec), caller), dryRun, signal), dryRun, signal)
    },

    async update (name, change, options, signal) {
      for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
        const family = await view.read(name, signal)
        if (family === undefined) throw notFound(name)
        const { ksvc: live } = family
        const current = { model: modelOf(family), revisions: family.revisions.map(revisionOf) }
        const next = changedKsvc(live, current, change, options)
        if (isDeepStrictEqual(next, live)) return await answerOf({ ksvc: live, warnings: [] }, options.dryRun, signal)
        try {
          if (!options.dryRun) await revisions.keep(family.revisions, neededRevisions(next), signal)
          return await answerOf(await api.replace(requestedBy(next, options.requestedBy), options.dryRun, signal), options.dryRun, signal)
        } catch (error) {
          if (!(error instanceof Conflict)) throw error
          await sleep(20 * attempt * (0.5 + Math.random()), undefined, { signal })
        }
      }
      throw keptChanging(name)
    },

    async delete (name, { dryRun, ifMatch }, signal) {
      for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
        const { metadata, ...live } = await liveKsvc(name, signal)
        if (metadata.deletionTimestamp !== undefined) return
        mustMatch(modelOf({ ksvc: { metadata, ...live }, revisions: [], pods: [] }), ifMatch)
        const { uid, resourceVersion } = metadata
        try {
          const seen = ifMatch === undefined || resourceVersion === undefined ? {} : { resourceVersion }
          return await api.delete(name, { ...(uid === undefined ? {} : { uid }), ...seen }, dryRun, signal)
        } catch (error) {
          if (!(error instanceof Conflict)) throw error
          await sleep(20 * attempt * (0.5 + Math.random()), undefined, { signal })
        }
      }
      throw keptChanging(name)
    },

    async * follow (name, generation, signal) {
      const changes = signalled(view.onChange, name, signal)
      try {
        while (true) {
          signal.throwIfAborted()
          const family = await familyNow(name, signal)
          const model = family === undefined ? undefined : await explained(family, signal)
          if (model === undefined || model.generation >= generation) yield model
          await changes.next()
        }
      } finally {
        changes.end()
      }
    },

    async revisions (name, signal) {
      const family = await familyNow(name, signal)
      if (family === undefined) throw notFound(name)
      const events = await view.warnings(family, signal)
      return { model: modelOf(family, events), revisions: revisionReports(family, events) }
    },

    async deleteRevision (name, revision, signal) {
      if (!await revisions.delete(revision, signal)) {
        throw new DomainError('revision-not-found', `${JSON.stringify(name)} has no revision ${JSON.stringify(revision)}`)
      }
    },

    async revisionsOf (name, signal) {
      const family = await familyNow(name, signal)
      if (family === undefined) throw notFound(name)
      const model = family.ksvc === view.cached(name)?.ksvc ? cachedModel(family) : modelOf(family)
      return { model, revisions: family.revisions.map(revisionOf) }
    }
  }
}

/** The live ksvc as asked for; itself, when nothing is to be changed. */
function changedKsvc (live: Ksvc, current: Current, change: (current: Current) => Change, options: UpdateOptions): Ksvc {
  const { model } = current
  if (live.metadata.deletionTimestamp !== undefined) throw beingDeleted(model.name)
  mustMatch(model, options.ifMatch)
  const { spec = model.spec, table, revisionName, history } = change(current)
  const withSpec = ksvcWith(live, spec)
  const withTemplate = options.redeploy ? redeployed(withSpec, new Date().toISOString()) : withSpec
  const isNewTemplate = !isSameTemplate(live, withTemplate)
  if (isNewTemplate && table === undefined) mustFollowLatest(model, options)
  const named = isNewTemplate && revisionName !== undefined ? withRevisionName(withTemplate, revisionName) : withTemplate
  const routed = table !== undefined && !isSameTable(table, model.desired) ? withTable(named, table) : named
  const next = options.trafficToLatest ? trafficToLatest(routed) : routed
  if (!isNewTemplate && isDeepStrictEqual(next.spec.traffic, live.spec.traffic)) return history === undefined ? next : withHistory(next, history)
  return withHistory(next, history ?? remembered(model.history, pinnedTable(model.desired, model.status.latestReadyRevision)))
}

function mustFollowLatest ({ name, desired }: Model, { trafficToLatest }: UpdateOptions): void {
  if (trafficToLatest || desired.some(({ latest, percent }) => latest && percent > 0)) return
  throw new DomainError('model-pinned', `the traffic of ${JSON.stringify(name)} is pinned to revisions: a new one would get none of it`, {
    remedy: `deploy the change by POST /models/${name}/revisions and move traffic to it, or repeat the call with traffic=latest`
  })
}

/** What the table and rollback name: not to be collected as garbage, however long it gets no traffic. */
function neededRevisions (ksvc: Ksvc): ReadonlySet<string> {
  const { desired, history } = modelOf({ ksvc, revisions: [], pods: [] })
  return new Set([desired, ...history].flatMap(revisionsIn))
}

function mustMatch (current: Model, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch === current.version) return
  throw new DomainError('model-changed', `${JSON.stringify(current.name)} has changed since it was read`, { extra: { etag: `"${current.version}"` } })
}

function notFound (name: string): DomainError {
  return new DomainError('model-not-found', `there is no model ${JSON.stringify(name)}`)
}

function keptChanging (name: string): DomainError {
  return new DomainError('model-conflict', `others kept changing ${JSON.stringify(name)}`, { retryAfterSeconds: 1 })
}

function tokenOf (name: string): string {
  return Buffer.from(name).toString('base64url')
}

function nameIn (token: string): string {
  const name = Buffer.from(token, 'base64url').toString()
  if (isModelName(name)) return name
  throw invalidFields([{ field: 'query.continue', detail: 'is not a token of an earlier page', remedy: 'start again without continue' }])
}

/** Changes of one model as a pull: `next` resolves when there was one since the last time, and rejects with the signal's reason. */
function signalled (onChange: (listener: (model: string) => void) => () => void, name: string, signal: AbortSignal) {
  let changed = false
  let wake = () => {}
  const stop = onChange(model => {
    if (model !== name) return
    changed = true
    wake()
  })
  const abort = () => { wake() }
  signal.addEventListener('abort', abort)
  return {
    async next () {
      if (!changed && !signal.aborted) await new Promise<void>(resolve => { wake = resolve })
      signal.throwIfAborted()
      changed = false
    },
    end () {
      stop()
      signal.removeEventListener('abort', abort)
    }
  }
}
