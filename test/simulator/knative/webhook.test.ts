import t from 'tap'
import { KSVCS, ksvc, startCluster, type Change } from '../support.js'

const DNS_1035 =
  'a DNS-1035 label must consist of lower case alphanumeric characters or \'-\', start with an alphabetic character, and end with an ' +
  'alphanumeric character (e.g. \'my-name\',  or \'abc-123\', regex used for validation is \'[a-z]([-a-z0-9]*[a-z0-9])?\')'
const AUTOSCALING = 'spec.template.metadata.annotations.autoscaling.knative.dev'
const CONTAINER = 'spec.template.spec.containers[0]'

type Named = Change & { name?: string }
const scaling = (name: string, value: string): Named => ({
  annotations: { [`autoscaling.knative.dev/${name}`]: value }
})
const target = (more: object): Named => ({
  traffic: [{ latestRevision: true, percent: 100, ...more }]
})

// what the validating webhook of a real cluster answered, word for word
const denied: Array<[it: string, change: Named, message: string]> = [
  ['a name with a dot', { name: 'a.b' }, `not a DNS 1035 label: [${DNS_1035}]: metadata.name`],
  ['a name that begins with a digit', { name: '1a' },
    `not a DNS 1035 label: [${DNS_1035}]: metadata.name`],
  ['a name of 64 characters', { name: 'x'.repeat(64) },
    'not a DNS 1035 label: [must be no more than 63 characters]: metadata.name'],
  ['traffic of 90', target({ percent: 90 }), 'Traffic targets sum to 90, want 100: spec.traffic'],
  ['a negative percent', {
    traffic: [{ latestRevision: true, percent: 110 }, {
      latestRevision: true,
      percent: -10,
      tag: 'b'
    }]
  },
  'expected 0 <= -10 <= 100: spec.traffic[1].percent\nexpected 0 <= 110 <= 100: spec.traffic[0].percent'],
  ['a tag twice', {
    traffic: [{ latestRevision: true, percent: 50, tag: 'a' }, {
      latestRevision: true,
      percent: 50,
      tag: 'a'
    }]
  }, 'Multiple definitions for "a": spec.traffic[0].tag, spec.traffic[1].tag'],
  ['a tag with an underscore', target({ tag: 'a_b' }),
    `invalid value: not a DNS 1035 label: [${DNS_1035}]: spec.traffic.tag[0]`],
  ['a revision name on the latest', target({ revisionName: 'x-00001' }),
    'may not set revisionName "x-00001" when latestRevision is true: spec.traffic[0].latestRevision'],
  ['no revision name', { traffic: [{ latestRevision: false, percent: 100 }] },
    'may not set revisionName "" when latestRevision is false: spec.traffic[0].latestRevision'],
  ['a URL in traffic', target({ url: 'http://x' }),
    'must not set the field(s): spec.traffic[0].url'],
  ['min-scale above max-scale', {
    annotations: {
      'autoscaling.knative.dev/min-scale': '5',
      'autoscaling.knative.dev/max-scale': '2'
    }
  }, `max-scale=2 is less than min-scale=5: ${AUTOSCALING}/max-scale, ${AUTOSCALING}/min-scale`],
  ['a negative min-scale', scaling('min-scale', '-1'),
    `expected 0 <= -1 <= 2147483647: ${AUTOSCALING}/min-scale`],
  ['a min-scale in words', scaling('min-scale', 'two'),
    `invalid value: two: ${AUTOSCALING}/min-scale`],
  ['initial-scale 0', scaling('initial-scale', '0'),
    `invalid value: 0: ${AUTOSCALING}/initial-scale=0 not allowed by cluster`],
  ['a window of 5s', scaling('window', '5s'), `expected 6s <= 5s <= 1h0m0s: ${AUTOSCALING}/window`],
  ['a window without a unit', scaling('window', '60'), `invalid value: 60: ${AUTOSCALING}/window`],
  ['an unknown metric', scaling('metric', 'lag'), `invalid value: lag: ${AUTOSCALING}/metric`],
  ['target 0', scaling('target', '0'), `target 0 should be at least 0.01: ${AUTOSCALING}/target`],
  ['a retention of 2h', scaling('scale-to-zero-pod-retention-period', '2h'),
    `expected 0s <= 2h <= 1h0m0s: ${AUTOSCALING}/scale-to-zero-pod-retention-period`],
  ['containerConcurrency 1001', { spec: { containerConcurrency: 1001 } },
    'expected 0 <= 1001 <= 1000: spec.template.spec.containerConcurrency'],
  ['timeoutSeconds 601', { spec: { timeoutSeconds: 601 } },
    'expected 0 <= 601 <= 600: spec.template.spec.timeoutSeconds'],
  ['an image in upper case', { image: 'dev.local/UPPER:1' },
    `Failed to parse image reference: ${CONTAINER}.image\nimage: "dev.local/UPPER:1", error: could not parse reference: dev.local/UPPER:1`],
  ['no image', { image: '' }, `missing field(s): ${CONTAINER}.image`],
  ['no containers', { spec: { containers: [] } },
    'missing field(s): spec.template.spec.containers'],
  ['a variable without a name', { container: { env: [{ value: '1' }] } },
    `missing field(s): ${CONTAINER}.env[0].name`],
  ['a variable named PORT', { container: { env: [{ name: 'PORT', value: '1' }] } },
    `"PORT" is a reserved environment variable: ${CONTAINER}.env[0].name`],
  ['a variable from a field', {
    container: { env: [{ name: 'N', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }
  }, `must not set the field(s): ${CONTAINER}.env[0].valueFrom.fieldRef`],
  ['two ports', { container: { ports: [{ containerPort: 8080 }, { containerPort: 8081 }] } },
    'more than one container port is set: spec.template.spec.containers[*].ports\nOnly a single port is allowed across all containers'],
  ['port 70000', { container: { ports: [{ containerPort: 70000 }] } },
    `expected 0 <= 70000 <= 65535: ${CONTAINER}.ports.containerPort`],
  ['port 8012', { container: { ports: [{ containerPort: 8012 }] } },
    `invalid value: 8012 is a reserved port: ${CONTAINER}.ports.containerPort\n8012 is a reserved port, please use a different value`],
  ['a nodeSelector', { spec: { nodeSelector: { a: 'b' } } },
    'must not set the field(s): spec.template.spec.nodeSelector'],
  ['several faults', {
    image: 'UPPER',
    spec: { containerConcurrency: -1, timeoutSeconds: 9999 },
    traffic: [{ latestRevision: true, percent: 10 }]
  },
    `Failed to parse image reference: ${CONTAINER}.image\nimage: "UPPER", error: could not parse reference: UPPER\nTraffic targets sum to 10, want 100: spec.traffic\n` +
    'expected 0 <= -1 <= 1000: spec.template.spec.containerConcurrency\nexpected 0 <= 9999 <= 600: spec.template.spec.timeoutSeconds']
]

t.test('the validating webhook refuses with 400 in the recorded words', async t => {
  const cluster = await startCluster(t)
  for (const [it, { name = 'x', ...change }, message] of denied) {
    const { status, body } = await cluster.create(name, change)
    t.strictSame([status, body.reason, body.message], [400, 'BadRequest',
      `admission webhook "validation.webhook.serving.knative.dev" denied the request: validation failed: ${message}`],
    it)
  }
})

t.test('wrong types are refused by the mutating webhook', async t => {
  const cluster = await startCluster(t)
  const cases: Array<[change: Change, why: string]> = [
    [target({ percent: 33.3 }),
      'json: cannot unmarshal number 33.3 into Go struct field TrafficTarget.spec.RouteSpec.traffic.percent of type int64'],
    [target({ percent: '100' }),
      'json: cannot unmarshal string into Go struct field TrafficTarget.spec.RouteSpec.traffic.percent of type int64'],
    [{ container: { env: [{ name: 'N', value: 1 }] } },
      'json: cannot unmarshal number into Go struct field EnvVar.spec.ConfigurationSpec.template.spec.PodSpec.containers.env.value of type string'],
    [{ container: { resources: { requests: { memory: '1 GB' } } } },
      'quantities must match the regular expression \'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$\'']
  ]
  for (const [change, why] of cases) {
    t.equal((await cluster.create('x', change)).body.message,
      `admission webhook "webhook.serving.knative.dev" denied the request: mutation failed: cannot decode incoming new object: ${why}`)
  }
})

t.test('names no Kubernetes object may have, and a missing spec, are 422 by the API server', async t => {
  const cluster = await startCluster(t)
  for (const name of ['a_b', 'A', 'a-']) {
    const message =
      `Service.serving.knative.dev "${name}" is invalid: metadata.name: Invalid value: "${name}": a lowercase RFC 1123 subdomain must`
    t.match((await cluster.create(name)).body, { code: 422, reason: 'Invalid', message }, name)
  }
  const containers = 'spec.template.spec.containers'
  const message =
    `${containers}: Invalid value: "null": ${containers} in body must be of type array: "null"`
  t.match((await cluster.api('POST', KSVCS, { ...ksvc('x'), spec: {} })).body, {
    code: 422,
    message
  })
})

t.test('unknown fields are dropped with a warning each, and refused when validation is strict', async t => {
  const cluster = await startCluster(t)
  const given = ksvc('x', { container: { imagePolicy: 'Always' } })
  const { headers, body } = await cluster.api('POST', KSVCS, given)
  t.match(headers.warning,
    '299 - "unknown field \\"spec.template.spec.containers[0].imagePolicy\\""')
  t.notOk('imagePolicy' in (body.spec.template.spec.containers[0] ?? {}))
  t.match(
    (await cluster.api('POST', `${KSVCS}?fieldValidation=Strict`, {
      ...given,
      metadata: { name: 'y' }
    })).body,
    {
      code: 400,
      message:
        'Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "spec.template.spec.containers[0].imagePolicy"'
    }
  )
})

t.test('odd things pass as they do on a real cluster', async t => {
  const cluster = await startCluster(t)
  const passing: Change[] = [
    scaling('minimum', '1'),
    scaling('minScale', '1'),
    { spec: { timeoutSeconds: 0 } },
    { traffic: [] },
    { container: { env: [{ name: 'N', value: '1' }, { name: 'N', value: '2' }] } },
    { container: { resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } } },
    { traffic: [{ revisionName: 'nosuch', percent: 100 }] }
  ]
  for (const [i, change] of passing.entries()) { t.equal((await cluster.create(`x${i}`, change)).status, 201, JSON.stringify(change)) }
})

t.test('the creator annotation may be neither changed nor left out; the template name not reused', async t => {
  const cluster = await startCluster(t)
  const given = ksvc('x')
  await cluster.api('POST', KSVCS, {
    ...given,
    spec: { template: { ...given.spec.template, metadata: { name: 'x-one' } } }
  })
  await cluster.ready('x')
  const immutable =
    /validation failed: annotation value is immutable: metadata\.annotations\.serving\.knative\.dev\/creator$/
  t.match((await cluster.change('x', read => {
    read.metadata.annotations = { 'serving.knative.dev/creator': 'eve' }
  })).body.message, immutable)
  t.match((await cluster.change('x', read => {
    read.metadata.annotations = {}
  })).body.message, immutable)
  t.match((await cluster.change('x', read => {
    read.spec.template.spec['timeoutSeconds'] = 33
  })).body.message,
  'Saw the following changes without a name change (-old +new): spec.template.metadata.name\n*{*v1.RevisionTemplateSpec}.Spec.TimeoutSeconds:\n\t-: "300"\n\t+: "33"\n')
})
