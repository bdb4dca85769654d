const MS_PER_SECOND = 1_000

/** Options, headers and claims are in seconds; timers and clocks here are in milliseconds. */
export function msOf (seconds: number): number {
  return seconds * MS_PER_SECOND
}
