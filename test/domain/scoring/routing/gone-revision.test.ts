import t from 'tap'
import { DomainError } from '../../../../src/domain/errors.js'
import type { Json } from '../../../../src/domain/json/json.js'
import { Admission } from '../../../../src/domain/scoring/calls/admission.js'
import { compareTable } from '../../../../src/domain/scoring/compare/compare-table.js'
import { tableOf } from '../../../../src/domain/scoring/tables/json-rows.js'
import { outputsReader } from '../../../../src/domain/scoring/values/outputs.js'
import type { Route, Routing } from '../../../../src/domain/scoring/routing/routing.js'
import { scoreTable } from '../../../../src/domain/scoring/score/score-table.js'
import type { Scorer } from '../../../../src/domain/scoring/scorer/scorer.js'
import type { Signature } from '../../../../src/domain/scoring/scorer/signature.js'
import { failsWith, flat, never } from '../support.js'

const signature: Signature = {
  inputs: [{ name: 'X', type: 'number', required: true }],
  outputs: [{ name: 'BY', type: 'string' }],
  inferred: false
}
const other: Signature = {
  ...signature,
  outputs: [{ name: 'BY', type: 'string' }, { name: 'Z', type: 'number' }]
}

const route = (revision: string, percent: number, given = signature): Route => ({
  percent,
  signature: given,
  outputsOf: outputsReader(given),
  target: {
    model: 'm',
    revision,
    key: revision,
    url: `http://${revision}`,
    appPaths: ['m'],
    timeoutSeconds: 1,
    containerConcurrency: 0,
    rowsPerPod: 10,
    replicas: 1
  }
})
const routing = (...routes: readonly Route[]): Routing => ({
  routes,
  signature,
  retrySafe: true,
  stickyColumn: 'X'
})
const table = () => tableOf(Array.from({ length: 60 }, (_, X) => new Map([['X', X]])))
const access = (scorer: Scorer) => ({
  scorer,
  place: new Admission(100).enter(),
  rowTimeoutMs: 300
})

/**
 * Model servers that answer with their revision's name; `gone` answers no more after its tenth row.
 */
function goingAway (gone: string): Scorer {
  let left = 10
  return {
    signature: async () => signature,
    async score ({ revision }) {
      if (revision === gone && left-- <= 0) { throw new DomainError('revision-not-found', `${gone} is gone`) }
      return new Map<string, Json>([['BY', revision ?? null], ['Z', 1]])
    }
  }
}

t.test('rows of a revision that disappears go to one of the same signature, in order and named', async t => {
  const routes = routing(route('m-1', 50), route('m-3', 0, other), route('m-2', 50))
  const rows = await flat(scoreTable(table(), routes, access(goingAway('m-1')), never()))
  t.same(rows.map(({ cells: [X] }) => X), Array.from({ length: 60 }, (_, X) => X))
  t.same(rows.filter(({ revision, outputs }) => outputs?.get('BY') !== revision), [])
  t.equal(rows.filter(({ revision }) => revision === 'm-1').length, 10)
})

t.test('rows of a revision that disappears have nowhere to go when no other has its signature', async t => {
  const routes = routing(route('m-1', 50), route('m-2', 50, other))
  await failsWith(t,
    async () => await flat(scoreTable(table(), routes, access(goingAway('m-1')), never())),
    'revision-not-found', /m-1 is gone/)
})

t.test('a comparison ends when one of its revisions disappears: no other can stand in for it', async t => {
  const [champion, challenger] = [route('m-1', 100), route('m-2', 100)]
  const run = async () =>
    await flat(
      compareTable(table(), routing(champion, challenger), access(goingAway('m-2')), never())
    )
  await failsWith(t, run, 'revision-not-found', /m-2 is gone/)
})
