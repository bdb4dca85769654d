import type { Cluster } from './cluster.js'
import { quantity } from './pod-spec.js'
import { PODS, QUOTAS } from '../kube/resources.js'

type Amounts = Readonly<Record<string, string>>

interface PodResources { readonly containers: ReadonlyArray<{ readonly resources?: { readonly requests?: Amounts, readonly limits?: Amounts } }> }

/** What the first quota that a further pod would exceed says (recorded words); undefined when all have room. Counts requests, limits and pods. */
export function quotaExceeded ({ store }: Cluster, namespace: string, pod: PodResources): string | undefined {
  for (const { metadata, spec } of store.list(QUOTAS, namespace)) {
    for (const [what, hard] of Object.entries(spec.hard)) {
      const asked = amount(pod, what)
      const used = store.list(PODS, namespace).reduce((sum, { spec }) => sum + amount(spec as PodResources, what), 0)
      if (asked === 0 || used + asked <= quantity(hard)) continue
      const told = what === 'pods' ? String(asked) : texts(pod, what)[0] ?? ''
      return `exceeded quota: ${metadata.name}, requested: ${what}=${told}, used: ${what}=${used}, limited: ${what}=${hard}`
    }
  }
  return undefined
}

function amount (pod: PodResources, what: string): number {
  return what === 'pods' ? 1 : texts(pod, what).reduce((sum, text) => sum + quantity(text), 0)
}

/** `what` as quotas have it, e.g. `requests.cpu`. */
function texts ({ containers }: PodResources, what: string): string[] {
  const [kind, ...resource] = what.split('.')
  const limit = kind === 'limits'
  return containers.flatMap(({ resources = {} }) => (limit ? resources.limits : resources.requests)?.[resource.join('.')] ?? [])
}
