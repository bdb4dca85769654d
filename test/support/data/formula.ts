import type { Test } from 'tap'
import { demoImage } from '../../../simulator/scr/images.js'
import { sample, scoredBy } from '../../contract/scores.js'
import type { Answer } from '../caller.js'
import { program, type Asked, type Program } from '../model-program.js'

const IMAGE = 'registry.demo/sr_hmeq_logreg:1.0'

/**
 * The demo image's model; `before` may fail the call instead: 'done' says that it has answered, or
 * never will.
 */
export function formulaModel (
  before: (asked: Asked) => 'done' | undefined | Promise<'done' | undefined>
): Program {
  const { model } = demoImage(IMAGE)!
  const typesOf = (
    variables: ReadonlyArray<{ readonly name: string, readonly type: 'number' | 'string' }>
  ) => Object.fromEntries(variables.map(({ name, type }) => [name, type]))
  return program({
    inputs: typesOf(model.inputs),
    outputs: typesOf(model.outputs),
    score: async asked =>
      await before(asked) === 'done'
        ? undefined
        : model.score(asked.row as Parameters<typeof model.score>[0])
  })
}

/**
 * The sample's rows over and over, each with a KEY of its own as the first column: from `first` on.
 */
export async function keyedRows (count: number, first = 0): Promise<string> {
  const [header, ...rows] = (await sample()).trimEnd().split('\n')
  return [`KEY,${header}`, ...Array.from({ length: count }, (_, row) =>
    `${first + row},${rows[(first + row) % rows.length]}`)].join('\n') + '\n'
}

/** What became of the rows of a file; all but `rows` should be nothing. */
export interface RowCheck {
  readonly rows: number
  /** Keys that are not in the answer. */
  readonly lost: readonly string[]
  readonly twice: readonly string[]
  /** Not in the file's order, counted without those that are lost. */
  readonly reordered: boolean
  /** Lines that differ from the published formula's, to the last character; the first three. */
  readonly wrong: readonly string[]
}

/** Checks an answer row by row against the formula. */
export function checkRows (csv: string, answer: string): RowCheck {
  const expected = scoredBy(IMAGE, csv).split('\n')
  const byKey = new Map(expected.map(line => [keyOf(line), line]))
  const lines = answer.split('\n')
  const keys = lines.map(keyOf)
  const seen = new Set(keys)
  return {
    rows: lines.length - 2, // the header, and what follows the last line's end
    lost: [...byKey.keys()].filter(key => !seen.has(key)),
    twice: keys.filter((key, index) => keys.indexOf(key) !== index),
    reordered: [...seen].join() !== [...byKey.keys()].filter(key => seen.has(key)).join(),
    wrong: lines.filter(line => byKey.get(keyOf(line)) !== line).slice(0, 3)
  }
}

/**
 * Fails the test unless the answer is 200 and whole, with every row of the file once, in its place
 * and right.
 */
export function hasRightRows (
  t: Test,
  csv: string,
  { status, whole, headers, body }: Pick<Answer, 'status' | 'whole' | 'headers' | 'body'>,
  name = 'the rows of the file'
): void {
  const rows = csv.split('\n').length - 2
  const counts = headers['content-length'] === undefined
    ? {}
    : { counts: `${headers['scoring-rows']} rows, ${headers['scoring-failed']} failed` }
  t.strictSame(
    status === 200 ? { status, whole, ...counts, ...checkRows(csv, body) } : { status, body },
    {
      status: 200,
      whole: true,
      ...('counts' in counts ? { counts: `${rows} rows, 0 failed` } : {}),
      rows,
      lost: [],
      twice: [],
      reordered: false,
      wrong: []
    },
    name
  )
}

function keyOf (line: string): string {
  return line.slice(0, line.indexOf(','))
}
