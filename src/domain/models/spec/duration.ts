const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600
}

/** No sensible duration is written with more characters. */
export const DURATION_MAX = 64

const DURATION = /^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/

/** Returns the seconds of a Go-style duration ("90s", "1m30s", "1.5h", "0"), else undefined. */
export function secondsOf (duration: string): number | undefined {
  if (duration === '0') return 0
  if (duration.length > DURATION_MAX || !DURATION.test(duration)) return undefined
  const parts = duration.match(/[\d.]+|[a-zµ]+/g) ?? [] // numbers and units alternate
  return parts.reduce(
    (sum, part, i) => (i % 2 === 0 ? sum + Number(part) * UNITS[parts[i + 1]!]! : sum),
    0
  )
}
