import { bytesOf } from '../sas/sas-bytes.js'
import { isPlain, nameLiteral, quoteText, sasNames } from '../sas/sas-names.js'
import {
  csvText,
  exampleRow,
  nameRefused,
  refuseUnseen,
  scoreUrl,
  type ExampleCell,
  type ScoreCall
} from './score-call.js'

const LINE_CHARS = 80

/**
 * Writes a program with the macros of examples/sas, which scores a table into a table.
 * @throws DomainError those of `exampleRow`; `request-invalid` when an input can't be the name of
 *   a SAS variable
 */
export function sasSnippet (call: ScoreCall): string {
  const row = exampleRow(call)
  refuseForeign(row)
  const { url, model, needsToken } = call
  const plain = row.every(({ name }) => isPlain(name))
  return `${[
    `/* Scores a table with ${model}, by the macros of examples/sas/scr_modelops.sas: say where they are. */`,
    '%include "/path/to/scr_modelops.sas";',
    `%scr_connect(url=${url}${needsToken ? '' : ', token=none'})`,
    ...(plain ? [] : ['', 'options validvarname=any;']),
    '',
    'data work.rows;',
    '  length',
    ...row.map(cell => `    ${nameLiteral(cell.name)} ${lengthOf(cell)}`),
    '  ;',
    ...row.map(({ name, value }) => `  ${nameLiteral(name)} = ${literal(value)};`),
    'run;',
    '',
    `%scr_score(data=work.rows, out=work.rows_scored, model=${model})`,
    '',
    'proc print data=work.rows_scored;',
    'run;'
  ].join('\n')}\n`
}

/**
 * Writes a program that needs no macros. It sends a CSV and reads the answer into WORK.SCORED by
 * the DATA step that the service makes.
 * @throws DomainError those of `exampleRow` and `refuseUnseen`
 */
export function procHttpSnippet (call: ScoreCall): string {
  const row = exampleRow(call)
  refuseUnseen(row, 'SAS')
  const signatureUrl = scoreUrl(call).replace(/score$/, 'signature?format=sas')
  const login = call.needsToken ? ' oauth_bearer=sas_services' : ''
  return `${[
    `/* Scores rows with ${call.model}, by PROC HTTP alone: a CSV out, the answer into WORK.SCORED. */`,
    "filename rows temp encoding='utf-8';",
    'filename step temp;',
    'filename answer temp;',
    '',
    'data _null_;',
    '  file rows lrecl=1048576;',
    ...putLine(row.map(({ name }) => name)),
    ...putLine(row.map(({ value }) => value)),
    'run;',
    '',
    '/* Ends the program with the words of the service unless it said 200. */',
    '%macro check(from);',
    '  %if &SYSERR le 4 %then %if &SYS_PROCHTTP_STATUS_CODE eq 200 %then %return;',
    '  data _null_;',
    '    infile &from lrecl=32767;',
    '    input;',
    '    put _infile_;',
    '  run;',
    '  %abort cancel;',
    '%mend;',
    '',
    '/* The DATA step that reads the answer, with the types and lengths that the model declares. */',
    `proc http method="GET" url="${signatureUrl}"${login} out=step;`,
    'run;',
    '%check(step)',
    '',
    `proc http method="POST" url="${scoreUrl(call)}"${login}`,
    '  in=MULTI FORM("data"=rows FILENAME="rows.csv" header="Content-Type: text/csv")',
    '  out=answer;',
    'run;',
    '%check(answer)',
    '',
    '%include step;',
    'proc print data=work.scored;',
    'run;'
  ].join('\n')}\n`
}

/** Refuses inputs whose names can't be those of SAS variables, since the table needs them. */
function refuseForeign (row: readonly ExampleCell[]): void {
  const names = sasNames(row.map(({ name }) => name))
  const foreign = row.find(({ name }, index) => names[index] !== name)
  if (foreign !== undefined) {
    throw nameRefused(foreign.name, "can't be the name of a SAS variable")
  }
  refuseUnseen(row, 'SAS')
}

function lengthOf (cell: ExampleCell): string {
  const bytes = bytesOf(cell)
  return bytes === 'number' ? '8' : `$${bytes}`
}

function literal (value: number | string): string {
  return typeof value === 'number' ? String(value) : quoteText(value)
}

/** Splits a line into constants of PUT, which writes them without anything between. */
function putLine (cells: readonly unknown[]): string[] {
  const characters = [...csvText(cells)]
  const pieces: string[] = []
  for (let at = 0; at < characters.length; at += LINE_CHARS) {
    pieces.push(quoteText(characters.slice(at, at + LINE_CHARS).join('')))
  }
  return ['  put', ...pieces.map(piece => `    ${piece}`), '  ;']
}
