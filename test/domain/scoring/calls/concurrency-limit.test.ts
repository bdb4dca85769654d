import t from 'tap'
import {
  ConcurrencyLimit,
  type RevisionScale
} from '../../../../src/domain/scoring/calls/concurrency-limit.js'

const scale: RevisionScale = {
  containerConcurrency: 0,
  rowsPerPod: 10,
  replicas: 1,
  timeoutSeconds: 300
}

/**
 * A revision that is always given as many rows as it may have, and answers each as `latencyMs` says
 * for so many at a time.
 */
class Driven {
  readonly limit: ConcurrencyLimit
  nowMs = 0
  #inside = 0

  /** `utilization`: of the process that sends the rows. */
  constructor (given: Partial<RevisionScale> = {}, utilization = 0) {
    this.limit = new ConcurrencyLimit({ ...scale, ...given }, () => utilization)
  }

  /** Rounds in which every row that may be there is sent and answered; the limit after each. */
  rounds (count: number, latencyMs: (rows: number) => number): number[] {
    return Array.from({ length: count }, () => {
      const sent = this.#fill()
      const tookMs = latencyMs(sent)
      this.nowMs += tookMs
      for (let row = 0; row < sent; row++) {
        this.limit.recordAnswer(tookMs, this.nowMs)
        this.#fill() // others wait for the room
      }
      this.#empty()
      return this.limit.rows
    })
  }

  /** All rows that may be there fail as those of an overloaded revision do. */
  overload (): number {
    const sentAtMs = this.nowMs
    const sent = this.#fill()
    this.nowMs += 1
    for (let row = 0; row < sent; row++) this.limit.recordOverload(sentAtMs, this.nowMs)
    this.#empty()
    this.nowMs += 1
    return this.limit.rows
  }

  /** How many are inside. */
  #fill (): number {
    for (; this.#inside === 0 || this.limit.hasRoom; this.#inside++) this.limit.enter(this.nowMs)
    return this.#inside
  }

  #empty (): void {
    for (; this.#inside > 0; this.#inside--) this.limit.leave()
  }
}

t.test('it begins with one row and doubles while the latency holds', async t => {
  t.same(new Driven().rounds(6, () => 5), [2, 4, 8, 16, 32, 64])
})

t.test('it does not grow while there are fewer rows than it allows', async t => {
  const limit = new ConcurrencyLimit(scale)
  for (let row = 0; row < 100; row++) {
    limit.enter(row)
    limit.recordAnswer(1, row)
    limit.leave()
  }
  t.equal(limit.rows, 2)
})

t.test('a model that scores one row at a time gets more than its pod is meant to have, so that pods are added, but no end of them', async t => {
  const driven = new Driven()
  driven.rounds(200, rows => 10 * rows)
  t.ok(driven.limit.rows > scale.rowsPerPod, `${driven.limit.rows} rows`)
  t.ok(driven.limit.rows < 10 * scale.rowsPerPod, `${driven.limit.rows} rows`)
})

t.test('while this process has no pause, rows that only wait in it become no more', async t => {
  const driven = new Driven({}, 1)
  driven.rounds(200, rows => 10 + rows)
  t.ok(driven.limit.rows < 40, `${driven.limit.rows} rows`)
})

t.test('a slow model gets as many rows from a busy process as from an idle one, as long as its latency holds', async t => {
  t.same(new Driven({}, 1).rounds(6, () => 100), [2, 4, 8, 16, 32, 64])
})

t.test('pods that are added bring the latency down, and the limit up', async t => {
  const driven = new Driven()
  driven.rounds(50, rows => 10 * rows)
  const withOne = driven.limit.rows
  driven.rounds(50, rows => 10 * rows / 4)
  t.ok(driven.limit.rows >= 1.5 * withOne, `${withOne} rows, then ${driven.limit.rows}`)
})

t.test('overload halves it, once for all rows that were there', async t => {
  const driven = new Driven()
  driven.rounds(5, () => 5)
  t.equal(driven.limit.rows, 32)
  t.equal(driven.overload(), 16)
  t.equal(driven.overload(), 8)
})

t.test('after an overload it grows by one a round', async t => {
  const driven = new Driven()
  driven.rounds(5, () => 5)
  driven.overload()
  const [first = 0, , , , fifth = 0] = driven.rounds(5, () => 5)
  t.ok(first >= 16 && fifth <= 22 && fifth > first, `${first} … ${fifth}`)
})

t.test('it never falls below one row', async t => {
  const driven = new Driven()
  for (let time = 0; time < 20; time++) driven.overload()
  t.equal(driven.limit.rows, 1)
})

t.test('it does not double beyond what the pods that are known take in', async t => {
  const driven = new Driven({ containerConcurrency: 1, rowsPerPod: 1, replicas: 2 })
  const rounds = driven.rounds(7, () => 5)
  t.ok(rounds.at(-1)! >= 20 && rounds.at(-1)! < 26, rounds.join(' '))
})

t.test('after half a minute without rows it begins again with one', async t => {
  const driven = new Driven()
  driven.rounds(5, () => 5)
  driven.nowMs += 29_000
  driven.rounds(1, () => 5)
  t.ok(driven.limit.rows > 32)
  driven.nowMs += 31_000
  t.same(driven.rounds(1, () => 5), [2])
})

t.test('the latency of the first row, perhaps a cold start, is not taken for the model\'s', async t => {
  const driven = new Driven()
  driven.rounds(1, () => 15_000)
  driven.rounds(200, rows => 10 * rows)
  t.ok(driven.limit.rows < 10 * scale.rowsPerPod, `${driven.limit.rows} rows`)
})
