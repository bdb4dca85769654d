import { hash } from 'node:crypto'

/** A revision that keys may go to. At least one candidate has a percent above 0. */
export interface Candidate {
  readonly name: string
  readonly percent: number
}

/**
 * Chooses the candidate of a key by weighted rendezvous hashing. Each candidate draws a number from
 * its name and the key, and the greatest percent / -ln(draw) wins. The result is the same in every
 * request and on every replica, and the shares follow the percents. A key moves only to a candidate
 * whose percent grew relative to that of the one it leaves. So with two candidates only as many
 * keys move as percents. (With more, no rule without a memory does better for every pair of
 * tables.)
 */
export function stickyRoute<C extends Candidate> (candidates: readonly C[], key: string): C {
  let best = candidates[0]!
  let greatest = -Infinity
  for (const candidate of candidates) {
    const score = candidate.percent / -Math.log(drawOf(candidate.name, key))
    if (score <= greatest) continue
    best = candidate
    greatest = score
  }
  return best
}

/** Draws a number that is uniform in the open interval 0..1. */
function drawOf (name: string, key: string): number {
  // SHA-1 spreads evenly also keys that differ in one digit only. A line end separates name and
  // key, because no revision's name has one.
  const digest = hash('sha1', `${name}\n${key}`, 'buffer')
  return (digest.readUIntBE(0, 6) + 0.5) / 2 ** 48
}
