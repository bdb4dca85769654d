import t from 'tap'
import type { AnswerFormat } from '../../../src/domain/scoring/answer/answer-options.js'
import { acceptedFormat } from '../../../src/http/scoring/negotiation.js'
import { failureOf } from '../../domain/scoring/support.js'

const table: ReadonlyArray<
  { accept: string | undefined, given: AnswerFormat, is: AnswerFormat | 'refused' }
> = [
  { accept: undefined, given: 'csv', is: 'csv' },
  { accept: '', given: 'ndjson', is: 'ndjson' },
  { accept: '*/*', given: 'csv', is: 'csv' },
  { accept: '*/*', given: 'json', is: 'json' },
  { accept: 'application/json', given: 'csv', is: 'json' },
  { accept: 'TEXT/CSV; charset=utf-8', given: 'json', is: 'csv' },
  { accept: 'application/x-ndjson', given: 'csv', is: 'ndjson' },
  { accept: 'application/ndjson', given: 'csv', is: 'ndjson' },
  { accept: 'text/*', given: 'csv', is: 'csv' },
  { accept: 'application/*', given: 'ndjson', is: 'ndjson' },
  { accept: 'text/csv;q=0.5, application/json', given: 'csv', is: 'json' },
  { accept: 'application/json;q=0.2, text/csv;q=0.9', given: 'json', is: 'csv' },
  { accept: 'text/html, application/xhtml+xml, */*;q=0.8', given: 'csv', is: 'csv' },
  { accept: 'text/csv;q=0, application/json', given: 'csv', is: 'json' },
  { accept: 'text/csv;q=0, */*', given: 'csv', is: 'json' },
  { accept: '*/*, text/csv; q=0', given: 'csv', is: 'json' },
  { accept: 'text/*;q=0, */*', given: 'csv', is: 'json' },
  { accept: 'application/json;q=0, application/*', given: 'csv', is: 'ndjson' },
  { accept: '*/*;q=0.1, application/json;q=0', given: 'json', is: 'csv' },
  { accept: 'application/*', given: 'csv', is: 'json' },
  { accept: 'text/*', given: 'json', is: 'csv' },
  { accept: '*/*;q=0.9, text/csv;q=0.1', given: 'csv', is: 'json' },
  { accept: 'text/csv;q=0.5;header=present, application/json;q=0.4', given: 'json', is: 'csv' },
  { accept: 'application/json;profile="a,b;q=0";q=0.5', given: 'csv', is: 'json' },
  { accept: 'text/csv;charset=utf-8;q=0, */*;q=0.1', given: 'csv', is: 'json' },
  { accept: 'text/csv; Q=0, */*', given: 'csv', is: 'json' },
  { accept: 'text/csv;q=x', given: 'csv', is: 'refused' },
  { accept: '*/*;q=0', given: 'csv', is: 'refused' },
  { accept: 'csv', given: 'csv', is: 'refused' },
  { accept: ',;,', given: 'csv', is: 'refused' },
  { accept: `text/csv${';a=b'.repeat(5_000)}`, given: 'json', is: 'csv' },
  { accept: 'application/pdf', given: 'csv', is: 'refused' },
  { accept: 'text/csv;q=0', given: 'csv', is: 'refused' },
  { accept: 'image/*', given: 'csv', is: 'refused' }
]
for (const { accept, given, is } of table) {
  t.test(`Accept: ${accept?.slice(0, 80) ?? '(none)'} to ${given} is ${is}`, async t => {
    let found: string | undefined
    const failure = await failureOf(() => {
      found = acceptedFormat(accept, given)
    })
    t.equal(found ?? failure.replace(/^answer-type-unsupported: .*/, 'refused'), is)
  })
}
