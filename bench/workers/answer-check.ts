import { csvHead, csvLine, scoreOfRow } from '../table-of-rows.js'

/**
 * Reads a scored CSV as it comes: the rows asked for, all of them, in their order, each with its
 * inputs as they were sent and the scores of the formula. @throws at the first line that is
 * anything else
 */
export class AnswerCheck {
  bytes = 0
  #row = -1
  #rest = ''
  readonly #head: string
  readonly #note: string

  constructor (
    readonly rows: number,
    readonly columns: number,
    noteBytes: number
  ) {
    const carried = csvHead(columns).slice(0, -1) + (noteBytes === 0 ? '' : ',NOTE')
    this.#head = `${carried},SCORE,HALF,GRADE,_error`
    this.#note = noteBytes === 0 ? '' : `,${'n'.repeat(noteBytes)}`
  }

  take (chunk: Buffer): void {
    this.bytes += chunk.length
    const lines = (this.#rest + chunk.toString('latin1')).split('\n')
    this.#rest = lines.pop()!
    for (const line of lines) this.#check(line)
  }

  end (): void {
    if (this.#rest !== '' || this.#row !== this.rows) {
      throw new Error(`${this.#row} of ${this.rows} rows came back, then "${this.#rest}"`)
    }
  }

  #check (line: string): void {
    const row = this.#row++
    const wanted = row === -1 ? this.#head : this.#scored(row)
    if (line !== wanted) throw new Error(`line ${row + 2} is "${line}", not "${wanted}"`)
  }

  #scored (row: number): string {
    const { SCORE, HALF, GRADE } = scoreOfRow(row, this.columns)
    return `${csvLine(row, this.columns).slice(0, -1)}${this.#note},${SCORE},${HALF},${GRADE.trim()},`
  }
}
