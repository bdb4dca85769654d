const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60
}

/** No sensible quantity is written with more characters. */
export const QUANTITY_MAX = 64

const QUANTITY = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/

/**
 * Returns the cores or bytes of a Kubernetes quantity ("500m", "2Gi", "1e3"), else undefined. The
 * number is close, not exact.
 */
export function amountOf (quantity: string): number | undefined {
  if (quantity.length > QUANTITY_MAX) return undefined
  const [, digits, exponent, suffix = ''] = QUANTITY.exec(quantity) ?? []
  return digits === undefined
    ? undefined
    : Number(digits + (exponent ?? '')) * (FACTORS[suffix] ?? 1)
}

/** Whether two quantities are equal, since the server rewrites them: "1000m" comes back as "1". */
export function isSameQuantity (a: string, b: string): boolean {
  const [left, right] = [amountOf(a), amountOf(b)]
  if (left === undefined || right === undefined) return a === b
  return Math.abs(left - right) <= 1e-12 * Math.max(Math.abs(left), Math.abs(right))
}
