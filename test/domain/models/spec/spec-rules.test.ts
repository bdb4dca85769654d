import t from 'tap'
import type { DomainError } from '../../../../src/domain/errors.js'
import { parseImageAllowList } from '../../../../src/domain/models/spec/image-allow-list.js'
import { type GivenSpec, completeSpec } from '../../../../src/domain/models/spec/new-spec.js'
import { checkSpec } from '../../../../src/domain/models/spec/spec-rules.js'

const anything = parseImageAllowList('*')

/** "field: remedy" of each fault; '' when there is none. */
function faults (name: string, given: Partial<GivenSpec>, current?: GivenSpec): string {
  try {
    checkSpec(name, { image: 'registry.demo/m:1', ...given }, anything,
      current === undefined ? undefined : completeSpec(name, current))
    return ''
  } catch (error) {
    const { details } = error as DomainError
    return (details.fields ?? []).map(({ field, remedy }) => `${field}: ${remedy ?? 'NO REMEDY'}`)
      .join('; ')
  }
}

const cases: ReadonlyArray<{ it: string, name?: string, given: Partial<GivenSpec>, to: string }> = [
  { it: 'takes an image alone', given: {}, to: '' },
  { it: 'suggests a name', name: 'sr_hmeq', given: {}, to: 'name: use sr-hmeq' },
  {
    it: 'suggests a name for capitals and an end that is no letter',
    name: 'SR.Hmeq_',
    given: {},
    to: 'name: use sr-hmeq'
  },
  {
    it: 'suggests no name where nothing can stay',
    name: '123',
    given: {},
    to: 'name: begin with a letter'
  },
  {
    it: 'refuses 64 characters',
    name: 'a'.repeat(64),
    given: {},
    to: `name: use ${'a'.repeat(63)}`
  },
  {
    it: 'refuses an image with spaces',
    given: { image: 'a b' },
    to: 'image: write it as registry/path:tag or registry/path@sha256:…'
  },
  {
    it: 'refuses a way out of a registry\'s path',
    given: { image: 'registry.demo/../evil' },
    to: 'image: write it as registry/path:tag or registry/path@sha256:…'
  },
  { it: 'refuses port 0', given: { port: 0 }, to: 'port: use a number from 1 to 65535' },
  {
    it: 'refuses a negative concurrency',
    given: { containerConcurrency: -1 },
    to: 'containerConcurrency: use a number from 0 to 1000'
  },
  {
    it: 'refuses a timeout above the platform\'s',
    given: { timeoutSeconds: 601 },
    to: 'timeoutSeconds: use a number from 1 to 600'
  },
  {
    it: 'refuses a window below 6s',
    given: { scaling: { window: '5s' } },
    to: 'scaling.window: use a duration from 6s to 1h'
  },
  {
    it: 'refuses a window that is no duration',
    given: { scaling: { window: '1 minute' } },
    to: 'scaling.window: write it as 90s, 5m or 1h'
  },
  {
    it: 'takes a composed duration',
    given: { scaling: { window: '1m30.5s', retention: '0s' } },
    to: ''
  },
  {
    it: 'refuses a retention above 1h',
    given: { scaling: { retention: '61m' } },
    to: 'scaling.retention: use a duration from 0s to 1h'
  },
  {
    it: 'refuses a lower bound above the upper one',
    given: { scaling: { minScale: 3, maxScale: 2 } },
    to: 'scaling.minScale: lower it, or raise maxScale (0: no limit)'
  },
  { it: 'takes a lower bound without an upper one', given: { scaling: { minScale: 3 } }, to: '' },
  {
    it: 'refuses a target of 0',
    given: { scaling: { target: 0 } },
    to: 'scaling.target: use a larger number'
  },
  {
    it: 'refuses requests above limits, whatever the unit',
    given: { resources: { requests: { cpu: '2' }, limits: { cpu: '1500m' } } },
    to: 'resources.requests.cpu: raise resources.limits.cpu or lower the request'
  },
  {
    it: 'takes requests equal to limits in another unit',
    given: { resources: { requests: { memory: '1Gi' }, limits: { memory: '1024Mi' } } },
    to: ''
  },
  {
    it: 'refuses what is no quantity',
    given: { resources: { requests: { memory: '2 GB' }, limits: { cpu: '-1' } } },
    to:
      'resources.limits.cpu: write it as 500m or 2; resources.requests.memory: did you mean 2Gi? Write it as 512Mi or 2Gi'
  },
  {
    it: 'refuses a variable with neither value nor secret',
    given: { env: [{ name: 'A' }] },
    to: 'env.0: give one of the two'
  },
  {
    it: 'refuses a variable with both',
    given: { env: [{ name: 'A', value: '', secret: { name: 's', key: 'k' } }] },
    to: 'env.0: give one of the two'
  },
  {
    it: 'refuses variables of the platform',
    given: { env: [{ name: 'PORT', value: '1' }, { name: 'K_SERVICE', value: 'x' }] },
    to: 'env.0.name: leave it out; env.1.name: leave it out'
  },
  {
    it: 'sends SAS_SCR_APP_PATH to appPath',
    given: { env: [{ name: 'SAS_SCR_APP_PATH', value: 'x' }] },
    to: 'env.0.name: leave it out and give appPath'
  },
  {
    it: 'refuses a variable that is there twice',
    given: { env: [{ name: 'A', value: '1' }, { name: 'A', value: '2' }] },
    to: 'env.1.name: leave one out'
  },
  {
    it: 'refuses a variable that begins with a digit',
    given: { env: [{ name: '1A', value: '' }] },
    to: 'env.0.name: use letters, digits and _ - . with no digit first'
  },
  { it: 'takes an empty value', given: { env: [{ name: 'A', value: '' }] }, to: '' },
  {
    it: 'refuses a secret that can\'t exist',
    given: { env: [{ name: 'A', secret: { name: 'No_Such', key: 'k' } }] },
    to: 'env.0.secret.name: use lower-case letters, digits, hyphens and dots'
  },
  {
    it: 'refuses a pull secret that can\'t exist',
    given: { imagePullSecrets: ['ok', 'No!'] },
    to: 'imagePullSecrets.1: use lower-case letters, digits, hyphens and dots'
  },
  {
    it: 'refuses labels of the platform',
    given: { labels: { 'serving.knative.dev/service': 'x' } },
    to: 'labels.serving.knative.dev/service: use another prefix'
  },
  {
    it: 'refuses a label\'s value with a slash',
    given: { labels: { team: 'a/b' } },
    to: 'labels.team: use at most 63 letters, digits and - _ .'
  },
  {
    it: 'refuses an app path with a slash at its end',
    given: { appPath: 'a/' },
    to: 'appPath: leave out slashes at its ends, spaces and other characters'
  },
  { it: 'takes null for no app path', given: { appPath: null }, to: '' },
  {
    it: 'names all faults at once',
    given: { port: 0, timeoutSeconds: 0 },
    to: 'port: use a number from 1 to 65535; timeoutSeconds: use a number from 1 to 600'
  }
]
for (const { it, name = 'm', given, to } of cases) {
  t.test(`a spec: ${it}`, async t => {
    t.equal(faults(name, given), to)
  })
}

