import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import {
  type ApiCall,
  type Connection,
  openConnection
} from '../../../src/adapters/kubernetes/api/connection.js'
import type { ViewOptions } from '../../../src/adapters/kubernetes/view/cluster-view.js'
import { type KsvcStore, openKsvcStore } from '../../../src/adapters/kubernetes/ksvc-store.js'
import { DomainError } from '../../../src/domain/errors.js'
import { completeSpec, type GivenSpec } from '../../../src/domain/models/spec/new-spec.js'
import type { ModelSpec } from '../../../src/domain/models/model/model.js'
import type { Simulator } from '../../../simulator/simulator.js'
import { openSimulator } from '../../support/service.js'

export const NAMESPACE = 'sas-model-inference'
export const KSVCS = `/apis/serving.knative.dev/v1/namespaces/${NAMESPACE}/services`
export const IMAGE = 'registry.demo/sr_hmeq_logreg:1.0'
export const QUIET = { warn () {}, debug () {} }
/** Watches that end every second, so that what goes wrong shows soon. */
export const QUICK = { watchSeconds: 1, slackMs: 300, backoffMaxMs: 200 }
export const WRITE = { requestedBy: 'tester', dryRun: false }
export const UPDATE = { ...WRITE, redeploy: false, trafficToLatest: false }

export interface World {
  readonly simulator: Simulator
  readonly connection: Connection
  readonly calls: ApiCall[]
  readonly signal: AbortSignal
}

/** A simulated cluster and a connection to it. */
export async function openWorld (t: Test): Promise<World> {
  const { simulator, cluster } = await openSimulator(t, {
    timing: { drainMs: 300, podStartMs: 100 }
  })
  const calls: ApiCall[] = []
  const connection = await openConnection({
    kubeconfigFile: cluster.kubeconfig,
    onCall: call => calls.push(call),
    callLimitMs: 5_000
  })
  t.teardown(async () => await connection.close())
  return { simulator, connection, calls, signal: AbortSignal.timeout(30_000) }
}

export async function openStore (
  t: Test,
  { connection }: World,
  options: Partial<ViewOptions> = {}
): Promise<KsvcStore> {
  const store = openKsvcStore(connection, {
    namespace: NAMESPACE,
    log: QUIET,
    timing: QUICK,
    ...options
  })
  t.teardown(() => {
    store.close()
  })
  await store.synced
  return store
}

export function spec (name: string, given: Partial<GivenSpec> = {}): ModelSpec {
  return completeSpec(name, { image: IMAGE, ...given })
}

/** Looks again until it is so; fails with the last thing seen. */
export async function eventually<T> (
  look: () => T | Promise<T>,
  isSo: (seen: T) => boolean,
  limitMs = 8_000
): Promise<T> {
  const end = performance.now() + limitMs
  while (true) {
    const seen = await look()
    if (isSo(seen)) return seen
    if (performance.now() > end) { throw new Error(`still not so after ${limitMs} ms: ${JSON.stringify(seen)}`) }
    await sleep(20)
  }
}

/** What it rejects with; undefined when it does not. */
export async function failureOf (work: Promise<unknown>): Promise<unknown> {
  return await work.then(() => undefined, (error: unknown) => error)
}

export async function faultOf (work: Promise<unknown>): Promise<string> {
  const failure = await failureOf(work)
  return failure instanceof DomainError ? failure.fault : `no fault: ${String(failure)}`
}
