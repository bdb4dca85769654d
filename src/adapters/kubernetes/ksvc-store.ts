import { isDeepStrictEqual } from 'node:util'
import {
  checkVersion,
  modelNotFound,
  revisionNotFound
} from '../../domain/models/model/model-faults.js'
import type { Model } from '../../domain/models/model/model.js'
import type { Current, ModelStore } from '../../domain/models/model/model-store.js'
import { countStuckAsFailed } from '../../domain/models/diagnosis/readiness.js'
import { isModelName } from '../../domain/models/spec/names.js'
import { planUpdate } from '../../domain/models/update-model.js'
import type { ApiAnswer, Connection } from './api/connection.js'
import type { Family } from './api/family.js'
import { createKsvcApi, retryConflicts } from './api/ksvc-api.js'
import type { Ksvc, KubeEvent } from './api/kube-objects.js'
import { createRevisionApi } from './api/revision-api.js'
import { imageOf } from './ksvc/ksvc-parts.js'
import { buildKsvc, withCreator, withRequester, withUpdate } from './ksvc/ksvc-spec.js'
import { withForetoldGeneration } from './ksvc/last-writer.js'
import { modelOf, reportRevisions, revisionsOf } from './ksvc/model-reading.js'
import { isEnding, isReady } from './pods/pod-reading.js'
import {
  type ClusterView,
  type ViewOptions,
  openClusterView,
  readCurrent
} from './view/cluster-view.js'
import { followChanges } from './view/model-changes.js'
import { pageOf, parsePageRequest } from './view/model-page.js'
import { createScoringReader } from './view/scoring-reader.js'

export interface KsvcStore extends ModelStore {
  /** What the store reads from, shared with readers of other things of the same models. */
  readonly view: ClusterView
  /** Resolves when the caches have been filled once. Until then reads go to the cluster. */
  readonly synced: Promise<void>
  /** Time since the last sign of life of the cluster, for readiness and metrics. */
  ageMs(): number
  /** Reads are answered from the caches. */
  isFresh(): boolean
  close(): void
}

