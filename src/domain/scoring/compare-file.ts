import { writeJson } from '../json/write-json.js'
import { answerOf, type Answer } from './answer/answer.js'
import type { AnswerOptions } from './answer/answer-options.js'
import { RowCounter } from './answer/counts.js'
import type { AdmittedRequest } from './calls/admission.js'
import {
  compareTable,
  joinedRow,
  joinedSignature,
  type ComparedRow,
  type Sides
} from './compare/compare-table.js'
import { Comparer } from './compare/comparison.js'
import { pairOfModel, type ScoringPorts, type WantedPair } from './routing/model-routing.js'
import type { Progress } from './progress/progress.js'
import type { Route, Routing } from './routing/routing.js'
import type { ScoredRow } from './score/score-table.js'
import { scoredFile, type ScoredFile } from './scored-file.js'
import { readBody, type Body } from './tables/read-body.js'
import type { Table } from './tables/table.js'

export interface FileToCompare extends WantedPair {
  readonly body: Body
  /** Format json has the comparison, the others have the rows with both sides' outputs. */
  readonly answer: AnswerOptions
  /** How many of the rows that differ most the comparison shows. */
  readonly worst: number
  readonly place: AdmittedRequest
  readonly progress: Progress
}

export interface ComparedFile extends ScoredFile {
  readonly revisions: Sides<string | undefined>
}

/**
 * Takes a file through two revisions. It works like `scoreFile`, but each row is scored twice.
 * @throws DomainError the faults of `scoreFile` and of `pairOfModel`
 */
export async function compareFile (
  ports: ScoringPorts,
  file: FileToCompare,
  signal: AbortSignal
): Promise<ComparedFile> {
  const { scorer, rowTimeoutMs } = ports
  const { place, step, worst, progress } = file
  const routing = await pairOfModel(ports, file, signal)
  const { table, dialect } = await readBody(file.body, file.answer.dialect, progress, signal)
  const options = { ...file.answer, dialect }
  const rows = compareTable(table, routing, { scorer, place, step, rowTimeoutMs }, signal)
  const answer =
    options.format === 'json'
      ? comparisonOf(rows, routing, worst)
      : joinedAnswer(rows, table, routing, options)
  progress.counts = answer.counts
  return {
    ...scoredFile({ table, routing, options, answer, place }),
    revisions: revisionsOf(routing)
  }
}

function sidesOf<T> ({ routes }: Routing, get: (route: Route) => T): Sides<T> {
  return { champion: get(routes[0]!), challenger: get(routes[1]!) }
}

function revisionsOf (routing: Routing): Sides<string | undefined> {
  return sidesOf(routing, ({ target }) => target.revision)
}

/** Makes an answer of one piece that says how the two revisions agree. */
function comparisonOf (
  rows: AsyncIterable<readonly ComparedRow[]>,
  routing: Routing,
  worst: number
): Answer {
  const counts = new RowCounter()
  const { champion, challenger } = sidesOf(routing, ({ target: { revision } }) => ({ revision }))
  const comparer = new Comparer(
    sidesOf(routing, ({ signature }) => signature),
    worst
  )
  const countSides = sideCounter(counts, routing)
  const write = async function * (): AsyncGenerator<string, void, undefined> {
    for await (const batch of rows) {
      for (const row of batch) {
        comparer.add(row)
        counts.rows++
        if (!countSides(row)) counts.failed++
      }
    }
    yield writeJson({ champion, challenger, ...comparer.result() }) + '\n'
  }
  return { pieces: write(), counts }
}

/** Makes an answer of the rows, with the outputs of both sides under different names. */
function joinedAnswer (
  rows: AsyncIterable<readonly ComparedRow[]>,
  table: Table,
  routing: Routing,
  options: AnswerOptions
): Answer {
  const signatures = sidesOf(routing, ({ signature }) => signature)
  const joined = joinedSignature(routing.signature, signatures)
  const counts = new RowCounter()
  return answerOf(joinRows(rows, sideCounter(counts, routing)), table, joined, options, counts)
}

async function * joinRows (
  rows: AsyncIterable<readonly ComparedRow[]>,
  countSides: SideCounter
): AsyncGenerator<readonly ScoredRow[], void, undefined> {
  for await (const batch of rows) {
    yield batch.map(row => {
      countSides(row)
      return joinedRow(row)
    })
  }
}

/** Counts a row for each revision that scored it; whether both did. */
type SideCounter = (row: ComparedRow) => boolean

function sideCounter (counts: RowCounter, routing: Routing): SideCounter {
  const revisions = revisionsOf(routing)
  return ({ sides: { champion, challenger } }) => {
    const isFirst = 'outputs' in champion
    const isSecond = 'outputs' in challenger
    if (isFirst) counts.addScored(revisions.champion)
    if (isSecond) counts.addScored(revisions.challenger)
    return isFirst && isSecond
  }
}
