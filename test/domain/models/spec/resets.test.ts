import t from 'tap'
import { type GivenSpec, completeSpec } from '../../../../src/domain/models/spec/new-spec.js'
import { describeResets } from '../../../../src/domain/models/spec/resets.js'

const IMAGE = 'registry.demo/m:1'
const LEFT_OUT = ': the request left it out; PATCH changes single fields'

const table: ReadonlyArray<
  { it: string, stored: Partial<GivenSpec>, given: Partial<GivenSpec>, told: string[] }
> = [
  {
    it: 'a bound of the scale',
    stored: { scaling: { maxScale: 5 } },
    given: {},
    told: ['scaling.maxScale goes from 5 back to 0']
  },
  {
    it: 'a bound beside one that is given',
    stored: { scaling: { maxScale: 5, minScale: 1 } },
    given: { scaling: { minScale: 2 } },
    told: ['scaling.maxScale goes from 5 back to 0']
  },
  {
    it: 'texts and switches',
    stored: { description: 'of risk', retrySafe: false, appPath: null },
    given: {},
    told: ['description goes from of risk back to ""', 'appPath goes from null back to m',
      'retrySafe goes from false back to true']
  },
  {
    it: 'one amount of four',
    stored: { resources: { limits: { memory: '2Gi', cpu: '1' } } },
    given: { resources: { limits: { cpu: '1' } } },
    told: ['resources.limits.memory goes from 2Gi back to none']
  },
  {
    it: 'pull secrets',
    stored: { imagePullSecrets: ['a'] },
    given: {},
    told: ['imagePullSecrets goes from ["a"] back to []']
  },
  {
    it: 'labels, each by itself',
    stored: { labels: { team: 'risk', a: '1' } },
    given: { labels: { a: '2' } },
    told: ['labels.team=risk is taken away']
  },
  {
    it: 'variables, never with their text',
    stored: {
      env: [{ name: 'TOKEN', value: 'sesame' }, { name: 'S', secret: { name: 's', key: 'k' } }]
    },
    given: {},
    told: ['env TOKEN is taken away', 'env S (of secret s) is taken away']
  },
  {
    it: 'nothing of what is given',
    stored: { port: 9000, scaling: { maxScale: 5 } },
    given: { port: 8080, scaling: { maxScale: 0 } },
    told: []
  },
  { it: 'nothing that has its default', stored: {}, given: {}, told: [] }
]
for (const { it, stored, given, told } of table) {
  t.test(`a replacement tells that it takes away: ${it}`, async t => {
    const wanted = { image: IMAGE, ...given }
    t.same(
      describeResets(wanted, completeSpec('m', { image: IMAGE, ...stored }),
        completeSpec('m', wanted)),
      told.map(text => text + LEFT_OUT)
    )
  })
}
