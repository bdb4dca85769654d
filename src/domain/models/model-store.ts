import type { Table } from '../revisions/traffic.js'
import type { TrafficHistory } from '../revisions/traffic-history.js'
import type { Explanation, Model, ModelSpec, Revision } from './model.js'

export interface ListQuery {
  readonly ready?: boolean
  /** Kubernetes' syntax, e.g. `team=risk,stage!=dev`. */
  readonly labelSelector?: string
  /** 1..500. */
  readonly limit: number
  /** From an earlier page. */
  readonly continue?: string
}

export interface Page {
  readonly items: readonly Model[]
  readonly continue?: string
  /** The cache was too old, so that the cluster itself was asked. */
  readonly stale: boolean
}

export interface WriteOptions {
  /** Who asked, for the annotation `scr-modelops/requested-by`. */
  readonly requestedBy: string
  /** The cluster validates and answers, and stores nothing. */
  readonly dryRun: boolean
}

export interface UpdateOptions extends WriteOptions {
  /** The `version` that the caller read; `model-changed` when the model moved on. */
  readonly ifMatch?: string
  /** A new revision even of an unchanged template: a tag was published again. */
  readonly redeploy: boolean
  /** A new template takes all traffic once ready, also on a pinned model; otherwise that is `model-pinned`. */
  readonly trafficToLatest: boolean
}

/** What a change is made from: the model as the cluster has it, and all its revisions. */
export interface Current { readonly model: Model, readonly revisions: readonly Revision[] }

/** What a change makes different; the rest stays. */
export interface Change {
  readonly spec?: ModelSpec
  /** The whole traffic table. */
  readonly table?: Table
  /** Names the revision that a new template makes; otherwise the cluster does. */
  readonly revisionName?: string
  /** Otherwise the table that a new template or table leaves behind is remembered. */
  readonly history?: TrafficHistory
}

/** A revision, with what only pods and events tell. */
export interface RevisionReport extends Revision {
  readonly explanation: Explanation
}

/**
 * Where models live. Every read may come from a cache that follows the cluster; when the cache is stale, and before a name is
 * said not to exist, the cluster is asked. Writes always read live and never lose a concurrent change.
 * All methods throw DomainError `cluster-forbidden`, `cluster-busy` or `cluster-unreachable`, and the signal's reason when it fires.
 */
export interface ModelStore {
  /** By name, ascending. @throws `request-invalid` for a selector or continue token that can't be read */
  list (query: ListQuery, signal: AbortSignal): Promise<Page>

  /** With its explanation from pods and events where it isn't ready. @throws `model-not-found` */
  get (name: string, signal: AbortSignal): Promise<Model>

  /** Stores it and returns at once; Ready comes later. @throws `model-exists`, `model-being-deleted`, `model-invalid` */
  create (name: string, spec: ModelSpec, options: WriteOptions, signal: AbortSignal): Promise<Model>

  /**
   * Replaces what `change` makes different; a change of nothing writes nothing. Fields that a ModelSpec does not know survive.
   * Template and traffic go into one write. Revisions that rollback needs are kept from the cluster's garbage collection.
   * `change` is pure and may be called again after a conflict.
   * @throws `model-not-found`, `model-being-deleted`, `model-changed`, `model-conflict`, `model-pinned`, `model-invalid`
   */
  update (name: string, change: (current: Current) => Change, options: UpdateOptions, signal: AbortSignal): Promise<Model>

  /** Asks for the deletion; what runs ends within about half a minute. @throws `model-not-found`, `model-changed` */
  delete (name: string, options: { readonly dryRun: boolean, readonly ifMatch?: string }, signal: AbortSignal): Promise<void>

  /**
   * The model now and whenever something about it changed (its pods included), `undefined` once it is gone. Never ends by itself.
   * States older than `generation` are left out, so that a writer never takes the state before its own write for an answer.
   */
  follow (name: string, generation: number, signal: AbortSignal): AsyncIterable<Model | undefined>

  /** All revisions, the newest first, each with why it is as it is. @throws `model-not-found` */
  revisions (name: string, signal: AbortSignal): Promise<{ readonly model: Model, readonly revisions: readonly RevisionReport[] }>

  /** Deletes a revision of the model, whatever may route to it: checking that is the caller's. @throws `revision-not-found` */
  deleteRevision (name: string, revision: string, signal: AbortSignal): Promise<void>

  /** The model with its revisions, for scoring; makes no call to the cluster while the cache is fresh. @throws `model-not-found` */
  revisionsOf (name: string, signal: AbortSignal): Promise<{ readonly model: Model, readonly revisions: readonly Revision[] }>
}
