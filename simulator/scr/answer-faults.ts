// These are the faults of models that answer wrongly. Each suffix changes a correct answer.
import type http from 'node:http'
import { gzipSync } from 'node:zlib'

/** How an answer and its headers are changed. */
interface Oddity {
  readonly body: (text: string) => string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  /** 1: the answer to each POST of a container is changed; 5: that to each fifth POST. */
  readonly each: 1 | 5
  /** The answer is sent byte by byte, with this pause between two bytes. */
  readonly dripMs?: number
}

const EACH_FIFTH = 5
const DRIP_MS = 500

export const ODDITIES = {
  nan: { each: EACH_FIFTH, body: withFirstNumber('NaN') },
  wordy: { each: EACH_FIFTH, body: withFirstNumber('"unknown"') },
  lacking: { each: EACH_FIFTH, body: withOutputs(outputs => outputs.slice(1)) },
  twice: { each: EACH_FIFTH, body: withOutputs(outputs => [...outputs, ...outputs.slice(0, 1)]) },
  failed: { each: EACH_FIFTH, body: text => text.replace('{', '{"executionState":"failed",') },
  errordoc: {
    each: EACH_FIFTH,
    body: () =>
      '{"errorCode":30010,"message":"The score code ended with an error.","httpStatusCode":500}'
  },
  cut: { each: EACH_FIFTH, body: text => text.slice(0, -10) },
  latin1: {
    each: EACH_FIFTH,
    body: text =>
      Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"note":"é"}', 'latin1')])
  },
  page: {
    each: 1,
    body: () => '<!doctype html><html><body><h1>Welcome</h1></body></html>',
    headers: { 'content-type': 'text/html' }
  },
  drip: { each: EACH_FIFTH, body: text => text, dripMs: DRIP_MS },
  lowercase: {
    each: 1,
    body: withOutputs(outputs =>
      outputs.map(({ name, value }) => ({ name: name.toLowerCase(), value }))
    )
  },
  extra: {
    each: 1,
    body: withOutputs(outputs => [...outputs, { name: 'UNDECLARED', value: '1' }])
  },
  quoted: {
    each: 1,
    body: withOutputs(outputs =>
      outputs.map(({ name, value }) => ({
        name,
        value: /^-?\d/.test(value) ? `"   ${value}"` : value
      }))
    )
  },
  gzip: { each: 1, body: text => gzipSync(text), headers: { 'content-encoding': 'gzip' } },
  bom: { each: 1, body: text => '\ufeff' + text }
} as const satisfies Readonly<Record<string, Oddity>>

export type AnswerFault = keyof typeof ODDITIES

/** Changes a listener's answers to rows as the fault says. */
export function withOddAnswers (
  fault: AnswerFault,
  listener: http.RequestListener
): http.RequestListener {
  const { body, headers = {}, each, dripMs }: Oddity = ODDITIES[fault]
  let calls = 0
  return (req, res) => {
    if (req.method === 'POST' && ++calls % each === 0) {
      changeAnswer(res, text => body(text), headers, dripMs)
    }
    listener(req, res)
  }
}

/** Changes the answer that the listener writes to `res`, with one writeHead and one end. */
function changeAnswer (
  res: http.ServerResponse,
  change: (text: string) => string | Buffer,
  headers: Readonly<Record<string, string>>,
  dripMs: number | undefined
): void {
  const writeHead = res.writeHead.bind(res)
  const end = res.end.bind(res)
  let status = 0
  let given: http.OutgoingHttpHeaders = {}
  res.writeHead = ((code: number, head: http.OutgoingHttpHeaders) => {
    status = code
    given = head
    return res
  }) as typeof res.writeHead
  res.end = ((text: string) => {
    const bytes = Buffer.from(status === 200 ? change(text) : text)
    writeHead(status, {
      ...given,
      ...(status === 200 ? headers : {}),
      'content-length': bytes.length
    })
    return dripMs === undefined || status !== 200 ? end(bytes) : drip(res, bytes, dripMs, end)
  }) as typeof res.end
}

function drip (
  res: http.ServerResponse,
  bytes: Buffer,
  pauseMs: number,
  end: () => unknown
): http.ServerResponse {
  let at = 0
  const timer = setInterval(() => {
    if (at < bytes.length) return res.write(bytes.subarray(at, ++at))
    clearInterval(timer)
    end()
  }, pauseMs)
  res.once('close', () => clearInterval(timer))
  return res
}

interface Output {
  readonly name: string
  readonly value: string
}

/**
 * Makes a function that changes the outputs in an answer's text. The answer has them in `data`, or
 * as pairs in `outputs`. `change` gets each value as JSON text.
 */
function withOutputs (
  change: (outputs: readonly Output[]) => readonly Output[]
): (text: string) => string {
  return text => {
    const { data, outputs, ...envelope } = JSON.parse(text) as {
      data?: Record<string, unknown>
      outputs?: Array<{ name: string; value: unknown }>
    }
    const given =
      data === undefined
        ? (outputs ?? [])
        : Object.entries(data).map(([name, value]) => ({ name, value }))
    const changed = change(given.map(({ name, value }) => ({ name, value: JSON.stringify(value) })))
    const members =
      data === undefined
        ? `"outputs":[${changed.map(({ name, value }) => `{"name":${JSON.stringify(name)},"value":${value}}`).join()}]`
        : `"data":{${changed.map(({ name, value }) => `${JSON.stringify(name)}:${value}`).join()}}`
    return `{${[...Object.entries(envelope).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`), members].join()}}`
  }
}

function withFirstNumber (text: string): (answer: string) => string {
  return withOutputs(outputs => {
    const first = outputs.findIndex(({ value }) => /^-?\d/.test(value))
    return outputs.map((output, index) =>
      index === first ? { name: output.name, value: text } : output
    )
  })
}
