import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'

/**
 * A cluster that the programs of a folder start on this machine (`status`, `up`, `make-node-image`), for tests that need a real Kubernetes
 * with Knative and get everything by themselves.
 */
export interface Kit {
  readonly kubeconfig: string
  /** The ingress. */
  readonly gatewayUrl: string
  /** PATH with the kit's own kubectl before all others. */
  readonly path: string
  /** Names of the images that the node has, as it last reported them: one that was loaded a moment ago may be missing. */
  images (): string[]
  /** Makes an image that runs `entry` of the folder with Node, and loads it. */
  load (image: string, folder: string, entry: string, ...args: readonly string[]): void
}

/** The kit's folder: CLUSTER_KIT, or the one beside the clone; undefined: there is none. */
export function kitFolder (env: NodeJS.ProcessEnv): string | undefined {
  const folder = path.resolve(env['CLUSTER_KIT'] ?? '../shared/cluster')
  return ['status', 'up', 'make-node-image'].every(program => existsSync(path.join(folder, program))) ? folder : undefined
}

/** Starts the cluster unless it runs. Throws when it can't be started. */
export function openKit (folder: string, env: NodeJS.ProcessEnv): Kit {
  const status = spawnSync(path.join(folder, 'status'), { encoding: 'utf8' })
  const said = status.status === 0 ? status.stdout : outputOf(path.join(folder, 'up'))
  const kubeconfig = /^export KUBECONFIG=(.+)$/m.exec(said)?.[1]
  if (kubeconfig === undefined) throw new Error(`the cluster kit in ${folder} does not say where its kubeconfig is:\n${said}`)
  const searchPath = `${env['SCR_CLUSTER_CACHE'] ?? `${env['HOME']}/.cache/scr-cluster`}/bin:${env['PATH']}`
  return {
    kubeconfig,
    gatewayUrl: `http://127.0.0.1:${env['SCR_CLUSTER_INGRESS_PORT'] ?? 18080}`,
    path: searchPath,
    images: () => outputOf('kubectl', ['get', 'nodes', '-o', 'jsonpath={.items[*].status.images[*].names[*]}'], {
      ...env, PATH: searchPath, KUBECONFIG: kubeconfig
    }).split(' '),
    load (image, folderOfImage, entry, ...args) {
      outputOf(path.join(folder, 'make-node-image'), ['-u', '1000', '-n', env['IMAGE_NODE'] ?? process.execPath, image, folderOfImage, entry, ...args])
    }
  }
}

function outputOf (program: string, args: readonly string[] = [], env?: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', ...(env && { env }) })
  if (error) throw error
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`)
  return stdout
}
