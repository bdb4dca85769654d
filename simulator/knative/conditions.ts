import { timestamp, type Condition } from '../kube/objects.js'

/** `Type=True`, or with reason and message: how a controller states a condition. */
export function condition (type: string, status: Condition['status'], reason?: string, message?: string): Condition {
  return { type, status, ...(reason !== undefined && { reason }), ...(message !== undefined && { message }) }
}

/** The conditions to store: ordered by type, the transition time kept where the status did not change. */
export function stamped (conditions: readonly Condition[], old: readonly Condition[] = []): Condition[] {
  return [...conditions].sort((a, b) => a.type < b.type ? -1 : 1).map(now => {
    const before = old.find(({ type }) => type === now.type)
    return { lastTransitionTime: before?.status === now.status ? before.lastTransitionTime ?? timestamp() : timestamp(), ...now }
  })
}

export const find = (conditions: readonly Condition[] | undefined, type: string): Condition | undefined =>
  conditions?.find(each => each.type === type)

export const isTrue = (conditions: readonly Condition[] | undefined, type: string): boolean => find(conditions, type)?.status === 'True'

/**
 * The top condition from those it depends on, strongest first: the first False, else the first Unknown (one with a reason, if any), else True.
 * Recorded: a ksvc shows the Route's reason before the Configuration's when both are False or both Unknown.
 */
export function summary (type: string, dependents: readonly Condition[]): Condition {
  const unknown = dependents.filter(({ status }) => status === 'Unknown')
  const worst = dependents.find(({ status }) => status === 'False') ?? unknown.find(({ reason }) => reason !== undefined) ?? unknown[0]
  return worst === undefined ? condition(type, 'True') : condition(type, worst.status, worst.reason, worst.message)
}
