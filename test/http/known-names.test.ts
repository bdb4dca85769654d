import t from 'tap'
import { meantName } from '../../src/http/known-names.js'

const SCALING = ['minScale', 'maxScale', 'initialScale', 'metric', 'target', 'window', 'retention',
  'burstCapacity']
const MODEL = {
  properties: {
    name: {},
    image: {},
    imagePullSecrets: {},
    env: {
      items: { properties: { name: {}, value: {}, secret: { properties: { name: {}, key: {} } } } }
    },
    resources: {
      properties: {
        requests: { properties: { cpu: {}, memory: {} } },
        limits: { properties: { cpu: {}, memory: {} } }
      }
    },
    scaling: { properties: Object.fromEntries(SCALING.map(name => [name, {}])) },
    timeoutSeconds: {}
  }
}

const table: ReadonlyArray<
  readonly [written: string, names: readonly string[], meant: string | undefined]
> = [
  ['max', SCALING, 'maxScale'],
  ['min', SCALING, 'minScale'],
  ['maxscale', SCALING, 'maxScale'],
  ['max-scale', SCALING, 'maxScale'],
  ['MAX_SCALE', SCALING, 'maxScale'],
  ['maxSacle', SCALING, 'maxScale'],
  ['scaleMax', SCALING, undefined],
  ['capacity', SCALING, 'burstCapacity'],
  ['targets', SCALING, 'target'],
  ['bogus', SCALING, undefined],
  ['', SCALING, undefined],
  ['m', SCALING, undefined],
  ['x'.repeat(100_000), SCALING, undefined],
  ['imgae', Object.keys(MODEL.properties), 'image'],
  ['imagePullSecret', Object.keys(MODEL.properties), 'imagePullSecrets'],
  ['timeout', Object.keys(MODEL.properties), 'timeoutSeconds'],
  ['maxScale', Object.keys(MODEL.properties), 'scaling.maxScale'],
  ['memory', Object.keys(MODEL.properties), 'resources.requests.memory'],
  ['key', Object.keys(MODEL.properties), 'env.secret.key'],
  ['__proto__', SCALING, undefined],
  ['constructor', SCALING, undefined]
]
for (const [written, names, meant] of table) {
  t.test(`"${written.slice(0, 20)}" beside ${names[0]} … is meant for ${meant ?? 'nothing known'}`, async t => {
    t.equal(meantName(written, names, MODEL), meant)
  })
}
