import { randomBytes } from 'node:crypto'
import http from 'node:http'
import type { Test } from 'tap'
import { deployed, until, type World } from '../support/contract.js'
import { sample } from './scores.js'

interface Told {
  readonly state: string
  readonly rowsScored: number
}

/** Each on a connection of its own, so that it may come to any replica. */
const CALLS = 12
const STOPS_WITHIN_MS = 2_000

/** A scoring, looked at, followed and stopped by calls that come to any replica. */
export function scoringsContract (t: Test, world: World): void {
  t.test('a scoring is found, followed and stopped by whichever replica is called', async t => {
    const name = await deployed(t, world, 'scoring', {
      image: `${world.imagePrefix}/sr_hmeq_logreg:1.0-slow`
    })
    const id = `it-${randomBytes(6).toString('hex')}`
    const [head = '', ...rows] = (await sample()).trimEnd().split('\n')
    // with 250 ms a row these take minutes
    const answering = call(world, 'POST', `/models/${name}/score`,
      { 'content-type': 'text/csv', 'x-request-id': id },
      [head, ...Array.from({ length: 200 }, () => rows).flat()].join('\n'))
    await until('rows are scored', async () => await told(world, id),
      ([status, { rowsScored }]) => status === 200 && rowsScored > 0)

    const all = async () =>
      await Promise.all(Array.from({ length: CALLS }, async () => await told(world, id)))
    const found = await all()
    t.same(found.map(([status, { state }]) => [status, state]),
      Array.from({ length: CALLS }, () => [200, 'running']))

    const followed = Promise.all(Array.from({ length: CALLS / 4 }, async () =>
      await call(world, 'GET', `/scorings/${id}`, { accept: 'text/event-stream' })))
    const stopped = performance.now()
    t.equal((await call(world, 'DELETE', `/scorings/${id}`)).status, 200)
    t.match(await answering, { status: 409, text: /scoring-stopped/ })
    t.ok(performance.now() - stopped < STOPS_WITHIN_MS,
      `its caller hears of it after ${Math.round(performance.now() - stopped)} ms`)
    for (const { text } of await followed) {
      t.match(text.trim().split('\n\n').at(-1), /^event: end\ndata: .*"state":"stopped"/)
    }
    const ended = await all()
    const [, { rowsScored }] = ended[0]!
    t.same(ended.map(([status, { state, rowsScored }]) => [status, state, rowsScored]),
      Array.from({ length: CALLS }, () => [200, 'stopped', rowsScored]))
    t.equal((await told(world, `${id}-other`))[0], 404)
  })
}

async function told (world: World, id: string): Promise<[number, Told]> {
  const { status, text } = await call(world, 'GET', `/scorings/${id}`)
  return [status, JSON.parse(text) as Told]
}

async function call (
  { service }: World,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body = ''
): Promise<{ readonly status: number, readonly text: string }> {
  return await new Promise((resolve, reject) => {
    http.request(`${service}${path}`, {
      method,
      headers: { ...headers, ...(body !== '' && { 'content-length': Buffer.byteLength(body) }) },
      agent: false
    }, response => {
      let text = ''
      response.setEncoding('utf8')
        .on('data', (piece: string) => {
          text += piece
        })
        .on('end', () => resolve({ status: response.statusCode!, text }))
        .on('error', reject)
    }).on('error', reject).end(body)
  })
}
