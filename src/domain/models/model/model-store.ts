import type { TrafficTable } from '../../traffic/traffic.js'
import type { TrafficHistory } from '../../traffic/traffic-history.js'
import type { Explanation, Model, ModelSpec, Revision } from './model.js'

export interface ListQuery {
  readonly ready?: boolean
  /** In Kubernetes' syntax, e.g. `team=risk,stage!=dev`. */
  readonly labelSelector?: string
  /** The greatest number of models on the page, 1..500. */
  readonly limit: number
  /** The token of an earlier page. */
  readonly continue?: string
}

export interface Page {
  readonly items: readonly Model[]
  readonly continue?: string
  /** The cache was too old, so the page was read from the cluster itself. */
  readonly stale: boolean
}

export interface WriteOptions {
  /** The user who asked, for the annotation `scr-modelops/requested-by`. */
  readonly requestedBy: string
  /** The cluster validates and answers, and stores nothing. */
  readonly dryRun: boolean
}

export interface UpdateOptions extends WriteOptions {
  /** Versions for which the caller made the change; `model-changed` if the model has another. */
  readonly ifMatch?: readonly string[]
  /** Makes a new revision even if the template is unchanged: its tag may be published again. */
  readonly redeploy: boolean
  /**
   * A new template takes all traffic once it is ready, also on a pinned model. Without this, a
   * pinned model is refused with `model-pinned`.
   */
  readonly trafficToLatest: boolean
}

/** The state from which a change is made: the model in the cluster, and all its revisions. */
export interface Current {
  readonly model: Model
  /** The newest first. */
  readonly revisions: readonly Revision[]
  /**
   * The image in the container of the present template. It has a digest where this service keeps
   * one. `model.spec.image` is the image as the user named it.
   */
  readonly templateImage: string
}

/** The parts of a model that a change replaces; the others stay. */
export interface Change {
  readonly spec?: ModelSpec
  /** The whole traffic table. */
  readonly table?: TrafficTable
  /** The name of the revision that a new template makes. Default: the cluster names it. */
  readonly revisionName?: string
  /** Default: the present history and, when template or table change, the present table. */
  readonly history?: TrafficHistory
}

/** The result of an update. */
export interface Updated<C extends Change> {
  readonly model: Model
  /** The change that the caller's function made from the replaced state. */
  readonly change: C
}

/** A revision with an explanation of its state, which needs pods and events. */
export interface RevisionReport extends Revision {
  readonly explanation: Explanation
}

/**
 * Stores models in the cluster. Every read may come from a cache that follows the cluster. The
 * cluster itself is read when the cache is stale, and before a model counts as not found. Writes
 * always read live and never lose a concurrent change. All methods throw DomainError
 * `cluster-forbidden`, `cluster-busy` or `cluster-unreachable`, and the signal's reason when it
 * fires.
 */
export interface ModelStore {
  /**
   * Lists models by name, ascending.
   * @throws `request-invalid` for a selector or continue token that can't be read
   */
  list(query: ListQuery, signal: AbortSignal): Promise<Page>

  /**
   * Reads a model. If it isn't ready, its explanation also comes from pods and events.
   * @throws `model-not-found`
   */
  get(name: string, signal: AbortSignal): Promise<Model>

  /**
   * Stores a new model and returns at once; Ready comes later.
   * @throws `model-exists`, `model-being-deleted`, `model-invalid`
   */
  create(name: string, spec: ModelSpec, options: WriteOptions, signal: AbortSignal): Promise<Model>

  /**
   * Replaces what `change` changes. If nothing differs, nothing is written. Fields that a ModelSpec
   * does not have survive. Template and traffic go into one write. Revisions that rollback needs
   * are protected from the cluster's garbage collection. `change` must be pure, since it may be
   * called again after a conflict.
   * @throws `model-not-found`, `model-being-deleted`, `model-changed`, `model-conflict`,
   *   `model-pinned`, `model-invalid`
   */
  update<C extends Change>(
    name: string,
    change: (current: Current) => C,
    options: UpdateOptions,
    signal: AbortSignal
  ): Promise<Updated<C>>

  /**
   * Asks for the deletion. Pods end within about half a minute.
   * @throws `model-not-found`, `model-changed`
   */
  delete(
    name: string,
    options: { readonly dryRun: boolean; readonly ifMatch?: readonly string[] },
    signal: AbortSignal
  ): Promise<void>

  /**
   * Yields the model now and whenever it or its pods have changed, `undefined` once it is gone. The
   * iteration never ends by itself. States older than `generation` are left out, so that a writer
   * never takes the state before its own write for the result.
   */
  follow(name: string, generation: number, signal: AbortSignal): AsyncIterable<Model | undefined>

  /** All revisions with their explanations, the newest first. @throws `model-not-found` */
  listRevisions(
    name: string,
    signal: AbortSignal
  ): Promise<{ readonly model: Model; readonly revisions: readonly RevisionReport[] }>

  /**
   * Deletes a revision of the model. The caller has to check first that no traffic goes to it.
   * @throws `revision-not-found`
   */
  deleteRevision(name: string, revision: string, signal: AbortSignal): Promise<void>

  /**
   * Reads the model with its revisions for scoring. Makes no call to the cluster while the cache is
   * fresh.
   * @throws `model-not-found`
   */
  readForScoring(
    name: string,
    signal: AbortSignal
  ): Promise<{ readonly model: Model; readonly revisions: readonly Revision[] }>
}
