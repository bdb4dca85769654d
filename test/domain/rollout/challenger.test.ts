import t from 'tap'
import { parseImageAllowList } from '../../../src/domain/models/spec/image-allow-list.js'
import type { Current } from '../../../src/domain/models/model/model-store.js'
import { planChallenger, type Challenger } from '../../../src/domain/rollout/challenger.js'
import { whyInUse } from '../../../src/domain/rollout/delete-revision.js'
import { tagsOf } from '../../../src/domain/traffic/traffic.js'
import { revision, scene, table, textOf, textOrFault } from './support.js'

const ALL = parseImageAllowList('*')
const TWO = [revision('m-00001', 1), revision('m-00002', 2)]
const FAILED = [revision('m-00001', 1), revision('m-00002', 2, false)]
const NEW = { image: 'registry.demo/m:9' }

function asked (wanted: Partial<Challenger>): Challenger {
  return { given: {}, redeploy: false, ...wanted }
}

/** What comes of it: the challenger's name, whether the template names it, and the table. */
function outcome (current: Current, wanted: Partial<Challenger>): string {
  return textOrFault(() => {
    const { revision, revisionName, table = [] } = planChallenger(current, asked(wanted), ALL)
    return `${revisionName === undefined ? 'there' : 'new'} ${revision}: ${textOf(table)}`
  })
}

