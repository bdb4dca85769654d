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

/** Cores or bytes of a Kubernetes quantity ("500m", "2Gi", "1e3"); undefined for what isn't one. A close number, not an exact one. */
export function amountOf (quantity: string): number | undefined {
  const [, digits, exponent, suffix = ''] = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/.exec(quantity) ?? []
  return digits === undefined ? undefined : Number(digits + (exponent ?? '')) * (FACTORS[suffix] ?? 1)
}

/** The server spells quantities its own way: "1000m" comes back as "1". */
export function sameQuantity (a: string, b: string): boolean {
  const [left, right] = [amountOf(a), amountOf(b)]
  if (left === undefined || right === undefined) return a === b
  return Math.abs(left - right) <= 1e-12 * Math.max(Math.abs(left), Math.abs(right))
}
