import t from 'tap'
import type { Caller, Identities, Right, Rights } from '../../../src/domain/access/access.js'
import { rememberIdentities, rememberRights } from '../../../src/domain/access/remembered.js'
import { deferred } from '../../../src/async/deferred.js'
import { DomainError, type Fault } from '../../../src/domain/errors.js'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const ANN: Caller = { user: 'ann', groups: [] }
const GET: Right = { verb: 'get' }
const never = new AbortController().signal

/** Somebody to ask, whose answers the test sets and counts, on a clock that the test moves. */
class World implements Identities, Rights {
  time = 1_000_000 * MINUTE
  asked = 0
  answer: Caller | boolean | Fault = true
  readonly sources: string[] = []
  readonly told = (_decision: string, source: string) => {
    this.sources.push(source)
  }

  async callerOf (): Promise<Caller> {
    return this.#answered() as Caller
  }

  async has (): Promise<boolean> {
    return this.#answered() as boolean
  }

  #answered (): Caller | boolean {
    this.asked++
    if (typeof this.answer === 'string') throw new DomainError(this.answer, 'no answer')
    return this.answer
  }

  /** `true`, `ann`, or the fault. */
  async decision (ask: () => Promise<Caller | boolean>): Promise<string> {
    try {
      const decision = await ask()
      return typeof decision === 'boolean' ? String(decision) : decision.user
    } catch (error) {
      return (error as DomainError).fault
    }
  }
}

function rights () {
  const world = new World()
  const { has } = rememberRights(world, world.told, () => world.time)
  return {
    world,
    ask: async (caller = ANN, right = GET, model = 'm') =>
      await world.decision(async () => await has(caller, right, model, never))
  }
}

function identities (answer: World['answer']) {
  const world = new World()
  world.answer = answer
  const { callerOf } = rememberIdentities(world, world.told, () => world.time)
  return {
    world,
    ask: async (token = 'token') => await world.decision(async () => await callerOf(token, never))
  }
}

t.test('a right that was given is not asked for again for a minute', async t => {
  const { world, ask } = rights()
  const found = [await ask()]
  world.time += MINUTE - 1
  found.push(await ask(), String(world.asked))
  world.time += 1
  found.push(await ask(), String(world.asked))
  t.same(found, ['true', 'true', '1', 'true', '2'])
})

t.test('a right that was refused is asked for again after five seconds, so that a new binding works soon', async t => {
  const { world, ask } = rights()
  world.answer = false
  const found = [await ask()]
  world.answer = true
  world.time += 5 * SECOND - 1
  found.push(await ask())
  world.time += 1
  found.push(await ask())
  t.same(found, ['false', 'false', 'true'])
})

t.test('another caller, group, verb, subresource or model is another decision', async t => {
  const { world, ask } = rights()
  await ask()
  for (
    const [caller, right, model] of [
      [{ ...ANN, user: 'bob' }, GET, 'm'],
      [{ ...ANN, groups: ['g'] }, GET, 'm'],
      [ANN, { verb: 'list' }, 'm'],
      [ANN, { verb: 'get', subresource: 'log' }, 'm'],
      [ANN, GET, 'n']
    ] as const
  ) await ask(caller, right, model)
  t.equal(world.asked, 6)
})

for (const fault of ['cluster-unreachable', 'cluster-busy', 'login-unavailable'] as const) {
  t.test(`past decisions hold for fifteen minutes while asking ends in ${fault}, and it is said`, async t => {
    const { world, ask } = rights()
    await ask()
    world.answer = fault
    world.time += 15 * MINUTE - 1
    t.equal(await ask(), 'true')
    world.time += 1
    t.equal(await ask(), fault)
    t.same(world.sources, ['asked', 'held'])
  })
}

t.test('who was never decided on is not let in while nobody can be asked', async t => {
  const { world, ask } = rights()
  await ask()
  world.answer = 'cluster-unreachable'
  t.equal(await ask({ ...ANN, user: 'bob' }), 'cluster-unreachable')
})

t.test('while nobody can be asked, the same is asked for every five seconds only', async t => {
  const { world, ask } = rights()
  await ask()
  world.answer = 'cluster-unreachable'
  world.time += MINUTE
  await ask()
  await ask()
  world.time += 5 * SECOND - 1
  await ask()
  t.equal(world.asked, 2)
  world.time += 1
  world.answer = false
  t.equal(await ask(), 'false', 'and a new answer counts at once')
})

t.test('with a past decision nobody waits for one that does not come', async t => {
  let answer = Promise.resolve(true)
  let time = MINUTE
  const { has } = rememberRights({ has: async () => await answer }, () => {}, () => time)
  await has(ANN, GET, 'm', never)
  answer = deferred<boolean>().promise
  time += MINUTE
  t.equal(await has(ANN, GET, 'm', never), true)
})

t.test('many who wait for the same decision ask once, and one who leaves takes nothing from the others', async t => {
  const { promise, resolve } = deferred<boolean>()
  let asked = 0
  const { has } = rememberRights({
    has: async () => {
      asked++
      return await promise
    }
  }, () => {})
  const gone = new AbortController()
  const left = has(ANN, GET, 'm', gone.signal)
  const others = [1, 2, 3].map(async () => await has(ANN, GET, 'm', never))
  gone.abort(new Error('left'))
  await t.rejects(left, { message: 'left' })
  resolve(true)
  t.same([await Promise.all(others), asked], [[true, true, true], 1])
})

t.test('a token is believed until it expires and not longer, also while nobody can be asked', async t => {
  const { world, ask } = identities(ANN)
  world.answer = { ...ANN, expiresAt: world.time + 10 * SECOND }
  t.equal(await ask(), 'ann')
  world.answer = 'cluster-unreachable'
  world.time += 10 * SECOND - 1
  t.equal(await ask(), 'ann')
  world.time += 1
  t.equal(await ask(), 'cluster-unreachable')
})

t.test('a refused token is asked for again after five seconds', async t => {
  const { world, ask } = identities('unauthenticated')
  t.same([await ask(), await ask(), world.asked], ['unauthenticated', 'unauthenticated', 1])
  world.time += 5 * SECOND
  world.answer = ANN
  t.same([await ask(), world.asked], ['ann', 2])
})

t.test('of ten thousand decisions the oldest goes first', async t => {
  const { world, ask } = identities(ANN)
  for (let token = 0; token <= 10_000; token++) await ask(String(token))
  await ask('10000')
  await ask('1')
  t.equal(world.asked, 10_001)
  await ask('0')
  t.equal(world.asked, 10_002)
})

t.test('of many unknown callers no more than 64 are asked about at once; the others are told to try again', async t => {
  const { promise, resolve } = deferred<Caller>()
  let asked = 0
  const { callerOf } = rememberIdentities({
    callerOf: async () => {
      asked++
      return await promise
    }
  }, () => {})
  const told = async (token: string) =>
    await callerOf(token, never).then(({ user }) => user, error => (error as DomainError).fault)
  const all = Array.from({ length: 80 }, async (_, i) => await told(String(i)))
  resolve(ANN)
  const found = await Promise.all(all)
  t.same([asked, found.filter(one => one === 'ann').length,
    found.filter(one => one === 'login-unavailable').length], [64, 64, 16])
  t.equal(await told('79'), 'ann', 'afterwards there is room again')
})
