import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseAllDocuments } from 'yaml'

export interface Labels {
  readonly [key: string]: string
}

export interface Manifest {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Labels
  }
  readonly data?: Labels
  readonly rules?: ReadonlyArray<
    {
      readonly apiGroups: readonly string[]
      readonly resources: readonly string[]
      readonly verbs: readonly string[]
    }
  >
  readonly roleRef?: { readonly kind: string, readonly name: string }
  readonly subjects?: ReadonlyArray<
    { readonly kind: string, readonly name: string, readonly namespace: string }
  >
  readonly spec?: unknown
}

/** What an overlay of a user's own says, beside the folder of deploy/ that it builds on. */
export interface Overlay {
  readonly components?: readonly string[]
  readonly namespace?: string
}

/** For a test's `skip`: false, or why the overlays of deploy/ can't be rendered here. */
export function noKustomize (): false | string {
  const { error, stdout } = spawnSync('kubectl', ['kustomize', 'deploy/quickstart'], {
    encoding: 'utf8'
  })
  if (error !== undefined) return 'kubectl is not installed, so deploy/ cannot be rendered'
  return stdout === '' ? 'this kubectl is older than 1.21: its kustomize reads no overlays' : false
}

/** The objects that `kubectl apply -k` would send for an overlay of `base`, a folder of deploy/. */
export function rendered (base: string, { components = [], namespace }: Overlay = {}): Manifest[] {
  const root = mkdtempSync(path.join(tmpdir(), 'scr-modelops-overlay-'))
  try {
    const below = (folder: string) => path.relative(root, `deploy/${folder}`)
    writeFileSync(path.join(root, 'kustomization.yaml'), JSON.stringify({
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: [below(base)],
      components: components.map(below),
      ...(namespace !== undefined && { namespace })
    }))
    const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', root], {
      encoding: 'utf8'
    })
    if (status !== 0) throw new Error(`kubectl kustomize of deploy/${base}: ${stderr}`)
    return parseAllDocuments(stdout).map(document => document.toJS() as Manifest)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** The only object of a kind. */
export function only (manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const [found, ...others] = manifests.filter(manifest =>
    manifest.kind === kind && manifest.metadata.name === (name ?? manifest.metadata.name)
  )
  if (found === undefined || others.length > 0) { throw new Error(`expected one ${kind}, found ${others.length + (found ? 1 : 0)}`) }
  return found
}