const cases: ReadonlyArray<{ it: string, of: Current, wanted: Partial<Challenger>, to: string }> = [
  {
    it: 'is foretold by the number after the newest',
    of: scene({ desired: 'latest=100', revisions: TWO }),
    wanted: { given: NEW },
    to: 'new m-00003: m-00002=100 m-00003=0'
  },
  {
    it: 'pins the champion that serves, not one that still starts',
    of: scene({ desired: 'latest=100', revisions: [TWO[0]!, revision('m-00002', 2, null)] }),
    wanted: { given: NEW, percent: 10 },
    to: 'new m-00003: m-00001=90 m-00003=10'
  },
  {
    it: 'may have a name of its own',
    of: scene({ desired: 'latest=100' }),
    wanted: { given: NEW, revision: 'm-with-income' },
    to: 'new m-with-income: m-00001=100 m-with-income=0'
  },
  {
    it: 'may have the name that the cluster would give',
    of: scene({ desired: 'latest=100' }),
    wanted: { given: NEW, revision: 'm-00002' },
    to: 'new m-00002: m-00001=100 m-00002=0'
  },
  {
    it: 'can\'t take a number that a later revision needs',
    of: scene({ desired: 'latest=100' }),
    wanted: { given: NEW, revision: 'm-00007' },
    to: 'request-invalid: revision: m-00007 is a name that the cluster gives by itself'
  },
  {
    it: 'can\'t have the name of another revision',
    of: scene({ desired: 'latest=100', revisions: TWO }),
    wanted: { given: NEW, revision: 'm-00001' },
    to: 'request-invalid: revision: there is a revision m-00001 already'
  },
  {
    it: 'can\'t have another model\'s name',
    of: scene({ desired: 'latest=100' }),
    wanted: { given: NEW, revision: 'n-00002' },
    to: 'request-invalid: revision: "n-00002" can\'t be a revision of m'
  },
  {
    it: 'can\'t have a name that is no label',
    of: scene({ desired: 'latest=100' }),
    wanted: { given: NEW, revision: 'm-A' },
    to: 'request-invalid: revision: "m-A" can\'t be a revision of m'
  },
  {
    it: 'needs a name when the model\'s is too long',
    of: scene({ name: 'm'.repeat(58), desired: 'latest=100' }),
    wanted: { given: NEW },
    to: `request-invalid: revision: no name can be made from ${'m'.repeat(58)}: it is too long`
  },
  {
    it: 'with a name that fits is fine with a long model',
    of: scene({ name: 'm'.repeat(58), desired: 'm-00001=100' }),
    wanted: { given: NEW, revision: `${'m'.repeat(58)}-b` },
    to: `new ${'m'.repeat(58)}-b: m-00001=100 ${'m'.repeat(58)}-b=0`
  },
  {
    it: 'can\'t have a tag that is none',
    of: scene({ desired: 'latest=100' }),
    wanted: { given: NEW, tag: 'a b' },
    to:
      'request-invalid: tag: "a b" is not a tag: lower-case letters, digits and hyphens, a letter first, no hyphen last'
  },
  {
    it: 'needs a champion',
    of: scene({ desired: 'latest=100', revisions: [revision('m-00001', 1, false)] }),
    wanted: { given: NEW },
    to: 'model-not-ready: m has no revision that serves, so there is nothing to challenge: as it is'
  },
  {
    it: 'waits until the revision before it has its name',
    of: scene({ desired: 'latest=100', latest: null }),
    wanted: { given: NEW },
    to: 'model-conflict: the cluster has not taken up the last change of m yet'
  },
  {
    it: 'waits until the challenger before it is there',
    of: scene({ desired: 'm-00001=100 m-00002=0:c', serves: 'm-00001=100', latest: 'm-00002' }),
    wanted: { given: NEW },
    to: 'model-conflict: the cluster has not taken up the last change of m yet'
  },
  {
    it: 'that failed at 20 % gives all of it back to the next one',
    of: scene({ desired: 'm-00001=80 m-00002=20:c', serves: 'm-00001=100', revisions: FAILED }),
    wanted: { given: NEW, percent: 10, tag: 'c' },
    to: 'new m-00003: m-00001=90 m-00003=10:c'
  },
  {
    it: 'leaves a champion alone that is told not ready while it serves',
    of: scene({ desired: 'm-00002=100', revisions: FAILED }),
    wanted: { given: NEW },
    to: 'new m-00003: m-00002=100 m-00003=0'
  },

  {
    it: 'asked for again is there',
    of: scene({ desired: 'm-00001=90 m-00002=10:c', revisions: TWO }),
    wanted: { tag: 'c', percent: 10 },
    to: 'there m-00002: m-00001=90 m-00002=10:c'
  },
  {
    it: 'asked for again before the cluster has made it is there',
    of: scene({ desired: 'm-00001=90 m-00002=10:c', serves: 'm-00001=100', latest: 'm-00002' }),
    wanted: { tag: 'c', percent: 10 },
    to: 'there m-00002: m-00001=90 m-00002=10:c'
  },
  {
    it: 'asked for again by its own name is there',
    of: scene({ desired: 'm-00001=90 m-00002=10:c', revisions: TWO }),
    wanted: { tag: 'c', percent: 10, revision: 'm-00002' },
    to: 'there m-00002: m-00001=90 m-00002=10:c'
  },
  {
    it: 'asked for again by another name is refused',
    of: scene({ desired: 'm-00001=90 m-00002=10:c', revisions: TWO }),
    wanted: { tag: 'c', revision: 'm-b' },
    to: 'request-invalid: revision: the revision m-00002 has this template already'
  },
  {
    it: 'asked for again without a share keeps the one it has',
    of: scene({ desired: 'm-00001=70 m-00002=30:c', revisions: TWO }),
    wanted: { tag: 'c' },
    to: 'there m-00002: m-00001=70 m-00002=30:c'
  },
  {
    it: 'asked for again with another share gets it',
    of: scene({ desired: 'm-00001=90 m-00002=10:c', revisions: TWO }),
    wanted: { tag: 'c', percent: 25 },
    to: 'there m-00002: m-00001=75 m-00002=25:c'
  },
  {
    it: 'asked for again keeps its other tags',
    of: scene({ desired: 'm-00001=90 m-00002=10:c m-00002=0:green', revisions: TWO }),
    wanted: { tag: 'c', percent: 20 },
    to: 'there m-00002: m-00001=80 m-00002=0:green m-00002=20:c'
  },
  {
    it: 'without a tag, asked for again, is there',
    of: scene({ desired: 'm-00001=100 m-00002=0', revisions: TWO }),
    wanted: {},
    to: 'there m-00002: m-00001=100 m-00002=0'
  },
  {
    it: 'that was promoted, asked for again, is there',
    of: scene({ desired: 'm-00002=100:c', revisions: TWO }),
    wanted: { tag: 'c' },
    to: 'there m-00002: m-00002=100:c'
  },
  {
    it: 'that was promoted can\'t give its share to nobody',
    of: scene({ desired: 'm-00002=100:c', revisions: TWO }),
    wanted: { tag: 'c', percent: 10 },
    to:
      'revision-in-use: the revision m-00002 has all the traffic, and there is no other to give it to'
  },
  {
    it: 'that was taken out of the table comes back',
    of: scene({ desired: 'm-00001=100', revisions: TWO }),
    wanted: { tag: 'c', percent: 5 },
    to: 'there m-00002: m-00001=95 m-00002=5:c'
  },
  {
    it: 'that failed, asked for again, changes nothing',
    of: scene({ desired: 'm-00001=80 m-00002=20:c', serves: 'm-00001=100', revisions: FAILED }),
    wanted: { tag: 'c', percent: 20 },
    to: 'there m-00002: m-00001=80 m-00002=20:c'
  },
  {
    it: 'of the champion\'s own template is refused',
    of: scene({ desired: 'latest=100' }),
    wanted: { tag: 'c' },
    to: 'revision-in-use: the revision m-00001 has this template already and is routed'
  },
  {
    it: 'of the champion\'s own template is refused without a tag too',
    of: scene({ desired: 'latest=100' }),
    wanted: {},
    to: 'revision-in-use: the revision m-00001 has this template already and is routed'
  },
  {
    it: 'of a template that is routed as another is refused',
    of: scene({ desired: 'm-00001=50 m-00002=50:green', revisions: TWO }),
    wanted: { tag: 'c' },
    to: 'revision-in-use: the revision m-00002 has this template already and is routed as "green"'
  },
  {
    it: 'of the champion\'s own template, with an amount spelled differently, is refused',
    of: scene({ desired: 'latest=100', resources: { limits: { cpu: '1' } } }),
    wanted: { given: { resources: { limits: { cpu: '1000m' } } } },
    to: 'revision-in-use: the revision m-00001 has this template already and is routed'
  },
  {
    it: 'of the champion\'s own template is new when redeployed',
    of: scene({ desired: 'latest=100' }),
    wanted: { tag: 'c', redeploy: true },
    to: 'new m-00002: m-00001=100 m-00002=0:c'
  }
]
for (const { it, of, wanted, to } of cases) {
  t.test(`a challenger ${it}`, async t => {
    t.equal(outcome(of, wanted), to, `${JSON.stringify(wanted)} of "${textOf(of.model.desired)}"`)
  })
}

