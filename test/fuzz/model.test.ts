import type http from 'node:http'
import fc from 'fast-check'
import t from 'tap'
import { stubbornPost } from '../support/caller.js'
import { deployed, type Deployed } from '../support/model-program.js'
import { sized } from '../support/size.js'
import { plans, type Plan, type Reply } from './answers.js'

// A model whose answers come from a grammar: whatever it says, each row is the value that was meant
// or a failure that says why.

const ROWS = Number(process.env['FUZZ_ROWS'] ?? sized(5_000, 1_500))
const BATCH = 500
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)

const DESCRIPTION = JSON.stringify({
  components: {
    schemas: {
      SCRInput: { properties: { data: { properties: { X: { type: 'number' } } } } },
      SCROutput: {
        properties: {
          data: {
            properties: { P: { type: 'double' }, C: { type: 'string' }, N: { type: 'bigint' } }
          }
        }
      }
    }
  }
})

/** What the model does now, by the row's X, and which rows it was asked for already. */
const present: { plans: readonly Plan[], asked: Set<number> } = { plans: [], asked: new Set() }

const model: http.RequestListener = (request, response) => {
  let body = ''
  request.on('data', chunk => {
    body += String(chunk)
  }).on('end', () => {
    if (request.method === 'GET') {
      return send(response, {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(DESCRIPTION),
        chunk: undefined,
        delayMs: 0
      })
    }
    const { data } = JSON.parse(body) as { data?: { X: number | null } }
    if (data === undefined) return send(response, plain(400, '{"message":"data is missing"}'))
    if (data.X === null) return send(response, plain(200, '{"data":{"P":null,"C":null,"N":null}}'))
    const { answer, first = answer } = present.plans[data.X]!
    const reply = present.asked.has(data.X) ? answer : first
    present.asked.add(data.X)
    if (reply === 'reset') request.socket.destroy()
    else send(response, reply)
  })
}

function plain (status: number, text: string): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(text),
    chunk: undefined,
    delayMs: 0
  }
}

function send (
  response: http.ServerResponse,
  { status, headers, body, chunk, delayMs }: Reply
): void {
  const write = () => {
    response.writeHead(status,
      chunk === undefined ? { ...headers, 'content-length': body.length } : headers)
    if (chunk !== undefined) {
      for (let at = 0; at < body.length; at += chunk) response.write(body.subarray(at, at + chunk))
    }
    response.end(chunk === undefined ? body : undefined)
  }
  if (delayMs > 0) setTimeout(write, delayMs)
  else write()
}

/** Why a line of the answer is not what its plan means; undefined: it is. */
function faultIn (line: string, { verdict }: Plan, x: number): string | undefined {
  const { X, P, C, _error: reason } = JSON.parse(line) as {
    X: unknown
    P: unknown
    C: unknown
    _error: unknown
  }
  if (X !== String(x)) return `the row of X ${String(X)} is in its place`
  const digits = /"N":([^,}]*)/.exec(line)?.[1]
  if (verdict === 'failure') {
    if (typeof reason !== 'string' || reason === '') return 'it has no reason in _error'
    return P === null && C === null && digits === 'null' ? undefined : 'a failed row has a score'
  }
  if (reason !== null) return `it failed: ${String(reason)}`
  if (!Object.is(P, verdict.P)) return `P is ${String(P)}, not ${String(verdict.P)}`
  if (C !== verdict.C) return `C is ${JSON.stringify(C)}, not ${JSON.stringify(verdict.C)}`
  return digits === verdict.N ? undefined : `N is ${digits}, not ${verdict.N}`
}

async function scoreBatch (service: Deployed, batch: readonly Plan[]): Promise<string[]> {
  present.plans = batch
  present.asked.clear()
  const body = 'X\n' + batch.map((_, x) => `${x}\n`).join('')
  const answer = await stubbornPost(service.scoreUrl('format=ndjson'), {
    headers: { 'content-type': 'text/csv' },
    body
  })
  if (answer.status !== 200) {
    return [`the request ended with ${answer.status}: ${answer.body.slice(0, 500)}`]
  }
  const lines = answer.body.trimEnd().split('\n')
  if (lines.length !== batch.length) return [`${lines.length} rows came back of ${batch.length}`]
  return lines.flatMap((line, x) => {
    const fault = faultIn(line, batch[x]!, x)
    return fault === undefined ? [] : [`${batch[x]!.it}: ${fault}; ${line.slice(0, 300)}`]
  })
}

t.test(
  `${ROWS} rows whose answers come from a grammar: each is the value meant, or a failure (FUZZ_SEED=${seed})`,
  { timeout: 1_200_000 },
  async t => {
    const service = await deployed(t, model)
    const faults: string[] = []
    let meant = 0
    for (let begin = 0; begin < ROWS && faults.length === 0; begin += BATCH) {
      const batch = fc.sample(plans, { numRuns: BATCH, seed: seed + begin })
      meant += batch.filter(({ verdict }) => verdict !== 'failure').length
      faults.push(...await scoreBatch(service, batch))
    }
    t.strictSame(faults.slice(0, 10), [], `silent faults; FUZZ_SEED=${seed} repeats them`)
    t.ok(faults.length > 0 || (meant > ROWS / 4 && meant < ROWS * 3 / 4),
      `${meant} of ${ROWS} rows were meant as values: both kinds are tried`)
  }
)

const ends: ReadonlyArray<readonly [it: string, reply: Reply, status: number, says: RegExp]> = [
  ['a page, again and again', plain(200, '<html>hello</html>'), 502,
    /again and again the model answered/],
  ['nothing, again and again', plain(200, ''), 502, /again and again the model answered nothing/],
  ['a gateway\'s page', {
    ...plain(413, '<html><h1>413 Request Entity Too Large</h1></html>'),
    headers: { 'content-type': 'text/html' }
  }, 502, /a gateway in front of it refused the call \(413\)/],
  ['a mesh\'s refusal', plain(403, 'RBAC: access denied'), 502, /status 403/],
  ['a redirection', { ...plain(301, ''), headers: { location: 'https://m.example.com/m' } }, 502,
    /a redirection to "https:/]
]
for (const [it, reply, status, says] of ends) {
  t.test(`${it} is no row's answer: the request ends, and says what came`, async t => {
    const service = await deployed(t, model)
    present.plans = Array.from({ length: 10 },
      () => ({ it, answer: reply, verdict: 'failure' as const }))
    present.asked.clear()
    const { status: found, body } = await stubbornPost(service.scoreUrl(), {
      headers: { 'content-type': 'text/csv' },
      body: 'X\n0\n1\n2\n3\n4\n5\n'
    })
    t.equal(found, status)
    t.match((JSON.parse(body) as { detail: string }).detail, says)
    t.notMatch((JSON.parse(body) as { remedy: string }).remedy, /appPath/)
  })
}
