import { timestamp, type Condition } from '../kube/objects.js'

/** Makes a condition of this type and status, with a reason and message if given. */
export function condition (
  type: string,
  status: Condition['status'],
  reason?: string,
  message?: string
): Condition {
  return {
    type,
    status,
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message })
  }
}

/**
 * Prepares conditions for the store. It sorts them by type. A condition whose status did not change
 * keeps its transition time.
 */
export function stampConditions (
  conditions: readonly Condition[],
  old: readonly Condition[] = []
): Condition[] {
  return [...conditions]
    .sort((a, b) => (a.type < b.type ? -1 : 1))
    .map(now => {
      const before = old.find(({ type }) => type === now.type)
      return {
        lastTransitionTime:
          before?.status === now.status ? (before.lastTransitionTime ?? timestamp()) : timestamp(),
        ...now
      }
    })
}

export const findCondition = (
  conditions: readonly Condition[] | undefined,
  type: string
): Condition | undefined => conditions?.find(each => each.type === type)

export const isTrue = (conditions: readonly Condition[] | undefined, type: string): boolean =>
  findCondition(conditions, type)?.status === 'True'

/**
 * Sums up the conditions on which a top condition depends, in the order of their priority. The
 * result is the first False, else the first Unknown (one with a reason, if any), else True. A ksvc
 * shows the Route's reason before the Configuration's when both are False or both Unknown
 * (recorded).
 */
export function summarize (type: string, dependents: readonly Condition[]): Condition {
  const unknown = dependents.filter(({ status }) => status === 'Unknown')
  const worst =
    dependents.find(({ status }) => status === 'False') ??
    unknown.find(({ reason }) => reason !== undefined) ??
    unknown[0]
  return worst === undefined
    ? condition(type, 'True')
    : condition(type, worst.status, worst.reason, worst.message)
}
