/** The prefix of the annotations that say how a revision scales. */
export const GROUP = 'autoscaling.knative.dev'

/**
 * Parses a Go duration such as `6s`, `1m30s` or `0.5h` into milliseconds. Returns undefined for
 * other texts, such as a number without a unit.
 */
export function parseDurationMs (text: string): number | undefined {
  if (text === '0') return 0
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined
  const unit: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (sum, [, count, name]) => sum + Number(count) * (unit[name ?? ''] ?? 0),
    0
  )
}

/**
 * The settings of the scaling annotations. Scales are numbers of pods. `target` is the number of
 * requests in flight per pod.
 */
export interface Scaling {
  readonly minScale: number
  /** 0: no limit */
  readonly maxScale: number
  readonly initialScale: number
  readonly windowMs: number
  readonly target: number | undefined
  readonly utilization: number
  /** requests bypass the activator while pods are warm */
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
    windowMs: parseDurationMs(text('window') ?? '60s') ?? 60_000,
    target: text('target') === undefined ? undefined : Number(text('target')),
    utilization: count('target-utilization-percentage', 70) / 100,
    direct: text('target-burst-capacity') === '0',
    progressDeadlineMs:
      parseDurationMs(annotations['serving.knative.dev/progress-deadline'] ?? '600s') ?? 600_000
  }
}
