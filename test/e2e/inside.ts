import { randomBytes } from 'node:crypto'
import t from 'tap'

// The service inside a real cluster: installed as docs/install.md says, two replicas of it, called
// through its Service by a pod.
const {
  KUBECONFIG: kubeconfig,
  SCORING_GATEWAY_URL: gatewayUrl,
  SERVICE_IMAGE: image,
  IMAGE_PREFIX: imagePrefix = 'dev.local'
} = process.env
const namespace = process.env['TEST_NAMESPACE'] = `scr-e2e-${randomBytes(3).toString('hex')}`
// Only now: the suite reads TEST_NAMESPACE.
const { contract } = await import('../contract/contract.js')
const { Kube } = await import('../support/contract.js')
const { install } = await import('../support/cluster/installed.js')
const { openBeside } = await import('../support/service.js')

const skip = kubeconfig && gatewayUrl && image
  ? false
  : 'needs KUBECONFIG, SCORING_GATEWAY_URL and SERVICE_IMAGE: the service\'s image, where the cluster finds it'

t.test('the service installed in a cluster', { skip }, async t => {
  const { url, kubectl, runOutside } = await install(t, {
    kubeconfig: kubeconfig!,
    image: image!,
    namespace,
    overlay: 'deploy/quickstart'
  })

  t.test('runs in two replicas, as who and with what it was installed', async t => {
    const pods = await kubectl('get', 'pods', '-n', namespace, '-l',
      'app.kubernetes.io/component=api', '-o',
      'jsonpath={range .items[*]}{.spec.serviceAccountName} {.status.containerStatuses[0].ready} {.status.containerStatuses[0].restartCount}{"\\n"}{end}')
    t.equal(pods, 'scr-modelops true 0\n'.repeat(2))
  })

  t.test('its account may do these things in its namespace and nothing elsewhere', async t => {
    const who = `--as=system:serviceaccount:${namespace}:scr-modelops`
    const may = async (verb: string, resource: string, where: string) =>
      (await kubectl('auth', 'can-i', verb, resource, who, '-n', where).catch((
        { stdout }: { stdout: string }
      ) => stdout)).trim()
    t.equal(await may('create', 'services.serving.knative.dev', namespace), 'yes')
    t.equal(await may('create', 'services.serving.knative.dev', 'default'), 'no')
    t.equal(await may('get', 'secrets', namespace), 'no')
    t.equal(await may('create', 'pods/exec', namespace), 'no')
  })

  t.test('a pod of a namespace without the label of callers is kept out', async t => {
    const said = await runOutside(
      `fetch('http://scr-modelops.${namespace}.svc/livez', { signal: AbortSignal.timeout(5000) })
      .then(({ status }) => console.log('reached', status), ({ name }) => console.log('kept out', name))`
    )
    const skip = said.startsWith('reached') &&
      'the network plugin of this cluster enforces no NetworkPolicy'
    t.match(said, /^kept out/, 'the call of a stranger', { skip })
  })

  t.test('keeps the contract', async t => {
    // Cases that need other settings open a service of their own, outside.
    const openService = openBeside({ kubeconfig: kubeconfig!, gatewayUrl: gatewayUrl! }, {
      DATA_PATH: 'route',
      NAMESPACE: namespace
    })
    contract(t, {
      service: url,
      kube: new Kube(kubeconfig!),
      imagePrefix,
      openService,
      privateImage: undefined
    })
  })
})
