import t from 'tap'
import { DomainError } from '../../../src/domain/errors.js'
import type { RowCounts } from '../../../src/domain/scoring/progress/progress.js'
import { Rate } from '../../../src/domain/scorings/rate.js'
import type { Scoring } from '../../../src/domain/scorings/scoring.js'
import { Scorings } from '../../../src/domain/scorings/scorings.js'

const NEW = { kind: 'score', model: 'm', user: 'ann' } as const

function counted (scoring: Scoring, rows: number, failed = 0): void {
  scoring.progress.counts = { rows, failed, revisions: new Map() } satisfies RowCounts
}

t.test('rows are told once, while a scoring runs and at its end', async t => {
  const told: object[] = []
  const scorings = new Scorings(rows => told.push(rows))
  const scoring = scorings.begin({ ...NEW, id: 'a' })
  counted(scoring, 10, 1)
  scorings.tellRows()
  scorings.tellRows()
  counted(scoring, 15, 3)
  scoring.finish()
  t.same(told, [{ model: 'm', rows: 10, failed: 1 }, { model: 'm', rows: 5, failed: 2 }])
})

t.test('of those that have ended the last 500 are kept', async t => {
  const scorings = new Scorings()
  for (let index = 0; index < 501; index++) scorings.begin({ ...NEW, id: `${index}` }).finish()
  t.equal(scorings.all().length, 500)
  t.equal(scorings.get('0'), undefined)
  t.equal(scorings.get('500')?.report().state, 'finished')
})

t.test('those that have ended are kept for an hour, those that run for ever', async t => {
  let now = 0
  const scorings = new Scorings(() => {}, () => now)
  scorings.begin({ ...NEW, id: 'ended' }).finish()
  scorings.begin({ ...NEW, id: 'runs' })
  now = 59 * 60_000
  t.same(scorings.all().map(({ id }) => id).sort(), ['ended', 'runs'])
  now = 60 * 60_000
  t.same(scorings.all().map(({ id }) => id), ['runs'])
})

t.test('one that there was no place for is not kept', async t => {
  const scorings = new Scorings()
  scorings.begin({ ...NEW, id: 'a' }).fail(new DomainError('service-busy', 'full'))
  t.equal(scorings.get('a'), undefined)
})

t.test('somebody else\'s ended scoring keeps its id', async t => {
  const scorings = new Scorings()
  scorings.begin({ ...NEW, id: 'a' }).finish()
  t.not(scorings.begin({ ...NEW, id: 'a', user: 'bob' }).id, 'a')
  t.equal(scorings.get('a')?.user, 'ann')
  t.equal(scorings.begin({ ...NEW, id: 'a' }).id, 'a')
})

t.test('only the first end counts, and what comes after it changes nothing', async t => {
  const scoring = new Scorings().begin({ ...NEW, id: 'a' })
  counted(scoring, 4)
  scoring.stop('"bob"')
  counted(scoring, 9)
  scoring.fail(new Error('later'))
  scoring.finish()
  const { state, rowsScored, error } = scoring.report()
  t.same([state, rowsScored], ['stopped', 4])
  t.equal(error, scoring.stopped.reason)
})

t.test('rows a second are those of the last seconds, not of a model that still woke', async t => {
  const rate = new Rate(0)
  for (let second = 1; second <= 60; second++) rate.sample(second * 1000, 0)
  for (let second = 61; second <= 75; second++) rate.sample(second * 1000, (second - 60) * 200)
  t.equal(rate.perSecond(75_000, 3000), 200)
})

t.test('the end is expected by the rows that are left', async t => {
  const scoring = new Scorings().begin({ ...NEW, id: 'a' })
  scoring.arrival = { size: () => 500, wholeSize: () => 1000, hasEnded: () => false }
  scoring.progress.rowsRead = 50
  scoring.progress.position = 250
  counted(scoring, 20)
  const { share, expectedEnd, rowsPerSecond } = scoring.report(scoring.startedAt + 10_000)
  t.same([share, rowsPerSecond, expectedEnd], [0.1, 2, scoring.startedAt + 100_000])
})

t.test('nobody expects an end where the length is not known', async t => {
  const scoring = new Scorings().begin({ ...NEW, id: 'a' })
  scoring.arrival = { size: () => 500, wholeSize: () => undefined, hasEnded: () => false }
  scoring.progress.rowsRead = 50
  counted(scoring, 20)
  const { share, expectedEnd, rowsPerSecond } = scoring.report(scoring.startedAt + 10_000)
  t.same([share, rowsPerSecond, expectedEnd], [undefined, 2, undefined])
})
