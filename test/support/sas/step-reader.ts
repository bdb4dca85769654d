/** What SAS would have after the program ran. */
export interface SasTable {
  readonly variables: ReadonlyArray<
    { readonly name: string, readonly label: string, readonly bytes: number | 'number' }
  >
  /** Numbers, texts without blanks at their end, null for missing numbers. */
  readonly rows: ReadonlyArray<ReadonlyArray<number | string | null>>
  /** WARNING and NOTE lines. */
  readonly log: readonly string[]
}

interface Infile {
  readonly delimiter: string
  readonly firstRecord: number
}

/**
 * Runs a step of `format=sas` over the file that its fileref names, as SAS's documentation has list
 * input with DSD, TRUNCOVER, $CHAR and BEST informats: a record ends at every LF, also inside
 * quotes. No SAS was asked.
 * @throws with the words of the step when its check of the header aborts, and when the program is
 *   in a form that this reader does not know
 */
export function runSasStep (program: string, file: string): SasTable {
  const text = program.replaceAll(/\/\*.*?\*\//gs, '')
  const [check = '', step = ''] = text.split('data work.scored')
  const records = file.split('\n')
  if (records.at(-1) === '') records.pop() // the last line's end
  checkHeader(check, records)
  const { delimiter, firstRecord } = infileOf(step)
  const variables = Array.from(found(step, /attrib\n(.*?)\n {2};/s).split('\n'), attribute)
  const names = Array.from(found(step, /\binput\n(.*?)\n {2};/s).split('\n'),
    line => nameOf(line.trim()))
  if (names.join('\0') !== variables.map(({ name }) => name).join('\0')) { throw new Error('INPUT and ATTRIB name other variables') }
  if (
    names.some((name, index) =>
      names.findIndex(other => other.toLowerCase() === name.toLowerCase()) !== index
    )
  ) throw new Error('two variables are one to SAS')
  const log: string[] = []
  const rows = records.slice(firstRecord - 1).map((record, index) => {
    const cells = listInput(record, delimiter)
    return variables.map(({ name, bytes }, at) =>
      bytes === 'number'
        ? best32(cells[at] ?? '', name, log)
        : char(cells[at] ?? '', bytes, `record ${index + firstRecord} ${name}`, log)
    )
  })
  return { variables, rows, log }
}

function infileOf (step: string): Infile {
  const options = found(step, /infile answer (.*);\n/)
  for (const needed of ['dsd', 'truncover', 'termstr=lf', 'encoding=\'utf-8\'']) {
    if (!options.includes(needed)) throw new Error(`no ${needed} in ${options}`)
  }
  const delimiter = options.includes('dlm=\'09\'x')
    ? '\t'
    : literal(found(options, /dlm(?:str)?=('(?:[^']|'')+')/))
  return { delimiter, firstRecord: Number(/firstobs=(\d+)/.exec(options)?.[1] ?? 1) }
}

function checkHeader (check: string, records: readonly string[]): void {
  const { delimiter } = infileOf(check)
  const expected = Array.from(
    found(check, /_scr_expected =\n(.*?);\n {4}input/s).matchAll(/'(?:[^']|'')*'/g),
    ([quoted]) => literal(quoted)
  )
  const cells = listInput(records[0] ?? '', delimiter)
  expected.forEach((name, index) => {
    const cell = (cells[index] ?? '').trimEnd()
    if (cell.toUpperCase() !== name.trimEnd().toUpperCase()) { throw new Error(`ERROR: found ${cell} instead of ${name}`) }
  })
}

function attribute (line: string): SasTable['variables'][number] {
  const [, name = '', number, width = '', informat, label] =
    /^ {4}('(?:[^']|'')+'n|\w+) length=(?:(8) informat=best32\.|\$(\d+) informat=\$char(\d+)\.)(?: label=('(?:[^']|'')*'))?$/
      .exec(line) ?? []
  if (number === undefined && width !== informat) throw new Error(`not understood: ${line}`)
  return {
    name: nameOf(name),
    label: label === undefined ? nameOf(name) : literal(label),
    bytes: number === undefined ? Number(width) : 'number'
  }
}

function nameOf (written: string): string {
  const name = written.endsWith('\'n') ? literal(written.slice(0, -1)) : written
  const isValid = written.endsWith('\'n')
    ? Buffer.byteLength(name) <= 32 && name.trim() !== ''
    : /^[A-Za-z_]\w{0,31}$/.test(name)
  if (!isValid) throw new Error(`SAS has no name ${written}`)
  return name
}

function literal (quoted: string): string {
  return quoted.slice(1, -1).replaceAll('\'\'', '\'')
}

/**
 * The values of a record: DSD takes quotes away, and two delimiters have a missing value between
 * them.
 */
function listInput (record: string, delimiter: string): string[] {
  const values: string[] = []
  for (let at = 0; at <= record.length;) {
    if (record[at] === '"') {
      let value = ''
      for (at++; at < record.length; at++) {
        if (record[at] === '"' && record[++at] !== '"') break
        value += record[at]
      }
      values.push(value)
      at =
        Math.max(at,
          record.indexOf(delimiter, at) < 0 ? record.length : record.indexOf(delimiter, at)) + 1
    } else {
      const end = record.indexOf(delimiter, at) < 0 ? record.length : record.indexOf(delimiter, at)
      values.push(record.slice(at, end))
      at = end + 1
    }
  }
  return values
}

function best32 (cell: string, name: string, log: string[]): number | null {
  const text = cell.trim().slice(0, 32)
  if (text === '' || /^\.[A-Z_]?$/i.test(text)) return null
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return Number(text)
  log.push(`NOTE: Invalid data for ${name}`)
  return null
}

function char (cell: string, bytes: number, where: string, log: string[]): string {
  const stored = Buffer.from(cell).subarray(0, bytes)
  const text = stored.toString().replace(/ +$/, '')
  if (Buffer.byteLength(text) === bytes) log.push(`WARNING: ${where} may be cut`)
  return text
}

function found (text: string, pattern: RegExp): string {
  const [, match] = pattern.exec(text) ?? []
  if (match === undefined) throw new Error(`no ${String(pattern)} in ${text}`)
  return match
}
