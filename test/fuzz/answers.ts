import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'

/** What a row has to become, by a reading of the answer that shares nothing with the service's. */
export type Verdict =
  | { readonly P: number | null, readonly C: string | null, readonly N: string }
  | 'failure'

/**
 * What a model does with one row: `first` is its answer to the first call, where that is another
 * one.
 */
export interface Plan {
  readonly it: string
  readonly answer: Reply
  readonly first?: Reply | 'reset'
  readonly verdict: Verdict
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Bytes in one chunk; undefined: all at once, with their length. */
  readonly chunk: number | undefined
  readonly delayMs: number
}

/** A value as JSON text, and what it means for the output's type. */
interface Told<T> {
  readonly text: string
  readonly means: T | 'failure'
}

const double = fc.double({ noNaN: true, noDefaultInfinity: true })
const plain = (number: number): string => Object.is(number, -0) ? '-0' : String(number)
const padding = fc.nat(4).map(length => ' '.repeat(length))

const numbers: fc.Arbitrary<Told<number | null>> = fc.oneof(
  { weight: 40, arbitrary: double.map(number => ({ text: plain(number), means: number })) },
  { weight: 2, arbitrary: fc.integer().map(number => ({ text: `${number}.0`, means: number })) },
  fc.integer({ min: -99, max: 99 }).map(number => ({
    text: `${number}e2`,
    means: Number(`${number}e2`)
  })),
  fc.tuple(padding, double).map(([pad, number]) => ({
    text: `"${pad}${plain(number)}"`,
    means: number
  })),
  fc.constantFrom('null', '"."', '" . "', '".A"', '""', '"   "').map(text => ({
    text,
    means: null
  })),
  fc.constantFrom(
    '"abc"',
    'true',
    'false',
    '[0.5]',
    '{}',
    '[]',
    '"NaN"',
    '"1,5"',
    '"0x10"',
    '1e999',
    '-1e999',
    'NaN',
    'Infinity',
    '-Infinity',
    '"Infinity"'
  ).map(text => ({ text, means: 'failure' as const }))
)

const letters = fc.string({
  unit: fc.constantFrom('a', 'B', '0', '.', ' ', 'é', '漢', '😀', ',', '"', '\n', '\\', '\u2028'),
  maxLength: 8
})
const texts: fc.Arbitrary<Told<string | null>> = fc.oneof(
  {
    weight: 40,
    arbitrary: letters.map(text => ({ text: JSON.stringify(text), means: withoutBlanks(text) }))
  },
  fc.tuple(letters, padding).map(([text, pad]) => ({
    text: JSON.stringify(pad + text + pad),
    means: withoutBlanks(text)
  })),
  fc.constantFrom('00501', 'NaN', '.', 'null', 'true', '__proto__').map(text => ({
    text: JSON.stringify(text),
    means: text
  })),
  letters.map(text => ({ text: escaped(text), means: withoutBlanks(text) })),
  fc.constant({ text: 'null', means: null }),
  fc.constantFrom('1', 'true', '[1]', '{}', '"\\ud800"', '"\\udc00x"').map(text => ({
    text,
    means: 'failure' as const
  }))
)

const wholes: fc.Arbitrary<Told<string>> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }).map(number => ({
      text: String(number),
      means: String(number)
    }))
  },
  fc.maxSafeInteger().map(number => ({ text: `" ${number}"`, means: String(number) })),
  fc.constantFrom('null', '"."', '""').map(text => ({ text, means: 'null' })),
  fc.constantFrom('1.5', '"1.5"', '"x"', 'true', '1e999', '[1]').map(text => ({
    text,
    means: 'failure' as const
  }))
)

function seldom<T> (...values: readonly T[]): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 40, arbitrary: fc.constant(undefined) }, fc.constantFrom(...values))
}

const caseOf = (name: string) => fc.constantFrom(name, name, name, name.toLowerCase())

/** The members of an answer: most of them as declared. */
const members = fc.record({
  P: fc.tuple(caseOf('P'), numbers),
  C: fc.tuple(caseOf('C'), texts),
  N: fc.tuple(caseOf('N'), wholes),
  left: seldom('P', 'C', 'N'),
  twice: seldom('P', 'C', 'N'),
  more: fc.constantFrom([], [], [], ['"Y":1'], ['"__proto__":2'], ['"constructor":"c"',
    '"_error":"e"']),
  turned: fc.boolean()
}).map(({ P, C, N, left, twice, more, turned }) => {
  const own = Object.entries({ P, C, N }).filter(([name]) => name !== left)
  const isTwice = own.some(([name]) => name === twice)
  const told = [...own, ...own.filter(([name]) => name === twice)].map(([, [name, { text }]]) =>
    `"${name}":${text}`
  )
  const list = turned ? [...told, ...more].reverse() : [...told, ...more]
  const meanings = [P[1].means, C[1].means, N[1].means]
  const isFailure = left !== undefined || isTwice || meanings.includes('failure')
  return {
    list,
    verdict: isFailure
      ? 'failure' as const
      : { P: P[1].means, C: C[1].means, N: N[1].means } as Verdict
  }
})

const SOUND_FORMS = ['data', 'data', 'data', 'outputs', 'both'] as const

