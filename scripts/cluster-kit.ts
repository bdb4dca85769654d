import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/**
 * A cluster that the programs of a folder start on this machine (`status`, `up`,
 * `make-node-image`), for tests that need a real Kubernetes with Knative and get everything by
 * themselves.
 */
export interface Kit {
  readonly kubeconfig: string
  /** The ingress. */
  readonly gatewayUrl: string
  /** PATH with the kit's own kubectl before all others. */
  readonly path: string
  /**
   * Names of the images that the node has, as it last reported them: one that was loaded a moment
   * ago may be missing.
   */
  images(): string[]
  /** Makes an image that runs `entry` of the folder with Node, and loads it. */
  load(image: string, folder: string, entry: string, ...args: readonly string[]): void
  /**
   * Makes such an image and pushes it to the cluster's registry with a password; undefined: the kit
   * has none.
   */
  push(
    image: string,
    folder: string,
    entry: string,
    ...args: readonly string[]
  ): Registry | undefined
}

/** `host` as the nodes know it, with its port; `url` for this machine. */
export interface Registry {
  readonly host: string
  readonly url: string
  readonly user: string
  readonly password: string
}

/** The kit's folder: CLUSTER_KIT, or the one beside the clone; undefined: there is none. */
export function kitFolder (env: NodeJS.ProcessEnv): string | undefined {
  const folder = path.resolve(env['CLUSTER_KIT'] ?? '../shared/cluster')
  return ['status', 'up', 'make-node-image'].every(program =>
    existsSync(path.join(folder, program))
  )
    ? folder
    : undefined
}

/** Starts the cluster unless it runs. Throws when it can't be started. */
export function openKit (folder: string, env: NodeJS.ProcessEnv): Kit {
  const status = spawnSync(path.join(folder, 'status'), { encoding: 'utf8' })
  const said = status.status === 0 ? status.stdout : outputOf(path.join(folder, 'up'))
  const kubeconfig = /^export KUBECONFIG=(.+)$/m.exec(said)?.[1]
  if (kubeconfig === undefined) {
    throw new Error(`the cluster kit in ${folder} does not say where its kubeconfig is:\n${said}`)
  }
  const searchPath = `${env['SCR_CLUSTER_CACHE'] ?? `${env['HOME']}/.cache/scr-cluster`}/bin:${env['PATH']}`
  return {
    kubeconfig,
    gatewayUrl: `http://127.0.0.1:${env['SCR_CLUSTER_INGRESS_PORT'] ?? 18080}`,
    path: searchPath,
    images: () =>
      outputOf(
        'kubectl',
        ['get', 'nodes', '-o', 'jsonpath={.items[*].status.images[*].names[*]}'],
        { ...env, PATH: searchPath, KUBECONFIG: kubeconfig }
      ).split(' '),
    load (image, folderOfImage, entry, ...args) {
      outputOf(path.join(folder, 'make-node-image'), [
        '-u',
        '1000',
        '-n',
        env['IMAGE_NODE'] ?? process.execPath,
        image,
        folderOfImage,
        entry,
        ...args
      ])
    },
    push (image, folderOfImage, entry, ...args) {
      if (!existsSync(path.join(folder, 'push-image'))) return undefined
      const work = mkdtempSync(path.join(tmpdir(), 'scr-modelops-push-'))
      try {
        const [root, archive] = [path.join(work, 'root'), path.join(work, 'image.tar')]
        fillRoot(root, env['IMAGE_NODE'] ?? process.execPath, folderOfImage)
        outputOf(path.join(folder, 'make-image'), [
          '-u',
          '1000',
          '-o',
          archive,
          `dev.local/pushed/${image}`,
          root,
          NODE,
          `/app/${entry}`,
          ...args
        ])
        // HOST/NAME:TAG
        const pushed = outputOf(path.join(folder, 'push-image'), [archive, image]).trim()
        return {
          host: pushed.slice(0, pushed.indexOf('/')),
          url: `http://127.0.0.1:${env['SCR_CLUSTER_REGISTRY_PORT'] ?? 15000}`,
          user: env['SCR_CLUSTER_REGISTRY_USER'] ?? 'scr',
          password: env['SCR_CLUSTER_REGISTRY_PASSWORD'] ?? 'scr-password'
        }
      } finally {
        rmSync(work, { recursive: true, force: true })
      }
    }
  }
}

/** Where an image has Node. */
const NODE = '/usr/local/bin/node'

/** An image's files: Node with its libraries where the loader looks for them, and `app`. */
function fillRoot (root: string, node: string, app: string): void {
  mkdirSync(path.join(root, 'tmp'), { recursive: true })
  cpSync(app, path.join(root, 'app'), { recursive: true })
  cpSync(node, path.join(root, NODE), { dereference: true })
  for (const library of outputOf('ldd', [node]).match(/\/\S+/g) ?? []) {
    cpSync(library, path.join(root, library), { dereference: true })
  }
}

function outputOf (program: string, args: readonly string[] = [], env?: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    ...(env && { env })
  })
  if (error) throw error
  if (status !== 0) {
    throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`)
  }
  return stdout
}
