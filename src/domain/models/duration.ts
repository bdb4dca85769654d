const UNITS: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 }

/** Seconds of a Go-style duration ("90s", "1m30s", "1.5h", "0"); undefined for what isn't one. */
export function secondsOf (duration: string): number | undefined {
  if (duration === '0') return 0
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(duration)) return undefined
  return Array.from(duration.matchAll(/([\d.]+)([a-zµ]+)/g), ([, digits, unit = '']) => Number(digits) * (UNITS[unit] ?? NaN)).reduce((a, b) => a + b, 0)
}
