import { GROUP, parseDurationMs, scalingOf } from '../scaling.js'
import { checkRange, violation, type Violation } from './violations.js'

const MAX_INT32 = 2_147_483_647

/**
 * Checks the autoscaling annotations. Unknown ones, and the old names in camel case (minScale), are
 * not checked (recorded).
 */
export function checkAutoscaling (annotations: Readonly<Record<string, string>>): Violation[] {
  const pathOf = (name: string) => `spec.template.metadata.annotations.${GROUP}/${name}`
  const checkGiven = (name: string, check: (text: string) => Violation[]) => {
    const text = annotations[`${GROUP}/${name}`]
    return text === undefined ? [] : check(text)
  }
  const checkCount = (name: string) => (text: string) =>
    /^-?\d+$/.test(text)
      ? checkRange(Number(text), 0, MAX_INT32, pathOf(name))
      : [violation(`invalid value: ${text}`, pathOf(name))]
  const checkDuration = (name: string, low: string, high: string) => (text: string) => {
    const ms = parseDurationMs(text)
    if (ms === undefined) return [violation(`invalid value: ${text}`, pathOf(name))]
    const fits = ms >= (parseDurationMs(low) ?? 0) && ms <= (parseDurationMs(high) ?? 0)
    return fits ? [] : [violation(`expected ${low} <= ${text} <= ${high}`, pathOf(name))]
  }
  const checkAtLeast = (name: string, low: number) => (text: string) => {
    if (Number.isNaN(Number(text))) return [violation(`invalid value: ${text}`, pathOf(name))]
    return Number(text) >= low
      ? []
      : [violation(`${name} ${text} should be at least ${low}`, pathOf(name))]
  }
  const violations = [
    ...checkGiven('min-scale', checkCount('min-scale')),
    ...checkGiven('max-scale', checkCount('max-scale')),
    ...checkGiven('initial-scale', text =>
      text === '0'
        ? [violation('invalid value: 0', `${pathOf('initial-scale')}=0 not allowed by cluster`)]
        : checkCount('initial-scale')(text)
    ),
    ...checkGiven('window', checkDuration('window', '6s', '1h0m0s')),
    ...checkGiven(
      'scale-to-zero-pod-retention-period',
      checkDuration('scale-to-zero-pod-retention-period', '0s', '1h0m0s')
    ),
    ...checkGiven('metric', text =>
      ['concurrency', 'rps'].includes(text)
        ? []
        : [violation(`invalid value: ${text}`, pathOf('metric'))]
    ),
    ...checkGiven('target', checkAtLeast('target', 0.01)),
    ...checkGiven('target-utilization-percentage', text =>
      checkRange(Number(text), 1, 100, pathOf('target-utilization-percentage'))
    )
  ]
  const { minScale, maxScale } = scalingOf(annotations)
  if (maxScale > 0 && maxScale < minScale) {
    violations.push(
      violation(
        `max-scale=${maxScale} is less than min-scale=${minScale}`,
        `${pathOf('max-scale')}, ${pathOf('min-scale')}`
      )
    )
  }
  return violations
}
