import t from 'tap'
import type {
  Change,
  Current,
  UpdateOptions
} from '../../../src/domain/models/model/model-store.js'
import { planUpdate } from '../../../src/domain/models/update-model.js'
import { completeSpec } from '../../../src/domain/models/spec/new-spec.js'
import { revision, scene, table, textOf, textOrFault } from '../rollout/support.js'

const OPTIONS: UpdateOptions = {
  requestedBy: 'ada',
  dryRun: false,
  redeploy: false,
  trafficToLatest: false
}
const IMAGE = 'registry.demo/m:1'
const DIGEST = `registry.demo/m@sha256:${'1'.repeat(64)}`
const ONE = [{ ...revision('m-00001', 1), imageDigest: DIGEST }]
const TWO = [revision('m-00002', 2), revision('m-00001', 1)]

/** What is written, in one line: what is not there stays as it is. */
function planned (current: Current, change: Change, options: Partial<UpdateOptions> = {}): string {
  return textOrFault(() => {
    const { spec, image, revisionName, table, history, keep, warnings } = planUpdate(current,
      () => change, { ...OPTIONS, ...options })
    return [
      warnings.length > 0 ? 'new revision' : '',
      revisionName ?? '',
      image === spec.image ? '' : `image ${image}`,
      table === undefined ? '' : `table ${textOf(table)}`,
      history === undefined ? '' : `history ${history.map(textOf).join(', ')}`,
      `keep ${[...keep].sort().join()}`
    ].filter(part => part !== '').join('; ')
  })
}

const spec = (given: object = {}) => completeSpec('m', { image: IMAGE, ...given })
const deleting = (current: Current): Current => ({
  ...current,
  model: { ...current.model, status: { ...current.model.status, phase: 'Deleting' } }
})
const pinnedImage = (current: Current): Current => ({ ...current, templateImage: DIGEST })

const cases: ReadonlyArray<
  { it: string, of: Current, change: Change, options?: Partial<UpdateOptions>, to: string }
