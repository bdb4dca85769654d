import type { TrafficTarget } from '../objects.js'
import { checkRange, explainBadLabel, violation, type Violation } from './violations.js'

export function checkTraffic (traffic: readonly TrafficTarget[]): Violation[] {
  const violations = traffic.flatMap(checkTarget)
  const tags = new Map<string, number>()
  for (const [i, { tag }] of traffic.entries()) {
    if (tag === undefined || tag === '') continue
    const first = tags.get(tag)
    if (first === undefined) tags.set(tag, i)
    else {
      violations.push(
        violation(
          `Multiple definitions for "${tag}"`,
          `spec.traffic[${first}].tag, spec.traffic[${i}].tag`
        )
      )
    }
  }
  const sum = traffic.reduce((total, { percent = 0 }) => total + percent, 0)
  if (sum !== 100) { violations.push(violation(`Traffic targets sum to ${sum}, want 100`, 'spec.traffic')) }
  return violations
}

function checkTarget (
  { revisionName, configurationName, latestRevision, percent = 0, tag, url }: TrafficTarget,
  i: number
): Violation[] {
  const path = `spec.traffic[${i}]`
  const violations = checkRange(percent, 0, 100, `${path}.percent`)
  if (configurationName !== undefined) {
    violations.push(violation('must not set the field(s)', `${path}.configurationName`))
  }
  if (url !== undefined) violations.push(violation('must not set the field(s)', `${path}.url`))
  if (latestRevision === (revisionName !== undefined && revisionName !== '')) {
    violations.push(
      violation(
        `may not set revisionName "${revisionName ?? ''}" when latestRevision is ${latestRevision}`,
        `${path}.latestRevision`
      )
    )
  }
  const why = tag === undefined || tag === '' ? undefined : explainBadLabel(tag)
  // Knative's message also has the index after the tag.
  if (why !== undefined) { violations.push(violation(`invalid value: ${why}`, `spec.traffic.tag[${i}]`)) }
  return violations
}
