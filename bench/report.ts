import {
  AIOHTTP,
  ASYNCIO,
  DUMPED,
  ONE_BY_ONE,
  SERVICE,
  type Rate,
  type Throughput
} from './throughput.js'

/**
 * Lines of cells in columns as wide as their longest cell, the first to the left, the others to the
 * right.
 */
export function table (head: readonly string[], lines: ReadonlyArray<readonly string[]>): string {
  const all = [head, ...lines]
  const widths = head.map((_, column) => Math.max(...all.map(line => line[column]!.length)))
  const text = all.map(line =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)
      )
      .join('  ')
  )
  return [text[0], widths.map(width => '-'.repeat(width)).join('  '), ...text.slice(1)].join('\n')
}

export function whole (value: number): string {
  return Math.round(value).toLocaleString('en')
}

export function percent (share: number): string {
  return `${Math.round(share * 100)} %`
}

export function throughputTable ({ latencyMs, inFlight, rates }: Throughput): string {
  const title = `Model latency ${latencyMs} ms, ${inFlight} rows in flight (Python: 1 and 64)`
  return table(
    [title, 'rows/s', 'lowest', 'highest', 'CPU us/row', 'stand-in busy'],
    rates.map(rateLine)
  )
}

function rateLine ({
  name,
  rowsPerSecond: { median, min, max },
  cpuMicroseconds,
  standInBusy
}: Rate): string[] {
  return [
    name,
    whole(median),
    whole(min),
    whole(max),
    cpuMicroseconds.toFixed(1),
    percent(standInBusy)
  ]
}

/** Something promised, and what was seen. */
export interface Verdict {
  readonly what: string
  readonly seen: number
  readonly target: string
  /** undefined: no target, told for itself */
  readonly met?: boolean
  readonly unit?: string
}

export function atLeast (what: string, seen: number, target: number, unit = ''): Verdict {
  return { what, seen, target: `>= ${target}${unit}`, met: seen >= target, unit }
}

export function atMost (what: string, seen: number, target: number, unit = ''): Verdict {
  return { what, seen, target: `<= ${target}${unit}`, met: seen <= target, unit }
}

export function verdictTable (verdicts: readonly Verdict[]): string {
  return table(
    ['Ratios and limits', 'seen', 'target', 'met'],
    verdicts.map(({ what, seen, target, met, unit = '' }) => [
      what,
      `${digits(seen)}${unit}`,
      target,
      met === undefined ? '' : met ? 'yes' : 'NO'
    ])
  )
}

function digits (value: number): string {
  return Math.abs(value) >= 10 ? whole(value) : value.toFixed(2)
}

/**
 * The service against the others, by rows a second and, less disturbed by other work on the
 * machine, by CPU time a row.
 */
export function ratios ({ latencyMs, rates }: Throughput): Verdict[] {
  const service = named(rates, SERVICE)
  const against = (name: string) =>
    service.rowsPerSecond.median / named(rates, name).rowsPerSecond.median
  const at = `at ${latencyMs} ms`
  const cpu = named(rates, DUMPED).cpuMicroseconds / service.cpuMicroseconds
  const bare = `service / bare loop ${at}`
  const python = [
    [ONE_BY_ONE, 'Python one by one', 50],
    [ASYNCIO, 'Python asyncio', 3],
    [AIOHTTP, 'Python aiohttp', 3]
  ] as const
  return [
    latencyMs === 0
      ? atLeast(bare, against(DUMPED), 0.6)
      : { what: bare, seen: against(DUMPED), target: '' },
    { what: `${bare}, by CPU time a row`, seen: cpu, target: '' },
    ...python
      .filter(([name]) => rates.some(rate => rate.name === name))
      .map(([name, told, target]): Verdict => {
        const what = `service / ${told} ${at}`
        return latencyMs === 2
          ? atLeast(what, against(name), target)
          : { what, seen: against(name), target: '' }
      })
  ]
}

function named (rates: readonly Rate[], name: string): Rate {
  return rates.find(rate => rate.name === name)!
}
