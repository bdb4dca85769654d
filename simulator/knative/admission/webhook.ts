import { isDeepStrictEqual } from 'node:util'
import { ADMIN } from '../../kube/access/accounts.js'
import { badRequest } from '../../kube/status-errors.js'
import type { Ksvc, Template } from '../objects.js'
import { checkAutoscaling } from './check-autoscaling.js'
import { checkRevision } from './check-revision.js'
import { checkTraffic } from './check-traffic.js'
import { explainBadLabel, formatViolations, violation, type Violation } from './violations.js'

export const CREATOR = 'serving.knative.dev/creator'
export const MODIFIER = 'serving.knative.dev/lastModifier'
/** The annotations name this user for every writer. */
export const USER = ADMIN.username

/**
 * Refuses an invalid ksvc as Knative's validating webhook does: with 400 and all violations in one
 * message, in the recorded words.
 */
export function validateKsvc (ksvc: Ksvc, old: Ksvc | undefined): void {
  const violations = [
    ...checkName(ksvc.metadata.name),
    ...checkAnnotations(ksvc, old),
    ...checkTemplate(ksvc.metadata.name, ksvc.spec.template, old?.spec.template),
    ...checkTraffic(ksvc.spec.traffic ?? [])
  ]
  if (violations.length > 0) {
    throw badRequest(
      `admission webhook "validation.webhook.serving.knative.dev" denied the request: validation failed: ${formatViolations(violations)}`
    )
  }
}

function checkName (name: string): Violation[] {
  const why = explainBadLabel(name)
  return why === undefined ? [] : [violation(why, 'metadata.name')]
}

function checkAnnotations (
  { metadata: { annotations = {} } }: Ksvc,
  old: Ksvc | undefined
): Violation[] {
  const violations: Violation[] = []
  const misplaced = Object.keys(annotations).filter(key =>
    key.startsWith('autoscaling.knative.dev/')
  )
  for (const key of misplaced) {
    violations.push(
      violation(
        `invalid key name "${key}"`,
        'metadata.annotations',
        'autoscaling annotations must be put under "spec.template.metadata.annotations" to work'
      )
    )
  }
  if (old === undefined) return violations
  if (annotations[CREATOR] !== old.metadata.annotations?.[CREATOR]) {
    violations.push(violation('annotation value is immutable', `metadata.annotations.${CREATOR}`))
  }
  const modifier = annotations[MODIFIER]
  if (
    modifier !== undefined &&
    modifier !== USER &&
    modifier !== old.metadata.annotations?.[MODIFIER]
  ) {
    violations.push(violation(`invalid value: ${modifier}`, `metadata.annotations.${MODIFIER}`))
  }
  return violations
}

function checkTemplate (
  service: string,
  template: Template,
  old: Template | undefined
): Violation[] {
  const violations = [
    ...checkAutoscaling(template.metadata?.annotations ?? {}),
    ...checkRevision(template.spec)
  ]
  const name = template.metadata?.name
  if (name === undefined || name === '') return violations
  const path = 'spec.template.metadata.name'
  const why = explainBadLabel(name)
  if (why !== undefined) return [...violations, violation(`invalid value: ${why}`, path)]
  if (!name.startsWith(`${service}-`)) {
    violations.push(violation(`invalid value: "${name}" must have prefix "${service}-"`, path))
  }
  if (old?.metadata?.name === name && !isDeepStrictEqual(old, template)) {
    violations.push(
      violation(
        'Saw the following changes without a name change (-old +new)',
        path,
        describeDifference(old, template)
      )
    )
  }
  return violations
}

/**
 * Names the fields of the spec that differ. Go prints a whole structural difference, but readers
 * need only the fields.
 */
function describeDifference (old: Template, template: Template): string {
  const [before, after] = [old.spec as object, template.spec as object].map(
    spec => spec as Record<string, unknown>
  )
  const keys = Object.keys(after ?? {}).filter(
    key => !isDeepStrictEqual(before?.[key], after?.[key])
  )
  const upper = (key: string) => key.slice(0, 1).toUpperCase() + key.slice(1)
  const text = (value: unknown) =>
    typeof value === 'object' ? JSON.stringify(value) : `"${value}"`
  if (keys.length === 0) return '{*v1.RevisionTemplateSpec}.ObjectMeta:\n'
  return keys
    .map(
      key =>
        `*{*v1.RevisionTemplateSpec}.Spec.${upper(key)}:\n\t-: ${text(before?.[key])}\n\t+: ${text(after?.[key])}\n`
    )
    .join('')
}
