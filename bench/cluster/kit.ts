import { accessSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { output, ROOT, startWorker, type Worker } from '../program.js'

export const NAMESPACE = 'sas-model-inference'
/** Carried by everything that is installed for the benchmark. */
export const LABEL = 'scr-modelops/install=bench'

/**
 * The folder of a kit that runs a Kubernetes with Knative on this machine: CLUSTER_KIT, or
 * `../shared/cluster` beside the clone.
 */
export function kitFolder (): string {
  const folder = path.resolve(ROOT, process.env['CLUSTER_KIT'] ?? '../shared/cluster')
  for (const command of ['run', 'make-node-image']) {
    try {
      accessSync(path.join(folder, command))
    } catch {
      throw new Error(
        `${path.join(folder, command)} is not there; set CLUSTER_KIT to the folder of the cluster's kit`
      )
    }
  }
  if (process.env['KUBECONFIG'] === undefined) {
    throw new Error(
      "set KUBECONFIG to the kubeconfig of the cluster (the kit's `status` prints it)"
    )
  }
  return folder
}

/** Runs kubectl, where the kit keeps it or on the PATH, and gives its output. */
export async function kubectl (args: readonly string[], input?: object): Promise<string> {
  const kept = path.join(
    process.env['SCR_CLUSTER_CACHE'] ?? path.join(homedir(), '.cache', 'scr-cluster'),
    'bin'
  )
  return await output(
    'env',
    [`PATH=${kept}:${process.env['PATH']}`, 'kubectl', ...args],
    input === undefined ? '' : JSON.stringify(input)
  )
}

export async function kubectlJson<T> (args: readonly string[]): Promise<T> {
  return JSON.parse(await kubectl([...args, '-o', 'json'])) as T
}

/** A worker inside the cluster's network. */
export async function startInside<Job, Result> (file: string): Promise<Worker<Job, Result>> {
  return await startWorker(file, {
    prefix: [path.join(kitFolder(), 'run')],
    env: { HOME: homedir() }
  })
}

export interface Pod {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly deletionTimestamp?: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly status: {
    readonly podIP?: string
    readonly conditions?: ReadonlyArray<{ readonly type: string; readonly status: string }>
    readonly containerStatuses?: ReadonlyArray<{
      readonly name: string
      readonly containerID?: string
    }>
  }
}

export async function pods (args: readonly string[]): Promise<Pod[]> {
  return (await kubectlJson<{ items: Pod[] }>(['get', 'pods', ...args])).items
}

export function isReady ({ metadata, status }: Pod): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
  )
}
