import { readdirSync, readFileSync } from 'node:fs'
import { cpuSeconds } from '../machine.js'
import { pods } from './kit.js'

/** CPU seconds so far by who spent them. */
export type CpuShares = Readonly<Record<string, number>>

/**
 * Tells the processes of the cluster apart: by their container, and those outside of containers by
 * their name.
 */
export async function cpuMeter (): Promise<() => CpuShares> {
  const names = new Map<string, string>()
  for (const pod of await pods(['-A'])) {
    for (const { name, containerID = '' } of pod.status.containerStatuses ?? []) {
      const id = containerID.split('://')[1]
      if (id !== undefined) {
        names.set(id, nameOf(pod.metadata.namespace, name, pod.metadata.labels ?? {}))
      }
    }
  }
  return () => {
    const shares: Record<string, number> = {}
    for (const entry of readdirSync('/proc')) {
      const name = /^\d+$/.test(entry) ? ownerOf(entry, names) : undefined
      const seconds = name === undefined ? undefined : cpuSeconds(Number(entry))
      if (name !== undefined && seconds !== undefined) shares[name] = (shares[name] ?? 0) + seconds
    }
    return shares
  }
}

/** Never below 0, also where a process has ended meanwhile. */
export function difference (after: CpuShares, before: CpuShares): CpuShares {
  return Object.fromEntries(
    Object.entries(after).map(([name, seconds]) => [
      name,
      Math.max(0, seconds - (before[name] ?? 0))
    ])
  )
}

function nameOf (
  namespace: string,
  container: string,
  labels: Readonly<Record<string, string>>
): string {
  if (namespace === 'knative-serving') {
    return container === 'activator' ? 'activator' : 'Knative, other'
  }
  if (container === 'queue-proxy') return 'queue-proxy'
  if (labels['scr-modelops/install'] === 'bench' && container === 'scr-modelops') return 'service'
  return labels['serving.knative.dev/service']?.startsWith('bench-') === true
    ? 'model'
    : 'other pods'
}

function ownerOf (pid: string, names: ReadonlyMap<string, string>): string | undefined {
  try {
    const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
    for (const [id] of groups.matchAll(/[0-9a-f]{64}/g)) {
      if (names.has(id)) return names.get(id)
    }
    if (!groups.includes('/scr-cluster/')) return undefined
    if (groups.includes('/kubepods/')) return 'other pods'
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'envoy'
      ? 'ingress (Envoy)'
      : 'Kubernetes'
  } catch {
    return undefined // ended meanwhile
  }
}
