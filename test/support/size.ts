/**
 * How many times something is tried: `full` with FULL=1, as `.ci/run` has it, otherwise `quick`, so
 * that `npm test` is waited for.
 */
export function sized (full: number, quick: number): number {
  return process.env['FULL'] === '1' ? full : quick
}
