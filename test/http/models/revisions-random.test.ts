import t from 'tap'
import { program } from '../../support/model-program.js'
import {
  IMAGE_1,
  IMAGE_2,
  open,
  textOf,
  versionsOf,
  type Answer,
  type App,
  type Body
} from './revisions-app.js'

const IMAGE_3 = 'registry.demo/creditwriteoff:3.0'
const IMAGE_4 = 'registry.demo/creditwriteoff:4.0'
const IMAGES = [IMAGE_1, IMAGE_2, IMAGE_3, IMAGE_4]
const TAGS = ['blue', 'green', 'red']
const STEPS = 25
const ROWS = 50

const versionIn = (image: string) => image.split(':')[1] ?? ''

/** A model that tells its image's version, as creditwriteoff does. */
function telling (image: string) {
  const inputs = {
    BALANCE: 'number',
    MONTHS_LATE: 'number',
    UTILIZATION: 'number',
    SEGMENT: 'string'
  } as const
  const outputs = {
    P_WRITEOFF: 'number',
    EXPECTED_LOSS: 'number',
    DECISION: 'string',
    MODEL_VERSION: 'string'
  } as const
  const score = () => ({
    P_WRITEOFF: 0,
    EXPECTED_LOSS: 0,
    DECISION: 'KEEP',
    MODEL_VERSION: versionIn(image)
  })
  return program({ inputs, outputs, score }).listener
}

/** The same numbers from 0 below 1 for the same seed (mulberry32). */
function random (seed: number): () => number {
  return () => {
    seed = (seed + 0x6D2B79F5) | 0
    let x = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One mutation at random, waited for; what is refused is a step too. */
async function step (app: App, next: () => number): Promise<{ said: string, answer: Answer }> {
  const one = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)]!
  const percent = one([0, 5, 10, 25, 50, 99, 100])
  const revisions = (await app.send('GET', '/models/m/revisions')).body.items.map(({ name }) =>
    name
  )
  const [a, b, tag, image] = [one(revisions), one(revisions), one(TAGS), one(IMAGES)]
  const send = async (method: string, path: string, body?: object) => ({
    said: `${method} ${path} ${JSON.stringify(body)}`,
    answer: await app.send(method, `/models/m${path}`, body)
  })
  switch (Math.floor(next() * 11)) {
    case 0:
      return await send('PUT', '?wait=20&traffic=latest', { image })
    case 1:
    case 2:
      return await send('POST', '/revisions?wait=20', { image, tag, percent })
    case 3:
      return await send('POST', '/promote?wait=20', { revision: a })
    case 4:
      return await send('POST', '/promote?wait=20', { tag })
    case 5:
      return await send('POST', '/rollback?wait=20')
    case 6:
      return await send('DELETE', `/revisions/${a}?forget=${next() < 0.5}`)
    case 7:
    case 8:
      return await send('POST', '/rollback?wait=20')
    case 9:
      return await send('PATCH', '?wait=20', { timeoutSeconds: one([20, 30, 40]) })
    default:
      return await send('PUT', '/traffic?wait=20', [{ revision: a, percent, tag }, {
        revision: b,
        percent: 100 - percent
      }])
  }
}

/**
 * What is wrong with the rows scored now, as the table that the API reports has it; '' when nothing
 * is.
 */
async function fault (app: App, before: Body): Promise<string> {
  const { traffic, desired, history } = (await app.send('GET', '/models/m/traffic')).body
  const { items } = (await app.send('GET', '/models/m/revisions')).body
  const routed = traffic.filter(({ percent }) => percent > 0).map(({ revision }) => revision!)
  const scored = await versionsOf(app, ROWS)
  const told = [...scored.told.matchAll(/(m-\d{5})=(\d+)/g)].map(([, name = '', count]) => ({
    name,
    count: Number(count)
  }))
  const toldVersions = told.flatMap(({ name, count }) =>
    Array<string>(count).fill(versionIn(items.find(item => item.name === name)?.image ?? ''))
  )
  const faults = [
    ...told.filter(({ name }) => !routed.includes(name)).map(({ name }) => `rows by ${name}`),
    ...(toldVersions.sort().join() === scored.versions.toSorted().join()
      ? []
      : [`told ${scored.told}, scored by ${scored.versions.join()}`]),
    ...(desired.some(({ latest }) => latest) || textOf(desired) === textOf(traffic)
      ? []
      : [`asked for ${textOf(desired)}`]),
    ...(history.length >= before.history.length ||
        history.every(table => before.history.map(textOf).includes(textOf(table)))
      ? []
      : ['another history'])
  ]
  return faults.length === 0 ? '' : `${[...new Set(faults)].join(', ')}; ${textOf(traffic)} serves`
}

for (const seed of [1, 2]) {
  t.test(`in random sequences of mutations every row is scored by a revision that the table gives traffic to (seed ${seed})`, async t => {
    const app = await open(t, {
      programs: { [IMAGE_3]: telling(IMAGE_3), [IMAGE_4]: telling(IMAGE_4) }
    })
    const next = random(seed)
    const done: string[] = []
    let accepted = 0
    let rolledBack = 0
    for (let i = 0; i < STEPS; i++) {
      const before = (await app.send('GET', '/models/m/traffic')).body
      const { said, answer: { status, body } } = await step(app, next)
      done.push(`${status} ${said}`)
      if (status < 300) accepted++
      if (
        ![200, 201, 204, 404, 409, 422].includes(status) || body.type === '/problems/model-failed'
      ) t.fail(`${status} ${JSON.stringify(body)}`, { done })
      const after = (await app.send('GET', '/models/m/traffic')).body
      if (said.startsWith('POST /rollback') && status === 200) {
        rolledBack++
        t.equal(textOf(after.traffic), textOf(before.history.at(-1) ?? []), 'rolled back exactly')
      }
      if (status >= 400) {
        t.same([after.desired, after.history], [before.desired, before.history],
          `refused, so nothing has changed: ${said}`)
      }
      const wrong = await fault(app, before)
      if (wrong !== '') t.fail(`after ${said}: ${wrong}`, { done })
    }
    t.ok(accepted > STEPS / 3, `${accepted} of ${STEPS} were accepted`)
    t.ok(rolledBack > 0, `${rolledBack} times rolled back`)
  })
}
