import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { Program } from '../program.js'
import { folder } from '../service.js'

/** The service as `kubectl apply -k` installs it. */
export interface Installed {
  /**
   * Leads every new connection to the Service, from a pod in a namespace that may call. Without a
   * slash at its end.
   */
  readonly url: string
  /** What kubectl prints; it throws with what kubectl complained about. */
  kubectl(...args: string[]): Promise<string>
  /**
   * Runs Node code in a pod of a namespace that may not call, until it ends well; answers its
   * output.
   */
  runOutside(code: string): Promise<string>
}

export interface InstallOptions {
  readonly kubeconfig: string
  /** The service's image, where the cluster's nodes find it. */
  readonly image: string
  /** Made by the test, and gone after it. */
  readonly namespace: string
  /** A folder of deploy/. */
  readonly overlay: string
}

const NODE = '/usr/local/bin/node'
/**
 * Passes bytes on: `kubectl port-forward` to the Service itself would stay with one of its pods.
 */
const FORWARD = `require('net').createServer({ allowHalfOpen: true }, from => {
  const to = require('net').connect({ host: process.argv[1], port: 80, allowHalfOpen: true })
  const end = () => { from.destroy(); to.destroy() }
  from.on('error', end).on('close', () => to.destroy()).pipe(to).on('error', end).on('close', () => from.destroy()).pipe(from)
}).listen(8080)
process.once('SIGTERM', () => process.exit())`

export async function install (
  t: Test,
  { kubeconfig, image, namespace, overlay }: InstallOptions
): Promise<Installed> {
  const [callers, strangers] = [`${namespace}-callers`, `${namespace}-strangers`]
  const env = { ...process.env, KUBECONFIG: kubeconfig }
  const kubectl = async (...args: string[]) =>
    (await promisify(execFile)('kubectl', args, { env, maxBuffer: 64 * 1024 ** 2 })).stdout

  t.teardown(async () => {
    await kubectl('delete', 'namespace', namespace, callers, strangers, '--ignore-not-found',
      '--wait=false')
  })
  await kubectl('apply', '-k', await overlayOf(await folder(t), { namespace, image, overlay }))
  for (const name of [callers, strangers]) await kubectl('create', 'namespace', name)
  await kubectl('label', 'namespace', callers, 'scr-modelops/caller=true')
  const host = `scr-modelops.${namespace}.svc`
  await kubectl('run', 'caller', '-n', callers, `--image=${image}`, '--command', '--', NODE, '-e',
    FORWARD, host)
  await kubectl('rollout', 'status', 'deployment/scr-modelops', '-n', namespace, '--timeout=90s')
    .catch(async error => {
      const [pods, log] = await Promise.all(
        [['describe', 'pods'], ['logs', 'deployment/scr-modelops']].map(async args =>
          await kubectl(...args, '-n', namespace).catch(String)
        )
      )
      throw new Error(`the service was installed but is not available:\n${pods}\n${log}`, {
        cause: error
      })
    })
  await kubectl('wait', 'pod/caller', '-n', callers, '--for=condition=Ready', '--timeout=60s')

  const forward = new Program(t, 'kubectl', ['port-forward', '-n', callers, 'pod/caller', ':8080'],
    { KUBECONFIG: kubeconfig, HOME: homedir() })
  const [, port] = await forward.says(/127\.0\.0\.1:(\d+)/)
  return {
    url: `http://127.0.0.1:${port}`,
    kubectl,
    // Not `--attach`: what a short program prints before kubectl is attached is lost.
    runOutside: async code => {
      const pod = `stranger-${randomBytes(3).toString('hex')}`
      await kubectl('run', pod, '-n', strangers, `--image=${image}`, '--restart=Never', '--command',
        '--', NODE, '-e', code)
      await kubectl('wait', `pod/${pod}`, '-n', strangers,
        '--for=jsonpath={.status.phase}=Succeeded', '--timeout=120s')
      return await kubectl('logs', pod, '-n', strangers)
    }
  }
}

/**
 * A kustomization as docs/install.md has users write it; less CPU is asked for, since a test
 * cluster is small.
 */
async function overlayOf (
  root: string,
  { namespace, image, overlay }: { namespace: string, image: string, overlay: string }
): Promise<string> {
  const [name = '', tag = ''] = image.split(/:(?=[^:/]+$)/)
  await mkdir(root, { recursive: true })
  await writeFile(path.join(root, 'kustomization.yaml'), `
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: ${namespace}
resources: ["${path.relative(root, overlay)}"]
images:
  - name: scr-modelops
    newName: ${name}
    newTag: "${tag}"
configMapGenerator:
  - name: scr-modelops
    behavior: merge
    literals:
      - IMAGE_ALLOW_LIST=*
patches:
  - target: {kind: Deployment, name: scr-modelops}
    patch: |-
      - {op: replace, path: /spec/template/spec/containers/0/resources/requests/cpu, value: 50m}
`)
  return root
}
