import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { demoModels } from '../simulator/scr/models.js'
import { kitFolder, openKit, type Kit } from './cluster-kit.js'
import { contentHash, fillModelFolder, fillServiceFolder } from './image-folders.js'

// Runs the tests on a real cluster: the one of KUBECONFIG and SCORING_GATEWAY_URL, or else one that
// a cluster kit starts, with images made from the build. The arguments are tap's.

const MODEL_IMAGES = [
  ...Object.keys(demoModels),
  ...['crash', 'hungry', 'otherport', 'slowstart', 'slow', 'flaky'].map(
    fault => `sr_hmeq_logreg:1.0-${fault}`
  )
]
/** What test/contract/models/registries.ts deploys. */
const PRIVATE_IMAGES = ['sr_hmeq_logreg:1.0', 'sr_hmeq_logreg:2.0']

const given = process.env['KUBECONFIG'] && process.env['SCORING_GATEWAY_URL']
const env = given ? {} : prepared()
const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/tap/dist/esm/run.mjs',
    '--test-env=TAP_TYPE_STRIP_ONLY=1',
    '--include=dist/test/e2e/e2e.js',
    '--include=dist/test/e2e/inside.js',
    '--include=dist/test/e2e/hands.js',
    '--jobs=1',
    '--timeout=1200',
    ...process.argv.slice(2)
  ],
  { stdio: 'inherit', env: { ...process.env, ...env } }
)
process.exitCode = status ?? 1

/** What the tests read from their environment. */
function prepared (): NodeJS.ProcessEnv {
  const folder = kitFolder(process.env)
  if (folder === undefined) {
    console.error(
      "test:e2e needs KUBECONFIG (a file) and SCORING_GATEWAY_URL (the cluster's ingress, e.g. http://127.0.0.1:8080), " +
        'or CLUSTER_KIT: a folder with the programs status, up and make-node-image'
    )
    process.exit(2)
  }
  console.error(`the cluster of ${folder} …`)
  const kit = openKit(folder, process.env)
  const there = new Set(kit.images())
  const modelImages = withFolder(root => {
    fillModelFolder(root)
    const prefix = `dev.local/models-${contentHash(root, nodeOfImages())}`
    for (const name of MODEL_IMAGES) {
      loadUnlessThere(kit, there, `${prefix}/${name}`, root, 'scr/main.js', name)
    }
    return prefix
  })
  const serviceImage = withFolder(root => {
    fillServiceFolder(root)
    const image = `dev.local/scr-modelops:${contentHash(root, nodeOfImages())}`
    loadUnlessThere(kit, there, image, root, 'dist/src/main.js')
    return image
  })
  return {
    ...privateRegistry(kit),
    KUBECONFIG: kit.kubeconfig,
    SCORING_GATEWAY_URL: kit.gatewayUrl,
    IMAGE_PREFIX: modelImages,
    SERVICE_IMAGE: serviceImage,
    PATH: kit.path
  }
}

/** Of the kit, where no other is named. */
function privateRegistry (kit: Kit): NodeJS.ProcessEnv {
  if (process.env['PRIVATE_REGISTRY'] !== undefined) return {}
  const registry = withFolder(root => {
    fillModelFolder(root)
    return PRIVATE_IMAGES.map(image => kit.push(image, root, 'scr/main.js', image)).at(-1)
  })
  if (registry === undefined) return {}
  const { host, url, user, password } = registry
  return {
    PRIVATE_REGISTRY: host,
    PRIVATE_REGISTRY_URL: url,
    PRIVATE_REGISTRY_USER: user,
    PRIVATE_REGISTRY_PASSWORD: password
  }
}

function loadUnlessThere (
  kit: Kit,
  there: ReadonlySet<string>,
  image: string,
  root: string,
  entry: string,
  ...args: readonly string[]
): void {
  if (there.has(image)) return
  console.error(`loading ${image} …`)
  kit.load(image, root, entry, ...args)
}

/** The Node that the images hold: IMAGE_NODE, a program, or the one that runs this. */
function nodeOfImages (): string {
  const node = process.env['IMAGE_NODE']
  return node === undefined
    ? process.version
    : spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()
}

function withFolder<T> (use: (folder: string) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), 'scr-modelops-image-'))
  chmodSync(folder, 0o755) // root makes the image, another user runs it
  try {
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
