import t from 'tap'
import { CORE, KSVCS, ksvc, startCluster } from '../support.js'

interface List {
  metadata: { continue?: string, resourceVersion: string, remainingItemCount?: number }
  items: Array<{ metadata: { name: string } }>
}

t.test('pages show the moment of the first page', async t => {
  const cluster = await startCluster(t)
  for (const name of ['p0', 'p1', 'p2', 'p3', 'p4']) await cluster.create(name)
  const page = async (token = '') =>
    (await cluster.api('GET', `${KSVCS}?limit=2&continue=${token}`)).body as unknown as List
  const names = ({ items }: List) => items.map(({ metadata }) => metadata.name).join(' ')
  const first = await page()
  t.equal(first.metadata.remainingItemCount, 3)
  await cluster.create('p00')
  await cluster.api('DELETE', `${KSVCS}/p4`)
  const second = await page(first.metadata.continue)
  const third = await page(second.metadata.continue)
  t.strictSame([first, second, third].map(names), ['p0 p1', 'p2 p3', 'p4'])
  t.equal(third.metadata.continue, '')
  t.equal(third.metadata.resourceVersion, first.metadata.resourceVersion)
})

t.test('an old continue token is 410 with a token for the rest; nonsense is 400', async t => {
  const cluster = await startCluster(t)
  for (const name of ['p0', 'p1', 'p2']) await cluster.create(name)
  const { metadata } = (await cluster.api('GET', `${KSVCS}?limit=1`)).body as unknown as List
  cluster.simulator.expireWatches()
  const expired = await cluster.api('GET', `${KSVCS}?limit=1&continue=${metadata.continue}`)
  t.match(expired.body, {
    code: 410,
    reason: 'Expired',
    message: /^The provided continue parameter is too old/
  })
  const rest = await cluster.api('GET',
    `${KSVCS}?continue=${(expired.body as unknown as List).metadata.continue}`)
  t.match(rest.body.items, [{ metadata: { name: 'p1' } }, { metadata: { name: 'p2' } }])
  t.match((await cluster.api('GET', `${KSVCS}?continue=nonsense`)).body, {
    code: 400,
    message: /^invalid continue token/
  })
})

t.test('label selectors', async t => {
  const cluster = await startCluster(t)
  const labels: Record<string, Record<string, string>> = {
    a: { page: 'yes', x: '1' },
    b: { page: 'no' },
    c: {}
  }
  for (const [name, given] of Object.entries(labels)) { await cluster.api('POST', KSVCS, { ...ksvc(name), metadata: { name, labels: given } }) }
  const cases: Array<[selector: string, names: string]> = [
    ['page=yes', 'a'],
    ['page==yes', 'a'],
    ['page!=yes', 'b c'],
    ['page', 'a b'],
    ['!page', 'c'],
    ['page in (yes,no)', 'a b'],
    ['page notin (yes)', 'b c'],
    ['page=yes,x!=1', ''],
    ['page=', '']
  ]
  for (const [selector, names] of cases) {
    const { items = [] } =
      (await cluster.api('GET', `${KSVCS}?labelSelector=${encodeURIComponent(selector)}`)).body
    t.equal(items.map(({ metadata }) => metadata.name).join(' '), names, selector)
  }
  t.match((await cluster.api('GET', `${KSVCS}?labelSelector=a%20b`)).body, {
    code: 400,
    message: 'unable to parse requirement: found \'b\', expected: in, notin, =, ==, !=, gt, lt'
  })
  t.match((await cluster.api('GET', `${KSVCS}?labelSelector=page%3D%3D%3Dyes`)).body, {
    code: 400,
    message: 'unable to parse requirement: found \'=\', expected: identifier'
  })
})

t.test('field selectors know the name, an event also its object; another field is 400', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a')
  await cluster.create('b')
  await cluster.ready('a')
  t.match((await cluster.api('GET', `${KSVCS}?fieldSelector=metadata.name%3Da`)).body.items, [{
    metadata: { name: 'a' }
  }])
  const { items = [] } =
    (await cluster.api('GET',
      `${CORE}/events?fieldSelector=involvedObject.kind%3DService,involvedObject.name%3Da`)).body
  t.strictSame(items.map(({ message }) => message).sort(), ['Created Configuration "a"',
    'Created Route "a"'])
  t.match((await cluster.api('GET', `${KSVCS}?fieldSelector=spec.x%3D1`)).body, {
    code: 400,
    message: 'field label not supported: spec.x'
  })
})

t.test('a resourceVersion of the future is 504 with Retry-After, one that is no number 400', async t => {
  const cluster = await startCluster(t)
  t.match(await cluster.api('GET', `${KSVCS}?resourceVersion=99999999`), {
    status: 504,
    headers: { 'retry-after': '1' },
    body: { message: /^Timeout: Too large resource version: 99999999, current: / }
  })
  t.equal((await cluster.api('GET', `${KSVCS}?resourceVersion=x`)).status, 400)
})
