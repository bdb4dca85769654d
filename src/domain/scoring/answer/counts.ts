import type { ScoredRow } from '../score/score-table.js'
import type { RowCounts } from '../progress/progress.js'
import type { AnswerColumns } from './answer-columns.js'

/** The counts of an answer so far. They grow while the answer is made. */
export interface Counts extends RowCounts {
  /** Outputs that the model answered but its description lacks: the first 100 of them. */
  readonly undeclared: ReadonlySet<string>
  /** Columns that have another name in the answer. */
  readonly renamed: AnswerColumns['renamed']
}

/** At most so many undeclared outputs are remembered. */
const UNDECLARED_MAX = 100

/** Counts the rows of one answer. Only the code that makes the answer writes to it. */
export class RowCounter implements Counts {
  rows = 0
  failed = 0
  renamed: AnswerColumns['renamed'] = []
  readonly revisions = new Map<string, number>()
  readonly undeclared = new Set<string>()

  add (row: ScoredRow): void {
    this.rows++
    if ('error' in row) this.failed++
    else this.addScored(row.revision)
  }

  /** A row that this revision scored, where it is known. */
  addScored (revision: string | undefined): void {
    if (revision === undefined) return
    this.revisions.set(revision, (this.revisions.get(revision) ?? 0) + 1)
  }

  addUndeclared (output: string): void {
    if (this.undeclared.size < UNDECLARED_MAX) this.undeclared.add(output)
  }
}