t.test('what another tool has set is not checked while it stays', async t => {
  const odd = {
    image: 'registry.demo/m:1',
    timeoutSeconds: 900,
    env: [{ name: 'A', value: '1' }, { name: 'A', value: '2' }]
  }
  t.equal(faults('m', odd, odd), '')
  t.equal(faults('m', { ...odd, timeoutSeconds: 901 }, odd),
    'timeoutSeconds: use a number from 1 to 600')
})

t.test('defaults are the same on create and on replace', async t => {
  t.same(completeSpec('m', { image: 'x' }), {
    image: 'x',
    description: '',
    labels: {},
    appPath: 'm',
    port: 8080,
    env: [],
    resources: { requests: {}, limits: {} },
    scaling: {
      minScale: 0,
      maxScale: 0,
      initialScale: null,
      metric: 'concurrency',
      target: 10,
      window: '60s',
      retention: null,
      burstCapacity: 0
    },
    containerConcurrency: 0,
    timeoutSeconds: 300,
    imagePullSecrets: [],
    rolloutSeconds: 0,
    retrySafe: true
  })
})

const images: ReadonlyArray<{ list: string, image: string, allowed: boolean }> = [
  { list: '*', image: 'anything/at:all', allowed: true },
  { list: 'registry.demo/*', image: 'registry.demo/a/b:1', allowed: true },
  { list: 'registry.demo/*', image: 'registry.demo.evil/a:1', allowed: false },
  { list: 'registry.demo', image: 'registry.demo/a:1', allowed: true },
  { list: 'registry.demo', image: 'registry.demo.evil/a:1', allowed: false },
  { list: 'registry.demo', image: 'registry.demo:5000/a:1', allowed: false },
  { list: 'registry.demo/*', image: 'evil/registry.demo/a:1', allowed: false },
  { list: 'registry.demo/risk/', image: 'registry.demo/risk/a:1', allowed: true },
  { list: 'registry.demo/risk/', image: 'registry.demo/risky/a:1', allowed: false },
  { list: 'registry.demo/a', image: 'registry.demo/a:1', allowed: true },
  { list: 'registry.demo/a', image: 'registry.demo/a@sha256:0', allowed: true },
  { list: 'registry.demo/a', image: 'registry.demo/ab:1', allowed: false },
  { list: 'registry.demo/a:1', image: 'registry.demo/a:1', allowed: true },
  { list: 'registry.demo/a:1', image: 'registry.demo/a:10', allowed: false },
  { list: 'one/*, two/*', image: 'two/a', allowed: true },
  { list: 'registry.demo/*', image: 'registryxdemo/a', allowed: false },
  { list: ',', image: 'a/b', allowed: false }
]
for (const { list, image, allowed } of images) {
  t.test(`the allow-list "${list}" ${allowed ? 'takes' : 'refuses'} ${image}`, async t => {
    t.equal(parseImageAllowList(list).allows(image), allowed)
  })
}
