import type { FieldFault } from '../../errors.js'
import type { Resources } from '../model/model.js'
import { amountOf } from './quantity.js'

type Kind = 'cpu' | 'memory'

/**
 * Amounts outside these ranges have a wrong unit: no model server is meant to have 4 bytes, half a
 * byte (512m) or 4000 cores.
 */
const MEANT: { readonly [K in Kind]: Range } = {
  cpu: {
    least: 0.001,
    most: 1024,
    write: '500m or 2',
    unit: ['core', 'cores'],
    nearest: ['', 'm'],
    shown: ['1024 cores', '1m (a thousandth of a core)']
  },
  memory: {
    least: 1e6,
    most: 32 * 2 ** 40,
    write: '512Mi or 2Gi',
    unit: ['byte', 'bytes'],
    nearest: ['Mi', 'Gi', 'Ki', 'Ti'],
    shown: ['32Ti', '1M']
  }
}

interface Range {
  readonly least: number
  readonly most: number
  readonly write: string
  readonly unit: readonly [one: string, many: string]
  /** The units that a proposal tries, the likeliest first. */
  readonly nearest: readonly string[]
  /** `most` and `least` as quantities for messages. */
  readonly shown: readonly [most: string, least: string]
}

/** The longest text that is read as a quantity. */
const LENGTH_MAX = 40

/**
 * Finds texts that are not quantities, quantities with a wrong unit (see MEANT), and requests above
 * their limits.
 */
export function findResourceFaults ({ requests, limits }: Resources): FieldFault[] {
  return (['cpu', 'memory'] as const).flatMap(kind => {
    const faults = [
      ...findAmountFaults('requests', kind, requests[kind]),
      ...findAmountFaults('limits', kind, limits[kind])
    ]
    if (faults.length > 0 || requests[kind] === undefined || limits[kind] === undefined) {
      return faults
    }
    return amountOf(requests[kind])! <= amountOf(limits[kind])!
      ? []
      : [
          {
            field: `resources.requests.${kind}`,
            detail: `${requests[kind]} is above the limit of ${limits[kind]}`,
            remedy: `raise resources.limits.${kind} or lower the request`
          }
        ]
  })
}

function findAmountFaults (
  part: 'requests' | 'limits',
  kind: Kind,
  text: string | undefined
): FieldFault[] {
  if (text === undefined) return []
  const {
    least,
    most,
    write,
    unit: [one, many],
    shown
  } = MEANT[kind]
  const amount = text.length > LENGTH_MAX ? undefined : amountOf(text)
  const remedy = proposeAmount(text, kind) ?? `write it as ${write}`
  const refuse = (detail: string, advice = remedy) => [
    { field: `resources.${part}.${kind}`, detail, remedy: advice }
  ]
  if (amount === undefined || amount < 0) {
    return refuse(`${JSON.stringify(text.slice(0, LENGTH_MAX))} is not a quantity`)
  }
  if (amount === 0) {
    const none = part === 'limits' ? 'limit' : 'request'
    return refuse(
      `${text} ${many} can't be meant`,
      `leave it out for no ${none}, or write it as ${write}`
    )
  }
  const size = `${text} means ${writeShortly(amount)} ${amount === 1 ? one : many}`
  if (amount < least) return refuse(`${size}, less than ${shown[1]}`)
  return amount > most ? refuse(`${size}, more than ${shown[0]}`) : []
}

/**
 * Proposes the same number in a sensible unit: 512Mi for 512m, 512 MB or 512mi; 4Gi for 4; 4000m
 * for 4000 cores.
 */
function proposeAmount (text: string, kind: Kind): string | undefined {
  const { least, most, nearest, write } = MEANT[kind]
  if (text.length > LENGTH_MAX) return undefined
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text.trim()) ?? []
  if (digits === undefined || Number(digits) === 0) return undefined
  const isMeant = (would: string) =>
    would !== text && amountOf(would)! >= least && amountOf(would)! <= most
  const letter = unit.slice(0, 1).toLowerCase()
  const isAsWritten = (unit: string) => unit.toLowerCase().startsWith(letter)
  const units = kind === 'memory' || letter === 'm' ? nearest.filter(isAsWritten) : nearest
  const fits = units.map(unit => digits + unit).filter(isMeant)
  // Memory 4 without a unit probably means gigabytes, 512 megabytes.
  const isSmall = kind === 'memory' && letter === '' && Number(digits) < 64
  const found = isSmall ? fits.find(would => would.endsWith('Gi')) : fits[0]
  return found === undefined ? undefined : `did you mean ${found}? Write it as ${write}`
}

function writeShortly (amount: number): string {
  return String(Number(amount.toPrecision(4)))
}
