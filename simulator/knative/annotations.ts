import { fault, range, type Fault } from './faults.js'

const GROUP = 'autoscaling.knative.dev'
const MAX_INT32 = 2_147_483_647

/** Milliseconds of a Go duration such as `6s`, `1m30s` or `0.5h`; undefined when it is none (a number without a unit, for one). */
export function durationMs (text: string): number | undefined {
  if (text === '0') return 0
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined
  const unit: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce((sum, [, count, name]) => sum + Number(count) * (unit[name ?? ''] ?? 0), 0)
}

/** How a revision scales, from its annotations. Counts are pods, `target` requests in flight a pod. */
export interface Scaling {
  readonly minScale: number
  /** 0: no limit */
  readonly maxScale: number
  readonly initialScale: number
  readonly windowMs: number
  readonly target: number | undefined
  readonly utilization: number
  /** the activator leaves the path while pods are warm */
  readonly direct: boolean
  readonly progressDeadlineMs: number
}

export function scalingOf (annotations: Readonly<Record<string, string>>): Scaling {
  const text = (name: string) => annotations[`${GROUP}/${name}`]
  const count = (name: string, otherwise: number) => Number(text(name) ?? otherwise)
  return {
    minScale: count('min-scale', 0),
    maxScale: count('max-scale', 0),
    initialScale: count('initial-scale', 1),
    windowMs: durationMs(text('window') ?? '60s') ?? 60_000,
    target: text('target') === undefined ? undefined : Number(text('target')),
    utilization: count('target-utilization-percentage', 70) / 100,
    direct: text('target-burst-capacity') === '0',
    progressDeadlineMs: durationMs(annotations['serving.knative.dev/progress-deadline'] ?? '600s') ?? 600_000
  }
}

/** Unknown annotations and the camel-case names of old (minScale) pass unread (recorded). */
export function autoscalingFaults (annotations: Readonly<Record<string, string>>): Fault[] {
  const path = (name: string) => `spec.template.metadata.annotations.${GROUP}/${name}`
  const given = (name: string, check: (text: string) => Fault[]) => {
    const text = annotations[`${GROUP}/${name}`]
    return text === undefined ? [] : check(text)
  }
  const count = (name: string) => (text: string) => /^-?\d+$/.test(text)
    ? range(Number(text), 0, MAX_INT32, path(name))
    : [fault(`invalid value: ${text}`, path(name))]
  const duration = (name: string, low: string, high: string) => (text: string) => {
    const ms = durationMs(text)
    if (ms === undefined) return [fault(`invalid value: ${text}`, path(name))]
    const fits = ms >= (durationMs(low) ?? 0) && ms <= (durationMs(high) ?? 0)
    return fits ? [] : [fault(`expected ${low} <= ${text} <= ${high}`, path(name))]
  }
  const atLeast = (name: string, low: number) => (text: string) => {
    if (Number.isNaN(Number(text))) return [fault(`invalid value: ${text}`, path(name))]
    return Number(text) >= low ? [] : [fault(`${name} ${text} should be at least ${low}`, path(name))]
  }
  const faults = [
    ...given('min-scale', count('min-scale')),
    ...given('max-scale', count('max-scale')),
    ...given('initial-scale', text => text === '0' ? [fault('invalid value: 0', `${path('initial-scale')}=0 not allowed by cluster`)] : count('initial-scale')(text)),
    ...given('window', duration('window', '6s', '1h0m0s')),
    ...given('scale-to-zero-pod-retention-period', duration('scale-to-zero-pod-retention-period', '0s', '1h0m0s')),
    ...given('metric', text => ['concurrency', 'rps'].includes(text) ? [] : [fault(`invalid value: ${text}`, path('metric'))]),
    ...given('target', atLeast('target', 0.01)),
    ...given('target-utilization-percentage', text => range(Number(text), 1, 100, path('target-utilization-percentage')))
  ]
  const { minScale, maxScale } = scalingOf(annotations)
  if (maxScale > 0 && maxScale < minScale) {
    faults.push(fault(`max-scale=${maxScale} is less than min-scale=${minScale}`, `${path('max-scale')}, ${path('min-scale')}`))
  }
  return faults
}
