import { DomainError } from '../errors.js'
import type { AnswerOptions } from './answer-options.js'
import { ERROR, REVISION } from './answer-writers.js'
import { carriedColumns } from './carried-columns.js'
import { isPlain, quoted, sasNames, written } from './sas-names.js'
import type { Signature, Variable } from './signature.js'

/** In bytes: what SAS counts. A character of UTF-8 has up to four. */
const CHARACTER_BYTES = 4
const CHAR_MAX_BYTES = 32_767
/** Of a text whose length nobody declares. */
const UNKNOWN_BYTES = 1_024
/** The service's own columns: a revision is a DNS label, a row's fault quotes up to 500 characters of the model's words. */
const REVISION_BYTES = 63
const ERROR_BYTES = 4_096
/** A row of the input may have 1 MiB; outputs come to it. */
const LINE_MAX_BYTES = 4 * 1024 * 1024
/** What the program needs beside the columns. */
const OWN = ['_scr_texts', '_scr_at', '_scr_cell', '_scr_found', '_scr_expected']

interface SasColumn {
  /** In the answer's header. */
  readonly column: string
  readonly bytes: number | 'number'
}

/**
 * A SAS program that reads a scored CSV, the fileref ANSWER, into WORK.SCORED: types and lengths by the signature, nothing guessed.
 * It first compares the file's header with the columns it was made for. `options` are those of the score call; `columns` named there,
 * or the model's inputs for `all`, are the columns before the outputs.
 * @throws DomainError `signature-unknown` when the model describes nothing, `request-invalid` when a column is named twice
 */
export function sasStep (model: string, signature: Signature, options: Pick<AnswerOptions, 'columns' | 'onError' | 'revisionColumn' | 'dialect'>): string {
  if (signature.inferred) {
    throw new DomainError('signature-unknown', `${model} describes nothing of itself: types and lengths of its columns are not known`, {
      remedy: 'write the DATA step by hand, after the header line of a scored file'
    })
  }
  const columns = answerColumns(signature, options)
  const names = sasNames(columns.map(({ column }) => column), OWN)
  const infile = `infile answer dsd ${dlm(options.dialect.delimiter)} truncover lrecl=${LINE_MAX_BYTES} termstr=lf encoding='utf-8'`
  return `${[
    ...comment(model),
    ...(names.every(isPlain) ? [] : ['', 'options validvarname=any;']),
    '',
    ...headerCheck(columns, infile),
    '',
    'data work.scored (compress=char);',
    `  ${infile} firstobs=2;`,
    '  attrib',
    ...columns.map((column, index) => `    ${attribute(column, names[index]!)}`),
    '  ;',
    '  input',
    ...names.map(name => `    ${written(name)}`),
    '  ;',
    ...columns.some(({ bytes }) => bytes !== 'number') ? CUT_CHECK : [],
    'run;'
  ].join('\n')}\n`
}

/** The answer's columns in their order. */
function answerColumns (signature: Signature, { columns: chosen, onError, revisionColumn }: Pick<AnswerOptions, 'columns' | 'onError' | 'revisionColumn'>): SasColumn[] {
  const given = chosen === 'all' ? signature.inputs.map(({ name }) => name) : chosen === 'outputs' ? [] : chosen
  const outputs = signature.outputs.map(({ name }) => name)
  const carried = carriedColumns({ columns: given }, [...outputs, ...(revisionColumn === true ? [REVISION] : []), ERROR], given)
  return [
    ...carried.columns.map(({ index, name }) => ({ column: name, bytes: bytesOf(inputOf(signature, given[index]!)) })),
    ...signature.outputs.map(output => ({ column: output.name, bytes: bytesOf(output) })),
    ...(revisionColumn === true ? [{ column: REVISION, bytes: REVISION_BYTES }] : []),
    ...(onError === 'report' ? [{ column: ERROR, bytes: ERROR_BYTES }] : [])
  ]
}

/** The input that a column of the file is bound to, as in scoring. */
function inputOf ({ inputs }: Signature, column: string): Variable | undefined {
  return inputs.find(({ name }) => name === column) ?? inputs.find(({ name }) => name.toLowerCase() === column.toLowerCase())
}

function bytesOf (variable: Variable | undefined): SasColumn['bytes'] {
  if (variable?.type === 'number') return 'number'
  return variable?.length === undefined ? UNKNOWN_BYTES : Math.min(CHAR_MAX_BYTES, Math.max(1, variable.length * CHARACTER_BYTES))
}

/** $CHAR and not $: that would take leading blanks and a lone dot away. */
function attribute ({ column, bytes }: SasColumn, name: string): string {
  const label = name === column ? '' : ` label=${quoted(column)}`
  return bytes === 'number' ? `${written(name)} length=8 informat=best32.${label}` : `${written(name)} length=$${bytes} informat=$char${bytes}.${label}`
}

function dlm (delimiter: string): string {
  if (delimiter === '\t') return "dlm='09'x"
  return `${Buffer.byteLength(delimiter) === 1 ? 'dlm' : 'dlmstr'}=${quoted(delimiter)}`
}

function comment (model: string): string[] {
  return [
    `/* Reads rows scored by ${model}: the CSV of the fileref ANSWER into WORK.SCORED.`,
    '   Made for these columns in this order; another choice of columns needs another step (columns=A,B,C in its URL).',
    '   A text has four bytes for each character that the model declares, so that no letter is cut; where it declares no length,',
    `   and for columns that it does not know, it has ${UNKNOWN_BYTES} bytes. One that fills its variable is told in the log.`,
    '   SAS ends a record at every line end, also inside quotes: score files with such cells with columns= that leaves them out. */'
  ]
}

/** Cell by cell; the blank at the end finds a column too many. */
function headerCheck (columns: readonly SasColumn[], infile: string): string[] {
  return [
    'data _null_;',
    `  ${infile} obs=1;`,
    `  length _scr_found _scr_expected $ ${UNKNOWN_BYTES};`,
    '  do _scr_expected =',
    ...columns.map(({ column }) => `    ${quoted(column)},`),
    "    ' ';",
    `    input _scr_found :$char${UNKNOWN_BYTES}. @;`,
    '    if upcase(_scr_found) ne upcase(_scr_expected) then do;',
    "      put 'ERROR: These are not the columns that this step reads: found ' _scr_found 'instead of ' _scr_expected +(-1) '.';",
    "      put 'ERROR: Ask for the step again, with columns= of the score call, or with the columns of the file if that has none.';",
    '      abort cancel;',
    '    end;',
    '  end;',
    'run;'
  ]
}

const CUT_CHECK = [
  '  array _scr_texts {*} _character_;',
  '  length _scr_cell $ 100;',
  '  do _scr_at = 1 to dim(_scr_texts);',
  '    if lengthn(_scr_texts{_scr_at}) = vlength(_scr_texts{_scr_at}) then do;',
  "      _scr_cell = catx(' ', 'record', _n_ + 1, vname(_scr_texts{_scr_at}));",
  "      put 'WARNING: A text fills its variable and may be cut: ' _scr_cell +(-1) '. Give it more bytes in ATTRIB.';",
  '    end;',
  '  end;',
  '  drop _scr_:;'
]
