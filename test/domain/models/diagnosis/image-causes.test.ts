import t from 'tap'
import { explainImage } from '../../../../src/domain/models/diagnosis/image-causes.js'
import { withoutImage } from '../../../../src/domain/models/spec/image-reference.js'
import { findTellingLine } from '../../../../src/domain/models/diagnosis/wording.js'

const revision = (image: string, pullSecrets: string[] = []) => ({
  name: 'm-00001',
  image,
  pullSecrets,
  memoryLimit: undefined,
  probe: undefined,
  conditions: {}
})
const DIGEST = `sha256:${'401e'.repeat(16)}`

/**
 * What Knative's look-up of a digest says (go-containerregistry), and what a node says
 * (containerd).
 */
const knative = (image: string, why: string) => {
  const [host = '', ...path] = image.split('/')
  const [name = '', tag = ''] = path.join('/').split(':')
  return `Unable to fetch image "${image}": failed to resolve image to digest: HEAD https://${host}/v2/${name}/manifests/${tag}: ${why}`
}
const node = (image: string, why: string) =>
  `Back-off pulling image "${image}": ErrImagePull: rpc error: code = Unknown desc = failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${why}`

const names = [
  'registry.demo/loan-denied:1.0',
  'registry.demo/m:2.0.401',
  'registry.demo/not-found/x:1',
  'registry.demo/timeout-model:1.0',
  'registry.demo/unauthorized:404',
  'denied.example.com/m:1',
  'registry.demo:5003/m:429',
  'registry.demo:403/m:500',
  'registry.demo/eof/x509:EOF',
  'registry.demo/risk/503:not-found',
  'registry.demo/a_denied:certificate'
]
const whys: ReadonlyArray<readonly [why: string, summary: RegExp, owner: string]> = [
  ['unexpected status code 404 Not Found (HEAD responses have no body, use GET for details)',
    /^image not found: /, 'you'],
  ['unexpected status code 401 Unauthorized (HEAD responses have no body, use GET for details)',
    /^the registry wants credentials/, 'you'],
  ['failed to do request: Head: context deadline exceeded', /did not answer in time/,
    'platform engineer'],
  [
    'net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
    /did not answer in time/,
    'platform engineer'
  ],
  ['dial tcp 10.1.2.3:443: i/o timeout', /did not answer in time/, 'platform engineer'],
  ['net/http: TLS handshake timeout', /did not answer in time/, 'platform engineer'],
  ['unexpected status code 429 Too Many Requests', /takes no more requests/, 'registry owner'],
  ['toomanyrequests: You have reached your pull rate limit', /takes no more requests/,
    'registry owner'],
  ['failed to do request: Head: EOF', /can't be reached/, 'registry owner'],
  ['unexpected EOF', /can't be reached/, 'registry owner'],
  ['read tcp 10.0.0.1:40312->10.1.2.3:443: read: connection reset by peer', /can't be reached/,
    'registry owner'],
  ['dial tcp: lookup registry.demo on 10.96.0.10:53: no such host', /can't be reached/,
    'registry owner'],
  ['dial tcp: lookup registry.demo on 10.96.0.10:53: server misbehaving', /can't be looked up/,
    'platform engineer'],
  [
    'dial tcp: lookup registry.demo on 10.96.0.10:53: read udp 10.0.0.1:3401->10.96.0.10:53: i/o timeout',
    /can't be looked up/,
    'platform engineer'
  ],
  ['dial tcp: lookup registry.demo: Temporary failure in name resolution', /can't be looked up/,
    'platform engineer'],
  ['http: server gave HTTP response to HTTPS client', /speaks plain HTTP/, 'platform engineer'],
  ['dial tcp 10.1.2.3:403: connect: connection refused', /can't be reached/, 'registry owner'],
  ['unexpected status code 503 Service Unavailable', /can't be reached/, 'registry owner'],
  ['tls: failed to verify certificate: x509: certificate signed by unknown authority',
    /can't be reached/, 'registry owner'],
  ['no match for platform in manifest', /^image .* can't be pulled: /, 'you']
]
for (const image of names) {
  for (const said of [knative, node]) {
    t.test(`words in ${image} decide nothing, as ${said === node ? 'a node' : 'Knative'} tells it`, async t => {
      const told = whys.map(([why]) => explainImage(revision(image), said(image, why), []))
      t.same(told.map(({ summary }, i) => whys[i]![1].test(summary)), whys.map(() => true),
        told.map(({ summary }) => summary).join('\n'))
      t.same(told.map(({ owner }) => owner), whys.map(([, , owner]) => owner))
    })
  }
}

t.test('neither does a digest, nor a name of Docker Hub that is told in full', async t => {
  const byDigest = `registry.demo/m@${DIGEST}`
  t.match(explainImage(revision(byDigest), node(byDigest, 'context deadline exceeded'), []), {
    owner: 'platform engineer'
  })
  const told =
    'failed to resolve reference "docker.io/library/loan-denied:1.0": docker.io/library/loan-denied:1.0: not found'
  t.match(explainImage(revision('loan-denied:1.0'), told, []), {
    summary: 'image not found: loan-denied:1.0'
  })
})

t.test('what is taken out is the name as a whole, not a part of a word', async t => {
  t.equal(withoutImage('pull access denied for m, from a timeout', 'registry.demo/m:1'),
    'pull access denied for m, from a timeout')
  t.notMatch(
    withoutImage('pull access denied for risk/loan-denied-eof, repository does not exist',
      'registry.demo/risk/loan-denied-eof:1'),
    /eof/
  )
})

const log = 'starting loan-denied 1.0\nno licence\nloaded loan_denied\n'
t.test('the telling line of a log is none that speaks only of the model\'s own name', async t => {
  t.equal(
    findTellingLine(`ERROR: no licence\n${log}`, 'registry.demo/loan-denied:1.0', 'loan-denied'),
    'ERROR: no licence'
  )
  t.equal(
    findTellingLine('FATAL: bad\nserving fail-over-model\n', 'registry.demo/m:1',
      'fail-over-model'),
    'FATAL: bad'
  )
  t.equal(findTellingLine('access denied\nbye\n', 'registry.demo/denied:1', 'm'), 'access denied',
    'a name that is a plain word is a word')
})
