import type http from 'node:http'
import fc from 'fast-check'
import t from 'tap'
import { head, openSocket, readAnswer, send, stubbornPost, type Answer } from '../support/caller.js'
import { deploy } from '../support/model-program.js'
import { openSimulator, openTestService } from '../support/service.js'
import { faultOf } from './caller/answer-fault.js'
import { bodies } from './caller/bodies.js'
import { DESCRIBED, echoed, expectedOf, outputOf } from './caller/expected.js'
import { jsonText, Members, plainJson } from './caller/plain/plain-json.js'
import type { Body } from './caller/wires.js'

// Callers whose bodies come from a grammar: each row is the value that a plain reading of the body
// gives, or its failure; each body that has no such reading is refused.

const ROWS = Number(process.env['FUZZ_ROWS'] ?? 5_000)
const BATCH = 50
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)

const DESCRIPTION = description()

/** Answers what it was asked: each number with its digits. */
function echo (isDescribed: boolean): http.RequestListener {
  return (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const answer = (status: number, text: string) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(text)
      }
      if (request.method === 'GET') {
        return answer(isDescribed ? 200 : 404, isDescribed ? DESCRIPTION : '{}')
      }
      const { list } = plainJson(Buffer.concat(chunks).toString()) as Members
      const [name, data] = list[0]!
      if (name !== 'data' || !(data instanceof Members)) return answer(400, '{"message":"no data"}')
      const lacking = isDescribed ? DESCRIBED.filter(([name]) => data.of(name) === undefined) : []
      const outputs = [...echoed(data).list,
        ...lacking.map(([name]) => [outputOf(name), null] as const)]
      answer(200, `{"data":${jsonText(new Members(outputs))}}`)
    })
  }
}

function description (): string {
  const types = { double: 'number', whole: 'bigint', text: 'string', any: '' }
  const variables = (nameOf: (name: string) => string, more = {}) => {
    const properties = DESCRIBED.map(([name, kind]) =>
      [nameOf(name), { type: types[kind] }] as const
    )
    return { properties: { data: { properties: Object.fromEntries(properties), ...more } } }
  }
  const required = DESCRIBED.flatMap(([name, , isRequired]) => isRequired ? name : [])
  const schemas = {
    SCRInput: variables(name => name, { required }),
    SCROutput: variables(outputOf)
  }
  return JSON.stringify({ components: { schemas } })
}

async function post (
  url: string,
  { headers, bytes, cuts, isChunked }: Body
): Promise<Omit<Answer, 'uploadMs' | 'waitMs'>> {
  const socket = openSocket(url)
  const late = setTimeout(() => socket.destroy(new Error('no whole answer in time')), 60_000)
  try {
    const framing = isChunked
      ? { 'transfer-encoding': 'chunked' }
      : { 'content-length': String(bytes.length) }
    await send(socket, head(url, { ...headers, ...framing, connection: 'close' }))
    const places = [...cuts.map(cut => Math.floor(cut * bytes.length)).sort((a, b) => a - b),
      bytes.length]
    let from = 0
    for (const to of places) {
      const piece = bytes.subarray(from, to)
      from = to
      if (piece.length === 0) continue
      const size = Buffer.from(`${piece.length.toString(16)}\r\n`)
      await send(socket, isChunked ? Buffer.concat([size, piece, Buffer.from('\r\n')]) : piece)
    }
    if (isChunked) await send(socket, '0\r\n\r\n')
    return await readAnswer(socket)
  } finally {
    clearTimeout(late)
    socket.destroy()
  }
}

function shown (body: Body, fault: string): string {
  const { text, kind, query, headers, isDescribed } = body
  const said = JSON.stringify(text.slice(0, 1_500))
  return `${fault}; ${kind} ${isDescribed ? 'described' : 'free'} ${query} ${
    JSON.stringify(headers)
  } ${said}`
}

t.test(
  `${ROWS} rows in bodies from a grammar: each is the value meant or a failure, each body is read or refused (FUZZ_SEED=${seed})`,
  { timeout: 1_500_000 },
  async t => {
    const programs = { 'registry.demo/told:1': echo(true), 'registry.demo/free:1': echo(false) }
    const { cluster } = await openSimulator(t, { timing: { podStartMs: 50 }, programs })
    const service = await openTestService(t, cluster)
    const urlOf = (name: string) => `${service.url}/models/${name}/score`
    for (const name of ['told', 'free']) {
      await deploy(service, name, {
        image: `registry.demo/${name}:1`
      })
    }
    // what is learnt of a model by its first row is not what is tried here
    await stubbornPost(urlOf('free'), { headers: { 'content-type': 'text/csv' }, body: 'a\n1\n' })

    const faults: string[] = []
    const counts = { meant: 0, failed: 0, refused: 0, read: 0 }
    for (let batch = 0; counts.meant + counts.failed < ROWS && faults.length === 0; batch++) {
      for (const body of fc.sample(bodies, { numRuns: BATCH, seed: seed + batch * BATCH })) {
        const expected = expectedOf(body)
        const answer = await post(`${urlOf(body.isDescribed ? 'told' : 'free')}?${body.query}`,
          body)
        const fault = faultOf(answer, body, expected)
        if (fault !== undefined) faults.push(shown(body, fault))
        if ('refusals' in expected) counts.refused++
        else {
          counts.read++
          for (const { failure } of expected.rows) {
            counts[failure === undefined ? 'meant' : 'failed']++
          }
        }
      }
    }
    t.comment(JSON.stringify(counts))
    t.strictSame(faults.slice(0, 10), [], `silent faults; FUZZ_SEED=${seed} repeats them`)
    if (faults.length > 0) return
    const rows = counts.meant + counts.failed
    t.ok(counts.failed > rows / 20 && counts.meant > rows / 4,
      `${counts.meant} rows were meant as values, ${counts.failed} as failures`)
    const all = counts.read + counts.refused
    t.ok(counts.refused > all / 20 && counts.read > all / 4,
      `${counts.read} bodies were meant to be read, ${counts.refused} to be refused`)
  }
)