/** What stands around them. A pair of outputs has a name and a value. */
const documents = fc.tuple(members,
  fc.constantFrom(...SOUND_FORMS, ...SOUND_FORMS, ...SOUND_FORMS, 'parted'), fc.constantFrom(
    ...Array.from({ length: 20 }, () => ({ before: '', after: '', fails: false })),
    {
      before: '"version":1,"metadata":{"module_id":"m","elapsed_nanos":"812345"},',
      after: '',
      fails: false
    },
    { before: '', after: ',"executionState":"completed","links":[]', fails: false },
    { before: '"errorCode":0,"error":null,', after: '', fails: false },
    { before: '"executionState":"failed",', after: '', fails: true },
    { before: '"errorCode":30010,"message":"no",', after: '', fails: true },
    { before: '"data":null,', after: '', fails: true }
  )).map(([{ list, verdict }, form, { before, after, fails }]) => {
  const data = `"data":{${list.join(', ')}}`
  const pairs = list.map(member =>
      `{"name":${member.slice(0, member.indexOf(':'))},"value":${
        member.slice(member.indexOf(':') + 1)
      }}`
  )
  const outputs = `"outputs":[${pairs.join()}]`
  const body = {
    data,
    outputs,
    both: `${data},${outputs}`,
    parted: `${data},"outputs":[{"name":"P","value":"other"}]`
  }[form]
  const isFailure = fails || form === 'parted'
  return { text: `{${before}${body}${after}}`, verdict: isFailure ? 'failure' as const : verdict }
})

const odd = fc.constantFrom(
  '',
  ' ',
  'null',
  '[]',
  '5',
  '"text"',
  '{}',
  '{"X":1}',
  '{"data":[]}',
  '{"outputs":[]}',
  '{"outputs":{}}',
  '{"outputs":[1]}',
  '{"data":{"P":1,"C":"a","N":1}',
  '{"data":{"P":1,"C":"a","N":1}}}',
  '<html><body>Welcome</body></html>',
  'OK',
  '{"message":"gone"}'
).map(text => ({ text, verdict: 'failure' as const }))

/** Each with whether it can be read. */
const encodings: ReadonlyArray<
  { readonly encode: (text: string) => Buffer, readonly coding?: string, readonly fails?: boolean }
> = [
  ...Array.from({ length: 40 }, () => ({ encode: (text: string) => Buffer.from(text) })),
  { encode: text => Buffer.from('\ufeff' + text) },
  { encode: text => gzipSync(text), coding: 'gzip' },
  { encode: text => deflateSync(text), coding: 'deflate' },
  { encode: text => brotliCompressSync(text), coding: 'br' },
  { encode: text => Buffer.from(text), coding: 'gzip', fails: true },
  { encode: text => gzipSync(text).subarray(0, -5), coding: 'gzip', fails: true },
  { encode: text => Buffer.concat([Buffer.from(text), Buffer.from([0xff])]), fails: true },
  { encode: text => Buffer.from('\ufeff' + text, 'utf16le'), fails: true }
]

const types = fc.constantFrom('application/json', 'application/json;charset=utf-8', 'text/plain',
  'application/octet-stream', undefined)

const replies = fc.record({
  document: fc.oneof({ weight: 20, arbitrary: documents }, odd),
  encoding: fc.constantFrom(...encodings),
  status: fc.constantFrom(200, 200, 200, 201),
  type: types,
  chunk: fc.constantFrom(undefined, undefined, undefined, 1, 7),
  delayMs: fc.constantFrom(0, 0, 0, 0, 5)
}).map(
  (
    {
      document: { text, verdict },
      encoding: { encode, coding, fails = false },
      status,
      type,
      chunk,
      delayMs
    }
  ) => {
    const headers = {
      ...(type === undefined ? {} : { 'content-type': type }),
      ...(coding === undefined ? {} : { 'content-encoding': coding })
    }
    const answer: Reply = { status, headers, body: encode(text), chunk, delayMs }
    return {
      it: `${text} (${coding ?? 'plain'}, ${status})`,
      answer,
      verdict: fails ? 'failure' as const : verdict
    }
  }
)

const refusal = fc.constantFrom(
  [400, '{"errorCode":30010,"message":"no"}'],
  [422, '{"message":"no"}'],
  [400, 'no such row'],
  [500, '{"status":500,"error":"Internal Server Error","path":"/m"}']
).map(([status, text]) => ({
  it: `${status} ${text}`,
  answer: reply(Number(status), String(text)),
  verdict: 'failure' as const
}))

/** Failures of what stands in front of the model, cured by another call. */
const passing: ReadonlyArray<Reply | 'reset'> = [
  'reset',
  reply(503, 'pending request queue full\n'),
  reply(503, 'upstream connect error'),
  reply(502, 'EOF\n'),
  reply(500, ''),
  reply(504, 'activator request timeout'),
  reply(429, '', { 'retry-after': '1' })
]

export const plans: fc.Arbitrary<Plan> = fc.oneof(
  { weight: 30, arbitrary: replies },
  {
    weight: 1,
    arbitrary: fc.tuple(replies, fc.constantFrom(...passing)).map(([plan, first]) => ({
      ...plan,
      first
    }))
  },
  { weight: 2, arbitrary: refusal }
)

function reply (
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {}
): Reply {
  return {
    status,
    headers: {
      'content-type': text.startsWith('{') ? 'application/json' : 'text/plain',
      ...headers
    },
    body: Buffer.from(text),
    chunk: undefined,
    delayMs: 0
  }
}

/** SAS pads texts with blanks, at either end. */
function withoutBlanks (text: string): string {
  return text.replace(/^ +/, '').replace(/ +$/, '')
}

function escaped (text: string): string {
  return `"${
    Array.from({ length: text.length }, (_, at) =>
      `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')
  }"`
}
