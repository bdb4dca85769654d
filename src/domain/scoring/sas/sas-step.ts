import { REVISION } from '../answer/answer-columns.js'
import type { AnswerOptions } from '../answer/answer-options.js'
import {
  describedColumns,
  type ColumnOptions,
  type DescribedColumn
} from '../answer/described-columns.js'
import { bytesOf, UNKNOWN_BYTES, type SasBytes } from './sas-bytes.js'
import { isPlain, quoteText, sasNames, nameLiteral } from './sas-names.js'
import type { Signature } from '../scorer/signature.js'

/**
 * Lengths of the service's own columns. A revision's name is a DNS label; a row's fault quotes up
 * to 500 characters of the model's words.
 */
const REVISION_BYTES = 63
const ERROR_BYTES = 4_096
/** A row of the input may have 1 MiB, to which the outputs are added. */
const LINE_MAX_BYTES = 4 * 1024 * 1024
/** Variables of the program's own, beside the columns. */
const OWN = ['_scr_texts', '_scr_at', '_scr_cell', '_scr_found', '_scr_expected']

interface SasColumn {
  /** The column's name in the answer's header. */
  readonly column: string
  readonly bytes: SasBytes
}

/**
 * Writes a SAS program that reads a scored CSV from the fileref ANSWER into WORK.SCORED. Types and
 * lengths come from the signature; SAS guesses nothing. The program first compares the file's
 * header with the columns for which it was made. `options` are those of the score call. The columns
 * before the outputs are the named `columns`, or the model's inputs for `all`.
 * @throws DomainError `signature-unknown` when the model describes nothing, `request-invalid` when
 *   a column is named twice
 */
export function sasStep (
  model: string,
  signature: Signature,
  options: ColumnOptions & Pick<AnswerOptions, 'dialect'>
): string {
  const columns = describedColumns(model, signature, options).map(sasColumn)
  const names = sasNames(
    columns.map(({ column }) => column),
    OWN
  )
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
    ...names.map(name => `    ${nameLiteral(name)}`),
    '  ;',
    ...(columns.some(({ bytes }) => bytes !== 'number') ? CUT_CHECK : []),
    'run;'
  ].join('\n')}\n`
}

function sasColumn ({ name: column, of }: DescribedColumn): SasColumn {
  if (of !== 'own') return { column, bytes: bytesOf(of) }
  return { column, bytes: column === REVISION ? REVISION_BYTES : ERROR_BYTES }
}

/** The informat is $CHAR, because $ would remove leading blanks and a lone dot. */
function attribute ({ column, bytes }: SasColumn, name: string): string {
  const label = name === column ? '' : ` label=${quoteText(column)}`
  return bytes === 'number'
    ? `${nameLiteral(name)} length=8 informat=best32.${label}`
    : `${nameLiteral(name)} length=$${bytes} informat=$char${bytes}.${label}`
}

function dlm (delimiter: string): string {
  if (delimiter === '\t') return "dlm='09'x"
  return `${Buffer.byteLength(delimiter) === 1 ? 'dlm' : 'dlmstr'}=${quoteText(delimiter)}`
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

/** Compares the header cell by cell. The blank after the last name detects a surplus column. */
function headerCheck (columns: readonly SasColumn[], infile: string): string[] {
  return [
    'data _null_;',
    `  ${infile} obs=1;`,
    `  length _scr_found _scr_expected $ ${UNKNOWN_BYTES};`,
    '  do _scr_expected =',
    ...columns.map(({ column }) => `    ${quoteText(column)},`),
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
