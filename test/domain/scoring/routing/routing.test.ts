import t from 'tap'
import type { Model, Revision } from '../../../../src/domain/models/model/model.js'
import type { TrafficTarget } from '../../../../src/domain/traffic/traffic.js'
import { routeAt, routingFor } from '../../../../src/domain/scoring/routing/routing.js'
import type { Scorer, ScoringTarget } from '../../../../src/domain/scoring/scorer/scorer.js'
import { UNKNOWN_SIGNATURE } from '../../../../src/domain/scoring/scorer/signature.js'
import {
  pairFor,
  targetsFor,
  type DataPath,
  type Wanted
} from '../../../../src/domain/scoring/routing/targets.js'
import { failsWith, never } from '../support.js'

const URL_OUTSIDE = 'http://hmeq.models.example.com'

/** `'1=90 2=10#new'`: percents of revisions hmeq-1 and hmeq-2, a tag after #. */
function traffic (text: string): TrafficTarget[] {
  return text.split(' ').filter(word => word !== '').map(word => {
    const [, number, percent, tag] = /^(\d)=(\d+)(?:#(\w+))?$/.exec(word)!
    const tagged = tag === undefined ? {} : { tag, url: `http://${tag}-hmeq.models.example.com` }
    return { revision: `hmeq-${number}`, latest: false, percent: Number(percent), ...tagged }
  })
}

function model (table: string): Model {
  const explanation = {
    summary: 'its image is being pulled',
    remedy: 'wait',
    owner: 'nobody',
    needsAction: false
  }
  // only what routing reads
  return {
    name: 'hmeq',
    spec: { retrySafe: true },
    status: { url: URL_OUTSIDE, explanation },
    traffic: traffic(table)
  } as unknown as Model
}

function revision (number: number, given: Partial<Revision> = {}): Revision {
  return {
    name: `hmeq-${number}`,
    uid: `uid-${number}`,
    number,
    createdAt: '2026-01-01T00:00:00Z',
    image: 'registry.example.com/sas/sr_hmeq_logreg:1.0',
    appPath: null,
    ready: true,
    containerConcurrency: 0,
    rowsPerPod: 10,
    replicas: 1,
    timeoutSeconds: 300,
    innerUrl: `http://hmeq-${number}.models.svc.cluster.local`,
    ...given
  }
}
const revisions = [revision(1), revision(2), revision(3)]

/** A model server that describes nothing. */
const unknown: Scorer = { signature: async () => UNKNOWN_SIGNATURE, score: async () => new Map() }

const told = (rows: ReadonlyArray<{ target: ScoringTarget, percent: number }>) =>
  rows.map(({ target: { revision = 'any', url }, percent }) =>
    `${revision} ${percent}% ${url.slice('http://'.length).split('.')[0]}`
  ).join(', ')

const routed: ReadonlyArray<
  { it: string, table: string, path: DataPath, pin?: Wanted, is: string }
> = [
  {
    it: 'one revision by its own service',
    table: '1=100',
    path: 'revision',
    is: 'hmeq-1 100% hmeq-1'
  },
  {
    it: 'shares by the revisions\' own services',
    table: '1=90 2=10',
    path: 'revision',
    is: 'hmeq-1 90% hmeq-1, hmeq-2 10% hmeq-2'
  },
  {
    it: 'shares of one revision in two rows add up',
    table: '1=60 2=30 1=10#champion',
    path: 'revision',
    is: 'hmeq-1 70% hmeq-1, hmeq-2 30% hmeq-2'
  },
  {
    it: 'a row of 0 percent gets nothing',
    table: '1=100 2=0#new',
    path: 'revision',
    is: 'hmeq-1 100% hmeq-1'
  },
  {
    it: 'a tag pins its revision\'s service',
    table: '1=100 2=0#new',
    path: 'revision',
    pin: { tag: 'new' },
    is: 'hmeq-2 100% hmeq-2'
  },
  {
    it: 'a revision without traffic can be pinned inside',
    table: '1=100',
    path: 'revision',
    pin: { revision: 'hmeq-3' },
    is: 'hmeq-3 100% hmeq-3'
  },
  {
    it: 'one revision by the model\'s URL is not known: traffic may move meanwhile',
    table: '1=100',
    path: 'route',
    is: 'any 100% hmeq'
  },
  {
    it: 'several behind the model\'s URL are one target',
    table: '1=90 2=10',
    path: 'route',
    is: 'any 100% hmeq'
  },
  {
    it: 'a tag has its own URL',
    table: '1=100 2=0#new',
    path: 'route',
    pin: { tag: 'new' },
    is: 'hmeq-2 100% new-hmeq'
  },
  {
    it: 'a revision with a tag is pinned by the tag\'s URL',
    table: '1=100 2=0#new',
    path: 'route',
    pin: { revision: 'hmeq-2' },
    is: 'hmeq-2 100% new-hmeq'
  },
  {
    it: 'rows are spread over the revisions\' own services',
    table: '1=90 2=10',
    path: 'revision',
    pin: { spread: true },
    is: 'hmeq-1 90% hmeq-1, hmeq-2 10% hmeq-2'
  },
  {
    it: 'rows are spread over the tags\' URLs',
    table: '1=90#old 2=10#new',
    path: 'route',
    pin: { spread: true },
    is: 'hmeq-1 90% old-hmeq, hmeq-2 10% new-hmeq'
  },
  {
    it: 'a tag at 0 percent is an address for its revision\'s share',
    table: '1=50 1=0#old 2=50#new',
    path: 'route',
    pin: { spread: true },
    is: 'hmeq-1 50% old-hmeq, hmeq-2 50% new-hmeq'
  },
  {
    it: 'nothing is spread where one revision has all',
    table: '1=100',
    path: 'route',
    pin: { spread: true },
    is: 'any 100% hmeq'
  }
]

const pairs: ReadonlyArray<
  { it: string, table: string, path: DataPath, champion?: string, challenger: string, is: string }
> = [
  {
    it: 'the champion is the revision with the most traffic',
    table: '1=10#new 2=90#old',
    path: 'revision',
    challenger: 'new',
    is: 'hmeq-2 100% hmeq-2, hmeq-1 100% hmeq-1'
  },
  {
    it: 'shares of one revision add up to the most',
    table: '1=40 2=30 2=30',
    path: 'revision',
    challenger: 'hmeq-1',
    is: 'hmeq-2 100% hmeq-2, hmeq-1 100% hmeq-1'
  },
  {
    it: 'a revision without traffic can challenge',
    table: '1=100',
    path: 'revision',
    challenger: 'hmeq-3',
    is: 'hmeq-1 100% hmeq-1, hmeq-3 100% hmeq-3'
  },
  {
    it: 'both can be named',
    table: '1=100#old 2=0#new',
    path: 'revision',
    champion: 'new',
    challenger: 'old',
    is: 'hmeq-2 100% hmeq-2, hmeq-1 100% hmeq-1'
  },
  {
    it: 'tags are addresses outside',
    table: '1=90#old 2=10#new',
    path: 'route',
    challenger: 'hmeq-2',
    is: 'hmeq-1 100% old-hmeq, hmeq-2 100% new-hmeq'
  }
]
for (const { it, table, path, champion, challenger, is } of pairs) {
  t.test(`${path}: of a pair, ${it}`, async t => {
    t.equal(told(pairFor(model(table), revisions, path, { champion, challenger })), is, table)
  })
}

t.test('a pair of one revision is refused', async t => {
  await failsWith(t,
    () => pairFor(model('1=100#champion'), revisions, 'revision', { challenger: 'champion' }),
    'request-invalid', /the same revision, hmeq-1/)
})

t.test('an unknown name in a pair is refused with the tags and revisions there are', async t => {
  await failsWith(t,
    () => pairFor(model('1=100#old'), revisions, 'revision', { challenger: 'nwe' }),
    'revision-not-found', /no tag and no revision "nwe"; it has old, hmeq-1, hmeq-2, hmeq-3/)
})

t.test('route: a pair and a spread need an address for each', async t => {
  await failsWith(t,
    () => pairFor(model('1=90 2=10#new'), revisions, 'route', { challenger: 'new' }),
    'revision-not-addressable', /hmeq-1 has no tag/)
  await failsWith(t, () => targetsFor(model('1=90#old 2=10'), revisions, 'route', { spread: true }),
    'revision-not-addressable', /hmeq-2 has no tag/)
})
for (const { it, table, path, pin = {}, is } of routed) {
  t.test(`${path}: ${it}`, async t => {
    t.equal(told(targetsFor(model(table), revisions, path, pin)), is,
      `${table} ${JSON.stringify(pin)}`)
  })
}

for (const path of ['revision', 'route'] as const) {
  t.test(`${path}: an unknown tag is refused with those there are`, async t => {
    await failsWith(t, () => targetsFor(model('1=100#champion'), revisions, path, { tag: 'nwe' }),
      'revision-not-found', /no tag "nwe"; it has champion/)
  })
  t.test(`${path}: an unknown revision is refused with those there are`, async t => {
    await failsWith(t, () => targetsFor(model('1=100'), revisions, path, { revision: 'hmeq-9' }),
      'revision-not-found', /no revision "hmeq-9"; it has hmeq-1, hmeq-2, hmeq-3/)
  })
  t.test(`${path}: a model without traffic is not ready, and says why`, async t => {
    await failsWith(t, () => targetsFor(model(''), revisions, path, {}), 'model-not-ready',
      /its image is being pulled/)
  })
}

t.test('route: a revision without a tag has no address, not even with all the traffic: that may move meanwhile', async t => {
  await failsWith(t, () => targetsFor(model('1=100'), revisions, 'route', { revision: 'hmeq-1' }),
    'revision-not-addressable', /hmeq-1 has no tag/)
  await failsWith(t,
    () => targetsFor(model('1=90 2=10'), revisions, 'route', { revision: 'hmeq-2' }),
    'revision-not-addressable', /hmeq-2 has no tag/)
})

t.test('a target\'s key changes when other revisions are behind its URL', async t => {
  const key = (table: string) => targetsFor(model(table), revisions, 'route', {})[0]!.target.key
  t.equal(key('1=90 2=10'), key('1=10 2=90'))
  t.not(key('1=100'), key('2=100'))
})

t.test('the tightest limit of the revisions behind a URL counts, and 0 is none', async t => {
  const limit = (...limits: number[]) =>
    targetsFor(model('1=50 2=50'), limits.map((containerConcurrency, index) =>
      revision(index + 1, { containerConcurrency })
    ), 'route', {})[0]!.target.containerConcurrency
  t.same([limit(0, 0), limit(5, 3), limit(0, 5), limit(5, 0)], [0, 3, 5, 5])
})

const paths: ReadonlyArray<{ image: string, appPath: string | null, is: readonly string[] }> = [
  { image: 'registry.example.com:5000/sas/sr_hmeq:1.0', appPath: null, is: ['sr_hmeq', 'hmeq'] },
  { image: 'registry.example.com/sas/sr_hmeq@sha256:0123', appPath: null, is: ['sr_hmeq', 'hmeq'] },
  { image: 'sr_hmeq', appPath: 'hmeq', is: ['hmeq', 'sr_hmeq'] },
  { image: 'hmeq:2', appPath: 'score/it', is: ['score/it', 'hmeq'] }
]
for (const { image, appPath, is } of paths) {
  t.test(`${image} with appPath ${appPath} is looked for at ${is.join(', ')}`, async t => {
    t.same(
      targetsFor(model('1=100'), [revision(1, { image, appPath })], 'revision', {})[0]!.target
        .appPaths,
      is
    )
  })
}

t.test('rows are spread by percent', async t => {
  const routing = await routingFor(targetsFor(model('1=70 2=20 3=10'), revisions, 'revision', {}), {
    retrySafe: true
  }, { scorer: unknown, rowTimeoutMs: 1_000 }, never())
  const at = (random: number) => routeAt(routing, random).target.revision
  t.same([0, 0.699, 0.7, 0.899, 0.9, 0.999].map(at), ['hmeq-1', 'hmeq-1', 'hmeq-2', 'hmeq-2',
    'hmeq-3', 'hmeq-3'])
})
