import type { Labels, Manifest } from './manifests.js'

// What NetworkPolicies allow, by the rules of networking.k8s.io/v1 as far as deploy/ uses them.

interface Selector {
  readonly matchLabels?: Labels
  readonly matchExpressions?: ReadonlyArray<{ readonly key: string, readonly operator: 'Exists' }>
}
interface Peer {
  readonly namespaceSelector?: Selector
  readonly podSelector?: Selector
}
interface Rule {
  readonly from?: readonly Peer[]
  readonly to?: readonly Peer[]
  readonly ports?: ReadonlyArray<{ readonly protocol: string, readonly port: number }>
}
interface Policy {
  readonly podSelector: Selector
  readonly policyTypes: readonly string[]
  readonly ingress?: readonly Rule[]
  readonly egress?: readonly Rule[]
}

/** A pod, or with no namespace something outside the pod network. */
export interface Place {
  readonly namespace?: { readonly name: string, readonly labels: Labels }
  readonly labels: Labels
}

/**
 * Whether a connection is allowed at both of its ends. `port`: e.g. `TCP 8080`, the number that the
 * pod listens on.
 */
export function mayReach (
  manifests: readonly Manifest[],
  from: Place,
  to: Place,
  port: string
): boolean {
  const policies = (of: Place, type: string): Array<Policy & { namespace: string }> =>
    manifests
      .filter(({ kind, metadata }) =>
        kind === 'NetworkPolicy' && metadata.namespace === of.namespace?.name
      )
      .map(({ spec, metadata }) => ({ ...spec as Policy, namespace: metadata.namespace ?? '' }))
      .filter(({ podSelector, policyTypes }) =>
        policyTypes.includes(type) && selects(podSelector, of.labels)
      )
  const open = (
    rules: readonly Rule[] | undefined,
    peersOf: (rule: Rule) => readonly Peer[] | undefined,
    other: Place,
    namespace: string
  ) =>
    rules?.some(rule =>
      (rule.ports?.some(({ protocol, port: number }) => `${protocol} ${number}` === port) ??
        true) &&
      (peersOf(rule)?.some(peer => isPeer(peer, other, namespace)) ?? true)
    ) ?? false
  const outgoing = policies(from, 'Egress')
  const incoming = policies(to, 'Ingress')
  return (outgoing.length === 0 ||
    outgoing.some(({ egress, namespace }) => open(egress, ({ to }) => to, to, namespace))) &&
    (incoming.length === 0 ||
      incoming.some(({ ingress, namespace }) => open(ingress, ({ from }) => from, from, namespace)))
}

/** A peer without a namespaceSelector is one of the policy's own namespace. */
function isPeer (
  { namespaceSelector, podSelector }: Peer,
  { namespace, labels }: Place,
  own: string
): boolean {
  if (namespace === undefined) return false
  const inNamespace = namespaceSelector === undefined
    ? namespace.name === own
    : selects(namespaceSelector, {
      'kubernetes.io/metadata.name': namespace.name,
      ...namespace.labels
    })
  return inNamespace && (podSelector === undefined || selects(podSelector, labels))
}

function selects ({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key }) => key in labels)
}
