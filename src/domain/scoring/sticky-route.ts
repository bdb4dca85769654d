import { hash } from 'node:crypto'

/** A revision that keys may go to; there is at least one, with a percent above 0. */
export interface Candidate { readonly name: string, readonly percent: number }

/**
 * The candidate of a key by weighted rendezvous hashing: each draws a number from its name and the key, and the greatest of
 * percent / -ln(draw) wins. So it is the same in every request and on every replica, shares follow the percents, and a key moves only to
 * a candidate whose percent grew relative to that of the one it leaves: with two candidates, only as many keys as percents have moved.
 * (With more, no rule without a memory does better for every pair of tables.)
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

/** Uniform in the open interval 0..1. */
function drawOf (name: string, key: string): number {
  // SHA-1 for its even spread, also of keys that differ in one digit; a line end can't be in a revision's name.
  const digest = hash('sha1', `${name}\n${key}`, 'buffer')
  return (digest.readUIntBE(0, 6) + 0.5) / 2 ** 48
}