t.test('a challenger has the model\'s fields but for those that are given, checked', async t => {
  const current = scene({ desired: 'latest=100' })
  const { spec } = planChallenger(current, asked({ given: { ...NEW, scaling: { minScale: 1 } } }),
    ALL)
  t.same(spec, {
    ...current.model.spec,
    image: NEW.image,
    scaling: { ...current.model.spec.scaling, minScale: 1 }
  })
  t.equal(
    textOrFault(() =>
      String(
        planChallenger(current, asked({ given: { image: 'elsewhere/m:1' } }),
          parseImageAllowList('registry.demo/*')).revision
      )
    ),
    'request-invalid: image: elsewhere/m:1 is not allowed here'
  )
})

const uses: ReadonlyArray<{ it: string, of: Current, to: string }> = [
  {
    it: 'has traffic',
    of: scene({ desired: 'm-00001=50 m-00002=50', revisions: TWO }),
    to: 'the revision m-00001 is in the traffic table'
  },
  {
    it: 'has a tag at 0 %',
    of: scene({ desired: 'm-00001=0:old m-00002=100', revisions: TWO }),
    to: 'the revision m-00001 is in the traffic table'
  },
  {
    it: 'still serves while another table is asked for',
    of: scene({ desired: 'm-00002=100', serves: 'm-00001=100', revisions: TWO }),
    to: 'the revision m-00001 is in the traffic table'
  },
  {
    it: 'serves as the latest',
    of: scene({
      desired: 'latest=100',
      revisions: [revision('m-00001', 1), revision('m-00002', 2, null)]
    }),
    to: 'the revision m-00001 is in the traffic table'
  },
  {
    it: 'is the latest',
    of: scene({
      desired: 'm-00002=100',
      revisions: [revision('m-00002', 1), revision('m-00001', 2)]
    }),
    to: 'the revision m-00001 is the latest: the cluster would make it again'
  },
  {
    it: 'is needed by rollback',
    of: scene({ desired: 'm-00002=100', revisions: TWO, history: ['m-00001=100'] }),
    to: 'rollback needs the revision m-00001'
  },
  {
    it: 'is not used',
    of: scene({ desired: 'm-00002=100', revisions: TWO, history: ['m-00002=100'] }),
    to: 'may go'
  }
]
for (const { it, of, to } of uses) {
  t.test(`a revision that ${it} ${to === 'may go' ? 'may be deleted' : 'stays'}`, async t => {
    t.equal(whyInUse(of.model, 'm-00001')?.message ?? 'may go', to)
  })
}

t.test('the tags of a revision are those of all its rows', async t => {
  t.same(tagsOf(table('a=50:x a=0:y a=10 b=40:z').filter(row => !row.latest), 'a'), ['x', 'y'])
})
