import { answerColumns, REVISION } from './answer/answer-columns.js'
import { answerOf, undeclaredRecorder, type Answer } from './answer/answer.js'
import type { AnswerOptions } from './answer/answer-options.js'
import { RowCounter } from './answer/counts.js'
import type { AdmittedRequest } from './calls/admission.js'
import {
  routingOfModel,
  type ScoringPorts,
  type WantedRouting
} from './routing/model-routing.js'
import type { Progress } from './progress/progress.js'
import { onlyRow, scoreTable, type ScoredRow } from './score/score-table.js'
import { scoredFile, type ScoredFile } from './scored-file.js'
import type { Signature } from './scorer/signature.js'
import { jsonAnswer } from './tables/json-body.js'
import { readBody, type Body } from './tables/read-body.js'
import type { Table } from './tables/table.js'

export interface FileToScore extends WantedRouting {
  readonly body: Body
  readonly answer: AnswerOptions
  /** The admitted request. Its place is given back when its last row is scored. */
  readonly place: AdmittedRequest
  readonly progress: Progress
}

/**
 * Takes a file through a model. Takes the model's routing as it is now and reads the file up to its
 * first row. Rows are scored and written while the answer's pieces are read.
 * @throws DomainError the faults of `routingOfModel` and `readBody`; while the pieces are read, the
 *   faults of `scoreTable` and `answerOf`
 */
export async function scoreFile (
  ports: ScoringPorts,
  file: FileToScore,
  signal: AbortSignal
): Promise<ScoredFile> {
  const { scorer, rowTimeoutMs } = ports
  const { place, step, progress } = file
  const routing = await routingOfModel(ports, file, signal)
  const body = await readBody(file.body, file.answer.dialect, progress, signal)
  const { table, form, dialect } = body
  const options = { ...file.answer, dialect }
  const rows = scoreTable(table, routing, { scorer, place, step, rowTimeoutMs }, signal)
  const rowForm = form !== 'rows' && options.format === 'json' ? form : undefined
  const answer =
    rowForm === undefined
      ? answerOf(rows, table, routing.signature, options)
      : answerOfOneRow(rows, { form: rowForm, table }, routing.signature, options)
  progress.counts = answer.counts
  return scoredFile({ table, routing, options, answer, place, isOneRow: rowForm !== undefined })
}

/** Answers a row that came as {data} or {inputs} in the same form, with its outputs only. */
function answerOfOneRow (
  rows: AsyncGenerator<readonly ScoredRow[], void>,
  { form, table }: { form: 'data' | 'inputs'; table: Table },
  signature: Signature,
  { revisionColumn = false }: AnswerOptions
): Answer {
  const counts = new RowCounter()
  const write = async function * (): AsyncGenerator<string, void, undefined> {
    const row = await onlyRow(rows)
    counts.add(row)
    undeclaredRecorder(signature, counts)(row)
    const shape = { columns: 'outputs', revisionColumn } as const
    const { outputs, renamed } = answerColumns(table, [...row.outputs.keys()], shape)
    counts.renamed = renamed
    const members = outputs.map(({ output, name }) => [name, row.outputs.get(output)] as const)
    const remark = revisionColumn ? [[REVISION, row.revision ?? null] as const] : []
    yield jsonAnswer(form, [...members, ...remark])
  }
  return { pieces: write(), counts }
}
