import type { Pod, ResourceQuota } from '../../kube/objects.js'
import type { Follower, PodLogs } from '../../kube/reading/pod-log.js'
import { QUOTAS } from '../../kube/resources.js'
import type { Change } from '../../kube/store/store.js'
import { Controller, type Cluster } from '../cluster/cluster.js'
import type { RouteTable } from '../ingress/route-table.js'
import type { Revision } from '../objects.js'
import { CONFIGURATIONS, REVISIONS, ROUTES, SERVICES } from '../resources.js'
import { reconcileConfiguration } from './configuration.js'
import { RevisionRun } from './revision.js'
import { Rollouts } from './rollout.js'
import { reconcileRoute } from './route.js'
import { reconcileService } from './service.js'

/** Knative's controllers, which watch the store, and the running revisions. */
export class Knative implements PodLogs {
  readonly #runs = new Map<string, RevisionRun>()
  readonly #services: Controller
  readonly #configurations: Controller
  readonly #routes: Controller
  readonly #rollouts: Rollouts
  /** how many log requests with follow are open */
  followedLogs = 0

  constructor (
    readonly cluster: Cluster,
    readonly table: RouteTable
  ) {
    const { reconcileMs, scaleTickMs } = cluster.timing
    this.#services = new Controller(cluster, reconcileMs, (namespace, name) =>
      reconcileService(cluster, namespace, name)
    )
    this.#configurations = new Controller(cluster, reconcileMs, (namespace, name) =>
      reconcileConfiguration(cluster, namespace, name)
    )
    this.#rollouts = new Rollouts(cluster.clock, (namespace, name) =>
      this.#routes.visit(namespace, name)
    )
    // Routes are the slowest of the three: a ksvc shows the state of its Configuration before its
    // Route follows (recorded). So a change of the Configuration postpones the visit of the Route.
    this.#routes = new Controller(cluster, 2.5 * reconcileMs, (namespace, name) =>
      reconcileRoute(cluster, table, this.#rollouts, namespace, name)
    )
    cluster.store.subscribe(change => this.#take(change))
    cluster.clock.runEvery(scaleTickMs, () => {
      const now = Date.now()
      for (const run of this.#runs.values()) run.scale(now)
    })
  }

  /** Finds a running revision by its name. */
  run (namespace: string, revision: string): RevisionRun | undefined {
    return this.#runs.get(`${namespace}/${revision}`)
  }

  /** Visits the changed object and those that depend on it, such as its parent. */
  #take ({ type, resource, object }: Change): void {
    if (resource === QUOTAS && type === 'ADDED') {
      this.cluster.store.update(QUOTAS, {
        ...(object as ResourceQuota),
        status: { hard: (object as ResourceQuota).spec.hard }
      })
    }
    const { namespace, name, labels = {} } = object.metadata
    if (resource === SERVICES && type !== 'DELETED') this.#services.visit(namespace, name)
    if (resource === CONFIGURATIONS) {
      this.#configurations.visit(namespace, name)
      this.#routes.postpone(namespace, name)
      this.#services.visit(namespace, name)
    }
    if (resource === ROUTES) {
      if (type === 'DELETED') {
        this.table.remove(namespace, name)
        this.#rollouts.forget(namespace, name)
      }
      this.#routes.visit(namespace, name)
      this.#services.visit(namespace, name)
    }
    if (resource === REVISIONS) {
      const configuration = labels['serving.knative.dev/configuration'] ?? ''
      if (type === 'ADDED') {
        this.#runs.set(`${namespace}/${name}`, new RevisionRun(this.cluster, object as Revision))
      }
      if (type === 'DELETED') this.#stop(namespace, name)
      this.#configurations.visit(namespace, configuration)
      for (const route of this.cluster.store.values(ROUTES)) {
        if (route.spec.traffic.some(target => target.revisionName === name)) {
          this.#routes.visit(route.metadata.namespace, route.metadata.name)
        }
      }
    }
  }

  #stop (namespace: string, name: string): void {
    this.run(namespace, name)?.stop()
    this.#runs.delete(`${namespace}/${name}`)
  }

  endPod (pod: Pod, graceSeconds: number | undefined): void {
    const found = this.#find(pod)
    if (found !== undefined) found.run.endPod(found.pod, graceSeconds)
  }

  readCurrent (pod: Pod, container: string): string | undefined {
    return container === 'queue-proxy' ? QUEUE_LOG : this.#find(pod)?.pod.readLog(false)
  }

  readPrevious (pod: Pod, container: string): string | undefined {
    return container === 'queue-proxy' ? undefined : this.#find(pod)?.pod.readLog(true)
  }

  follow (pod: Pod, container: string, { onLine, onEnd }: Follower): () => void {
    const run = this.#find(pod)?.pod
    const isModel = container !== 'queue-proxy'
    const { terminated, waiting } = run?.user.state ?? {}
    if (
      run === undefined ||
      (isModel && (terminated !== undefined || waiting?.reason === 'CrashLoopBackOff'))
    ) {
      onEnd()
      return () => {}
    }
    const leave = run.follow({ onLine: isModel ? onLine : () => {}, onEnd })
    this.followedLogs++
    return () => {
      this.followedLogs--
      leave()
    }
  }

  #find ({ metadata: { namespace, name, labels = {} } }: Pod) {
    const run = this.run(namespace, labels['serving.knative.dev/revision'] ?? '')
    const pod = run?.pods.find(pod => pod.name === name)
    return run && pod && { run, pod }
  }
}

const QUEUE_LOG =
  '{"severity":"INFO","logger":"queueproxy","message":"Starting http server main:8012"}\n'
