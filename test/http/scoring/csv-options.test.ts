import t from 'tap'
import { DomainError } from '../../../src/domain/errors.js'
import { dialectOf, type GivenCsvOptions } from '../../../src/http/scoring/csv-options.js'

function told (given: GivenCsvOptions): unknown {
  try {
    const { encoding, ...dialect } = dialectOf(given)
    return { ...dialect, encoding: encoding?.charset }
  } catch (error) {
    if (error instanceof DomainError) { return `${error.fault}: ${error.message} → ${error.details.remedy}` }
    throw error
  }
}

const PLAIN = {
  delimiter: ',',
  decimal: '.',
  thousands: undefined,
  quote: '"',
  missing: [],
  encoding: 'utf-8'
}
const taken: ReadonlyArray<readonly [given: GivenCsvOptions, is: object]> = [
  [{}, {}],
  [{ delimiter: 'tab' }, { delimiter: '\t' }],
  [{ delimiter: '\\t' }, { delimiter: '\t' }],
  [{ delimiter: 'semicolon', decimal: ',' }, { delimiter: ';', decimal: ',' }],
  [{ delimiter: 'space' }, { delimiter: ' ' }],
  [{ delimiter: ';', decimal: ',', thousands: '.' }, {
    delimiter: ';',
    decimal: ',',
    thousands: '.'
  }],
  [{ delimiter: ';', decimal: ',', thousands: 'space' }, {
    delimiter: ';',
    decimal: ',',
    thousands: ' '
  }],
  [{ thousands: ',' }, { thousands: ',' }],
  [{ thousands: '\'' }, { thousands: '\'' }],
  [{ quote: '\'' }, { quote: '\'' }],
  [{ quote: 'none' }, { quote: '' }],
  [{ encoding: 'WLATIN1' }, { encoding: 'windows-1252' }],
  [{ missing: 'NA, n/a ,,-999' }, { missing: ['NA', 'n/a', '-999'] }],
  [{ missing: '' }, {}]
]
for (const [given, is] of taken) {
  t.test(`${JSON.stringify(given)} is a dialect`, async t => {
    t.same(told(given), { ...PLAIN, ...is })
  })
}

const refused: ReadonlyArray<readonly [given: GivenCsvOptions, says: RegExp]> = [
  [{ delimiter: ';;' },
    /query\.delimiter: ";;" can't be a delimiter → give one character, or semicolon/],
  [{ delimiter: '\n' }, /query\.delimiter: /],
  [{ delimiter: '5' }, /query\.delimiter: "5" can't be a delimiter/],
  [{ delimiter: 'x' }, /query\.delimiter: "x" can't be a delimiter/],
  [{ delimiter: '-' }, /query\.delimiter: "-" can't be a delimiter/],
  [{ quote: '``' }, /query\.quote: "``" can't be a quote/],
  [{ quote: ' ' }, /query\.quote: " " can't be a quote/],
  [{ thousands: '00' }, /query\.thousands: "00" can't separate thousands/],
  [{ thousands: '-' }, /query\.thousands: "-" can't separate thousands/],
  [{ encoding: 'klingon' },
    /query\.encoding: "klingon" is not known → give utf-8, utf-16, windows-1252 \(wlatin1\)/],
  [{ encoding: 'utf-7' }, /query\.encoding: "utf-7" is not known/],
  [{ encoding: 'us-ascii', delimiter: '§' },
    /query\.encoding: us-ascii can't write the delimiter or the quote/],
  [{ decimal: ',' },
    /query\.decimal: the comma is also the delimiter → give the file's delimiter, e\.g\. delimiter=%3B/],
  [{ decimal: ',', delimiter: ',' }, /query\.decimal: the comma is also the delimiter/],
  [{ delimiter: '.' }, /query\.delimiter: the point is also the decimal sign → .*decimal=%2C/],
  [{ quote: ',' }, /query\.quote: "," is also the delimiter/],
  [{ delimiter: '"' }, /query\.quote: """ is also the delimiter → .*quote=none/],
  [{ quote: '.' }, /query\.quote: "\." is also the decimal sign/],
  [{ thousands: '.' },
    /query\.thousands: "\." is also the decimal sign → .*decimal=%2C for a comma/],
  [{ delimiter: ';', decimal: ',', thousands: ',' },
    /query\.thousands: "," is also the decimal sign → .*decimal=\. for a point/],
  [{ thousands: '\'', quote: '\'' }, /query\.thousands: "'" is also the quote/],
  [{ thousands: ',', quote: 'none' },
    /query\.thousands: "," is also the delimiter, and without quotes nothing tells them apart/],
  [{ delimiter: ';;', encoding: 'klingon' }, /query\.delimiter: .*; query\.encoding: /]
]
for (const [given, says] of refused) {
  t.test(`${JSON.stringify(given)} is refused with the option and what to give instead`, async t => {
    t.match(told(given), /^request-invalid: /)
    t.match(told(given), says)
  })
}
