import { PODS, QUOTAS } from '../../kube/resources.js'
import type { Cluster } from '../cluster/cluster.js'
import { parseQuantity } from './pod-spec.js'

type Amounts = Readonly<Record<string, string>>

interface PodResources {
  readonly containers: ReadonlyArray<{
    readonly resources?: { readonly requests?: Amounts; readonly limits?: Amounts }
  }>
}

/**
 * Returns the recorded message of the first quota that one more pod would exceed; undefined if all
 * quotas have room. Quotas of requests, limits and pods count.
 */
export function explainExceededQuota (
  { store }: Cluster,
  namespace: string,
  pod: PodResources
): string | undefined {
  for (const { metadata, spec } of store.list(QUOTAS, namespace)) {
    for (const [what, hard] of Object.entries(spec.hard)) {
      const asked = amountOf(pod, what)
      const used = store
        .list(PODS, namespace)
        .reduce((sum, { spec }) => sum + amountOf(spec as PodResources, what), 0)
      if (asked === 0 || used + asked <= parseQuantity(hard)) continue
      const requested = what === 'pods' ? String(asked) : (amountTexts(pod, what)[0] ?? '')
      return `exceeded quota: ${metadata.name}, requested: ${what}=${requested}, used: ${what}=${used}, limited: ${what}=${hard}`
    }
  }
  return undefined
}

function amountOf (pod: PodResources, what: string): number {
  return what === 'pods'
    ? 1
    : amountTexts(pod, what).reduce((sum, text) => sum + parseQuantity(text), 0)
}

/** Lists a pod's amounts of a resource, named as in quotas, e.g. `requests.cpu`. */
function amountTexts ({ containers }: PodResources, what: string): string[] {
  const [kind, ...resource] = what.split('.')
  const limit = kind === 'limits'
  return containers.flatMap(
    ({ resources = {} }) =>
      (limit ? resources.limits : resources.requests)?.[resource.join('.')] ?? []
  )
}
