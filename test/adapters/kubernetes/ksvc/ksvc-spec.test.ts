import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  desiredOf,
  specOf,
  versionOf
} from '../../../../src/adapters/kubernetes/ksvc/ksvc-reading.js'
import {
  buildKsvc,
  withCreator,
  withHistory,
  withRedeploy,
  withRevisionName,
  withSpec,
  withTable
} from '../../../../src/adapters/kubernetes/ksvc/ksvc-spec.js'
import type { Ksvc } from '../../../../src/adapters/kubernetes/api/kube-objects.js'
import type { ModelSpec } from '../../../../src/domain/models/model/model.js'
import { completeSpec } from '../../../../src/domain/models/spec/new-spec.js'
import type { TrafficTable } from '../../../../src/domain/traffic/traffic.js'
import { readHistory } from '../../../../src/domain/traffic/traffic-history.js'

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/)
const quantity = fc.constantFrom('1', '500m', '2Gi', '64Mi')
const amounts = fc.record({ cpu: quantity, memory: quantity }, { requiredKeys: [] })
const duration = fc.constantFrom('6s', '60s', '90s', '1h')

/** As JSON brings it: without the null prototypes that fast-check also makes. */
function asJson<T> (value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

const spec: fc.Arbitrary<ModelSpec> = fc.record({
  image: word,
  description: fc.string(),
  labels: fc.dictionary(word, word),
  appPath: fc.option(word),
  port: fc.integer({ min: 1, max: 65_535 }),
  env: fc.uniqueArray(fc.oneof(
    fc.record({ name: word, value: fc.string() }),
    fc.record({ name: word, secret: fc.record({ name: word, key: word }) })
  ), { selector: ({ name }) => name }),
  resources: fc.record({ requests: amounts, limits: amounts }),
  scaling: fc.record({
    minScale: fc.nat(5),
    maxScale: fc.nat(5),
    initialScale: fc.option(fc.nat(5)),
    metric: fc.constantFrom('concurrency' as const, 'rps' as const, 'cpu' as const,
      'memory' as const),
    target: fc.integer({ min: 1, max: 300 }),
    window: duration,
    retention: fc.option(duration),
    burstCapacity: fc.integer({ min: -1, max: 300 })
  }),
  containerConcurrency: fc.nat(1_000),
  timeoutSeconds: fc.integer({ min: 1, max: 600 }),
  imagePullSecrets: fc.uniqueArray(word),
  rolloutSeconds: fc.integer({ min: 0, max: 3600 }),
  retrySafe: fc.boolean()
}).map(asJson)

/** What other tools write: everything optional, with parts that a model has no words for. */
const foreignEnv = fc.oneof(
  fc.record({ name: word, value: word }),
  fc.record({ name: word }),
  fc.record({ name: fc.constant('SAS_SCR_APP_PATH'), value: fc.constantFrom('a', '/b/', '/', '') }),
  fc.record({
    name: fc.constant('SAS_SCR_APP_PATH'),
    valueFrom: fc.record({ configMapKeyRef: fc.record({ name: word, key: word }) })
  }),
  fc.record({
    name: word,
    valueFrom: fc.record({
      secretKeyRef: fc.record({ name: word, key: word, optional: fc.boolean() })
    })
  }),
  fc.record({ name: word, valueFrom: fc.record({ fieldRef: fc.record({ fieldPath: word }) }) })
)
const scalingKey = fc.constantFrom('min-scale', 'minScale', 'max-scale', 'maxScale',
  'initial-scale', 'metric', 'target', 'window', 'target-burst-capacity', 'class')
const annotations = fc.dictionary(scalingKey.map(key => `autoscaling.knative.dev/${key}`),
  fc.constantFrom('1', '7', '0', '90s', 'rps', 'cpu', 'x', '', 'hpa.autoscaling.knative.dev'))
const container = fc.record({
  name: word,
  image: word,
  command: fc.array(word),
  ports: fc.array(fc.record({ name: word, containerPort: fc.nat(65_535) }), { maxLength: 2 }),
  env: fc.array(foreignEnv),
  resources: fc.record({
    requests: fc.record({
      cpu: fc.oneof(quantity, fc.integer({ min: 1, max: 4 })),
      'nvidia.com/gpu': fc.constant('1')
    }, { requiredKeys: [] }),
    limits: amounts
  }, { requiredKeys: [] })
}, { requiredKeys: ['image'] })
const foreign = fc.record({
  apiVersion: fc.constant('serving.knative.dev/v1'),
  kind: fc.constant('Service'),
  metadata: fc.record({
    name: word,
    labels: fc.dictionary(fc.oneof(word, fc.constant('networking.knative.dev/visibility')), word),
    annotations: fc.dictionary(
      fc.oneof(word, fc.constantFrom('serving.knative.dev/creator', 'scr-modelops/retry-safe')),
      word
    )
  }, { requiredKeys: ['name'] }),
  spec: fc.record({
    template: fc.record({
      metadata: fc.record({ name: word, annotations }, { requiredKeys: [] }),
      spec: fc.record({
        containers: fc.array(container, { minLength: 1, maxLength: 3 }),
        serviceAccountName: word,
        timeoutSeconds: fc.nat(),
        containerConcurrency: fc.nat(),
        imagePullSecrets: fc.array(fc.record({ name: word }))
      }, { requiredKeys: ['containers'] })
    }, { requiredKeys: ['spec'] }),
    traffic: fc.array(
      fc.record({ revisionName: word, percent: fc.nat(100), tag: word }, { requiredKeys: [] })
    )
  }, { requiredKeys: ['template'] })
}).map(asJson) as unknown as fc.Arbitrary<Ksvc>

function law (title: string, property: fc.IProperty<unknown>): void {
  void t.test(title, async t => {
    t.doesNotThrow(() => {
      fc.assert(property as fc.IRawProperty<unknown>, { numRuns: 300 })
    })
  })
}

law('a new ksvc reads back as the spec it was made of', fc.property(spec, word, (spec, name) => {
  assert.deepEqual(specOf(buildKsvc(name, 'models', spec)), spec)
}))

law('any ksvc given a spec reads back as that spec', fc.property(foreign, spec, (ksvc, spec) => {
  assert.deepEqual(specOf(withSpec(ksvc, spec)), spec)
}))

law('any ksvc given the spec it has stays as it is', fc.property(foreign, ksvc => {
  assert.deepEqual(withSpec(ksvc, specOf(ksvc)), ksvc)
}))

law('a spec given twice changes nothing the second time',
  fc.property(foreign, spec, (ksvc, spec) => {
    const once = withSpec(ksvc, spec)
    assert.deepEqual(withSpec(once, spec), once)
  }))

law(
  'a change leaves all traffic, and every annotation and label of Knative but the one that a field is kept in',
  fc.property(foreign, spec, (ksvc, spec) => {
    const next = withSpec(ksvc, spec)
    const knatives = (all: Readonly<Record<string, string>> = {}) =>
      Object.entries(all).filter(([key]) =>
        key.includes('knative.dev/') && key !== 'serving.knative.dev/rollout-duration'
      )
    assert.deepEqual(knatives(next.metadata.annotations), knatives(ksvc.metadata.annotations))
    assert.deepEqual(knatives(next.metadata.labels), knatives(ksvc.metadata.labels))
    assert.deepEqual(next.spec.traffic, ksvc.spec.traffic)
  })
)

law('the version does not depend on the order of keys', fc.property(spec, spec => {
  const reversed = Object.fromEntries(Object.entries(spec).reverse()) as unknown as ModelSpec
  assert.equal(versionOf(reversed, []), versionOf(spec, []))
}))

const byKubectl = {
  apiVersion: 'serving.knative.dev/v1',
  kind: 'Service',
  metadata: { name: 'hello', annotations: { 'serving.knative.dev/creator': 'admin' } },
  spec: {
    template: {
      metadata: { name: 'hello-one' },
      spec: {
        containers: [{
          name: 'user-container',
          image: 'hello:1',
          readinessProbe: { tcpSocket: { port: 0 } },
          env: [{ name: 'FROM_MAP', valueFrom: { configMapKeyRef: { name: 'm', key: 'k' } } }, {
            name: 'B',
            value: '1'
          }, { name: 'A', value: '2' }]
        }, { name: 'side', image: 'side:1' }]
      }
    }
  }
} as unknown as Ksvc

t.test('what a ksvc of another tool leaves out reads as what Knative takes for it', async t => {
  const { scaling, containerConcurrency, timeoutSeconds, appPath, port } = specOf(byKubectl)
  t.same({ scaling, containerConcurrency, timeoutSeconds, appPath, port }, {
    scaling: {
      minScale: 0,
      maxScale: 0,
      initialScale: null,
      metric: 'concurrency',
      target: 100,
      window: '60s',
      retention: null,
      burstCapacity: 211
    },
    containerConcurrency: 0,
    timeoutSeconds: 300,
    appPath: null,
    port: 8080
  })
  t.same(desiredOf(byKubectl), [{ latest: true, percent: 100 }])
})

t.test('a changed variable keeps the place of those that a model has no words for', async t => {
  const [first] =
    withSpec(byKubectl, {
      ...specOf(byKubectl),
      env: [{ name: 'A', value: '2' }, { name: 'C', value: '3' }]
    }).spec.template.spec.containers
  t.same(first?.env, [{ name: 'FROM_MAP', valueFrom: { configMapKeyRef: { name: 'm', key: 'k' } } },
    { name: 'A', value: '2' }, { name: 'C', value: '3' }])
})

t.test('a changed template drops the revision name that is used up, another change keeps it', async t => {
  t.equal(withSpec(byKubectl, { ...specOf(byKubectl), port: 9000 }).spec.template.metadata?.name,
    undefined)
  t.equal(withRedeploy(byKubectl, '2026-01-01T00:00:00Z').spec.template.metadata?.name, undefined)
  t.equal(
    withSpec(byKubectl, { ...specOf(byKubectl), description: 'new' }).spec.template.metadata?.name,
    'hello-one'
  )
})

t.test('an amount that the server only spells differently is no change', async t => {
  const live = buildKsvc('a', 'models',
    completeSpec('a', { image: 'x', resources: { requests: { cpu: '1' } } }))
  t.same(
    withSpec(live, completeSpec('a', { image: 'x', resources: { requests: { cpu: '1000m' } } })),
    live
  )
})

t.test('the metric cpu brings the HPA and leaves with it', async t => {
  const classOf = ({ spec }: Ksvc) =>
    spec.template.metadata?.annotations?.['autoscaling.knative.dev/class']
  const byCpu = buildKsvc('a', 'models',
    completeSpec('a', { image: 'x', scaling: { metric: 'cpu' } }))
  t.equal(classOf(byCpu), 'hpa.autoscaling.knative.dev')
  t.equal(classOf(withSpec(byCpu, completeSpec('a', { image: 'x' }))), undefined)
})

t.test('a new container runs without privileges', async t => {
  t.match(
    buildKsvc('a', 'models', completeSpec('a', { image: 'x' })).spec.template.spec.containers[0],
    {
      securityContext: {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' }
      }
    }
  )
})

t.test('who asked is told in annotations, and creation keeps its own', async t => {
  t.same(withCreator(byKubectl, 'ada').metadata.annotations, {
    'serving.knative.dev/creator': 'admin',
    'scr-modelops/created-by': 'ada',
    'scr-modelops/requested-by': 'ada'
  })
})

const rows: fc.Arbitrary<TrafficTable> = fc.array(fc.oneof(
  fc.record({ latest: fc.constant(true as const), percent: fc.nat(100), tag: word }, {
    requiredKeys: ['latest', 'percent']
  }),
  fc.record({
    latest: fc.constant(false as const),
    revision: word,
    percent: fc.nat(100),
    tag: word
  }, { requiredKeys: ['latest', 'revision', 'percent'] })
), { minLength: 1 }).map(asJson)

law('a ksvc given a table reads back as that table, and stays otherwise as it is',
  fc.property(foreign, rows, (ksvc, rows) => {
    const next = withTable(ksvc, rows)
    assert.deepEqual(desiredOf(next), rows)
    assert.deepEqual({ ...next, spec: { ...next.spec, traffic: ksvc.spec.traffic } }, {
      ...ksvc,
      spec: { ...ksvc.spec, traffic: ksvc.spec.traffic }
    })
  }))

t.test('earlier tables are kept in an annotation, and none without them', async t => {
  const history = [[{ latest: false as const, revision: 'hello-one', percent: 100, tag: 'blue' }]]
  const kept = withHistory(byKubectl, history)
  t.equal(kept.metadata.annotations?.['scr-modelops/traffic-history'],
    '[[{"revision":"hello-one","percent":100,"tag":"blue"}]]')
  t.same(readHistory(kept.metadata.annotations?.['scr-modelops/traffic-history']), history)
  t.same(withHistory(kept, []), byKubectl)
})

t.test('a revision\'s name stands in the template, and nothing else changes', async t => {
  const named = withRevisionName(byKubectl, 'hello-two')
  t.equal(named.spec.template.metadata?.name, 'hello-two')
  t.same(withRevisionName(named, 'hello-one'), byKubectl)
})