/** Every ksvc of the namespace is a model. */
export function openKsvcStore (connection: Connection, options: ViewOptions): KsvcStore {
  const { namespace, log } = options
  const view = openClusterView(connection, options)
  const ksvcs = createKsvcApi(connection, namespace)
  const revisionApi = createRevisionApi(connection, namespace)
  const readToScore = createScoringReader(view, log)
  /** A model is worked out once for each state of its family. */
  const cachedModels = new Map<string, Model>()
  view.onChange(name => cachedModels.delete(name))

  function readModel (family: Family): Model {
    const { name } = family.ksvc.metadata
    const model = cachedModels.get(name) ?? modelOf(family)
    cachedModels.set(name, model)
    return model
  }

  /**
   * Events tell part of why a pod is not ready, for example that a probe fails or that a pull
   * secret does not exist.
   */
  async function explainModel (family: Family, signal: AbortSignal): Promise<Model> {
    const model = modelOf(family)
    if (model.status.ready || family.pods.every(pod => isEnding(pod) || isReady(pod))) return model
    return modelOf(family, await readWarnings(family, signal))
  }

  /** When events can't be read, a model is still explained by everything else. */
  async function readWarnings (family: Family, signal: AbortSignal): Promise<KubeEvent[]> {
    try {
      return await view.readWarnings(family, signal)
    } catch (error) {
      signal.throwIfAborted()
      log.warn({ err: error, model: family.ksvc.metadata.name }, 'events could not be read')
      return []
    }
  }

  async function answerWrite (
    { body: ksvc, warnings }: ApiAnswer<Ksvc>,
    dryRun: boolean,
    signal: AbortSignal
  ): Promise<Model> {
    if (!dryRun) await view.awaitWrite(ksvc, signal)
    const { revisions = [], pods = [] } = view.getCached(ksvc.metadata.name) ?? {}
    return { ...modelOf({ ksvc, revisions, pods }), ...(warnings.length > 0 ? { warnings } : {}) }
  }

  /**
   * Runs after the write, since the write may be refused. A revision that is kept too long only
   * takes room.
   */
  async function releaseRevisions (
    { revisions }: Family,
    keep: ReadonlySet<string>,
    signal: AbortSignal
  ): Promise<void> {
    try {
      await revisionApi.release(revisions, keep, signal)
    } catch (error) {
      log.warn({ err: error }, 'revisions stay kept from garbage collection')
    }
  }

  async function readCurrentOrThrow (name: string, signal: AbortSignal): Promise<Family> {
    const family = await readCurrent(view, name, signal)
    if (family === undefined) throw modelNotFound(name)
    return family
  }

  return {
    view,
    synced: view.synced,
    ageMs: view.ageMs,
    isFresh: view.isFresh,
    close: view.close,

    async list (query, signal) {
      const request = parsePageRequest(query)
      const isFresh = view.isFresh()
      const families = isFresh ? view.listCached() : await view.readAll(signal)
      const page = pageOf(families, request, isFresh ? readModel : family => modelOf(family))
      return { ...page, stale: !isFresh }
    },

    async get (name, signal) {
      return await explainModel(await readCurrentOrThrow(name, signal), signal)
    },

    async create (name, spec, { requestedBy, dryRun }, signal) {
      const ksvc = withCreator(buildKsvc(name, namespace, spec), requestedBy)
      const answer = await ksvcs.create(withForetoldGeneration(ksvc), dryRun, signal)
      return await answerWrite(answer, dryRun, signal)
    },

    async update (name, change, options, signal) {
      const { requestedBy, dryRun } = options
      return await retryConflicts(name, signal, async () => {
        const family = await view.read(name, signal)
        if (family === undefined) throw modelNotFound(name)
        const { ksvc: live, revisions } = family
        const plan = planUpdate(currentOf(family), change, options)
        const next = withUpdate(live, plan, new Date().toISOString())
        if (isDeepStrictEqual(next, live)) {
          const model = await answerWrite({ body: live, warnings: [] }, dryRun, signal)
          return { model, change: plan.change }
        }
        if (!dryRun) await revisionApi.keep(revisions, plan.keep, signal)
        const { body, warnings } = await ksvcs.replace(
          withForetoldGeneration(withRequester(next, requestedBy), live),
          dryRun,
          signal
        )
        if (!dryRun) await releaseRevisions(family, plan.keep, signal)
        const answer = { body, warnings: [...plan.warnings, ...warnings] }
        return { model: await answerWrite(answer, dryRun, signal), change: plan.change }
      })
    },

    async delete (name, { dryRun, ifMatch }, signal) {
      await retryConflicts(name, signal, async () => {
        const ksvc = isModelName(name) ? await ksvcs.read(name, signal) : undefined
        if (ksvc === undefined) throw modelNotFound(name)
        const { uid, resourceVersion, deletionTimestamp } = ksvc.metadata
        if (deletionTimestamp !== undefined) return
        checkVersion(modelOf({ ksvc, revisions: [], pods: [] }), ifMatch)
        const seen = {
          ...(uid === undefined ? {} : { uid }),
          ...(ifMatch === undefined || resourceVersion === undefined ? {} : { resourceVersion })
        }
        await ksvcs.delete(name, seen, dryRun, signal)
      })
    },

    async * follow (name, generation, signal) {
      const changes = followChanges(view.onChange, name, signal)
      try {
        while (true) {
          signal.throwIfAborted()
          const family = await readCurrent(view, name, signal)
          const model = family === undefined ? undefined : await explainModel(family, signal)
          if (model === undefined || model.generation >= generation) yield model
          await changes.next()
        }
      } finally {
        changes.end()
      }
    },

    async listRevisions (name, signal) {
      const family = await readCurrentOrThrow(name, signal)
      const events = await readWarnings(family, signal)
      return { model: modelOf(family, events), revisions: reportRevisions(family, events) }
    },

    async deleteRevision (name, revision, signal) {
      if (!(await revisionApi.delete(revision, signal))) throw revisionNotFound(name, revision)
    },

    async readForScoring (name, signal) {
      const family = await readToScore(name, signal)
      if (family === undefined) throw modelNotFound(name)
      const isCached = family.ksvc === view.getCached(name)?.ksvc
      const model = isCached ? readModel(family) : modelOf(family)
      return { model, revisions: revisionsOf(family) }
    }
  }
}

function currentOf (family: Family): Current {
  return {
    model: modelOf(family),
    revisions: countStuckAsFailed(reportRevisions(family, [])),
    templateImage: imageOf(family.ksvc.spec.template)
  }
}