> = [
  {
    it: 'of nothing writes nothing',
    of: scene({ desired: 'latest=100' }),
    change: {},
    to: 'keep '
  },
  {
    it: 'of the spec that it has writes nothing',
    of: scene({ desired: 'latest=100' }),
    change: { spec: spec() },
    to: 'keep '
  },
  {
    it: 'of fields of the model as a whole makes no revision',
    of: scene({ desired: 'm-00001=100' }),
    change: {
      spec: spec({ description: 'd', labels: { a: 'b' }, retrySafe: false, rolloutSeconds: 5 })
    },
    to: 'keep m-00001'
  },
  {
    it: 'of a field of the template makes a revision, and remembers what served',
    of: scene({ desired: 'latest=100' }),
    change: { spec: spec({ port: 9 }) },
    to: 'new revision; history m-00001=100; keep m-00001'
  },
  {
    it: 'of an amount that is only spelled differently makes no revision',
    of: scene({ desired: 'latest=100', resources: { requests: { cpu: '1' } } }),
    change: { spec: spec({ resources: { requests: { cpu: '1000m' } } }) },
    to: 'keep '
  },
  {
    it: 'of a template keeps the digest that runs',
    of: scene({ desired: 'latest=100', revisions: ONE }),
    change: { spec: spec({ port: 9 }) },
    to: `new revision; image ${DIGEST}; history m-00001=100; keep m-00001`
  },
  {
    it: 'of a template keeps a digest that was kept before',
    of: pinnedImage(scene({ desired: 'latest=100' })),
    change: { spec: spec({ port: 9 }) },
    to: `new revision; image ${DIGEST}; history m-00001=100; keep m-00001`
  },
  {
    it: 'to another image has that',
    of: pinnedImage(scene({ desired: 'latest=100', revisions: ONE })),
    change: { spec: spec({ image: 'registry.demo/m:2' }) },
    to: 'new revision; history m-00001=100; keep m-00001'
  },
  {
    it: 'that redeploys looks the image up again',
    of: pinnedImage(scene({ desired: 'latest=100', revisions: ONE })),
    change: {},
    options: { redeploy: true },
    to: 'new revision; history m-00001=100; keep m-00001'
  },
  {
    it: 'of the template of a pinned model is refused',
    of: scene({ desired: 'm-00001=100' }),
    change: { spec: spec({ port: 9 }) },
    to: 'model-pinned: the traffic of "m" is pinned to revisions: a new one would get none of it'
  },
  {
    it: 'that redeploys a pinned model is refused',
    of: scene({ desired: 'm-00001=100 latest=0:next' }),
    change: {},
    options: { redeploy: true },
    to: 'model-pinned: the traffic of "m" is pinned to revisions: a new one would get none of it'
  },
  {
    it: 'of the template of a pinned model may come with its table',
    of: scene({ desired: 'm-00001=100' }),
    change: { spec: spec({ port: 9 }), table: table('m-00001=90 m-x=10'), revisionName: 'm-x' },
    to: 'new revision; m-x; table m-00001=90 m-x=10; history m-00001=100; keep m-00001,m-x'
  },
  {
    it: 'of a pinned model may move all traffic to the latest',
    of: scene({ desired: 'm-00001=100:blue' }),
    change: { spec: spec({ port: 9 }) },
    options: { trafficToLatest: true },
    to: 'new revision; table latest=100 m-00001=0:blue; history m-00001=100:blue; keep m-00001'
  },
  {
    it: 'to the latest of a model that follows it writes nothing',
    of: scene({ desired: 'latest=100' }),
    change: {},
    options: { trafficToLatest: true },
    to: 'keep '
  },
  {
    it: 'names no revision without a new template',
    of: scene({ desired: 'm-00001=100' }),
    change: { revisionName: 'm-x' },
    to: 'keep m-00001'
  },
  {
    it: 'to the same table in another order writes nothing',
    of: scene({ desired: 'm-00001=50 m-00002=50', revisions: TWO }),
    change: { table: table('m-00002=50 m-00001=50') },
    to: 'keep m-00001,m-00002'
  },
  {
    it: 'of the table remembers the one before, and keeps what both name',
    of: scene({ desired: 'm-00001=100', revisions: TWO }),
    change: { table: table('m-00002=100') },
    to: 'table m-00002=100; history m-00001=100; keep m-00001,m-00002'
  },
  {
    it: 'does not remember a table that never came into force',
    of: scene({
      desired: 'm-00002=100',
      serves: 'm-00001=100',
      history: ['m-00001=100'],
      revisions: [revision('m-00002', 2, false), revision('m-00001', 1)]
    }),
    change: { table: table('m-00001=100') },
    to: 'table m-00001=100; history m-00001=100; keep m-00001'
  },
  {
    it: 'has the history that it brings',
    of: scene({ desired: 'm-00002=100', history: ['m-00001=100'], revisions: TWO }),
    change: { table: table('m-00001=100'), history: [] },
    to: 'table m-00001=100; history ; keep m-00001'
  },
  {
    it: 'of what was read in another version is refused',
    of: scene({ desired: 'latest=100' }),
    change: {},
    options: { ifMatch: ['old', 'older'] },
    to: 'model-changed: "m" has changed since it was read'
  },
  {
    it: 'of what was read in this version is made',
    of: scene({ desired: 'latest=100' }),
    change: {},
    options: { ifMatch: ['old', '0'] },
    to: 'keep '
  },
  {
    it: 'of a model that is being deleted is refused first',
    of: deleting(scene({ desired: 'm-00001=100' })),
    change: { spec: spec({ port: 9 }) },
    options: { ifMatch: ['old'] },
    to: 'model-being-deleted: the model "m" is still being deleted'
  }
]
for (const { it, of, change, options, to } of cases) {
  t.test(`an update ${it}`, async t => {
    t.equal(planned(of, change, options), to)
  })
}

t.test('what the caller\'s function made of the state comes back with the plan', async t => {
  const plan = planUpdate(scene({ desired: 'latest=100' }),
    ({ model }) => ({ table: table('a=100'), found: model.name }), OPTIONS)
  t.equal(plan.change.found, 'm')
})
