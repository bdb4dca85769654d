import { createHash } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { CRASH_EXIT_CODE, CRASH_LOG, HUNGRY_BYTES, OTHER_PORT, SLOW_START_MS } from '../scr/faults.js'
import { demoImage } from '../scr/images.js'
import { scrListener } from '../scr/scr-server.js'

export type Env = Readonly<Record<string, string>>

/** What runs in a container once its image has been pulled. */
export interface Program {
  /** the port it listens on; undefined: whatever port it is told */
  readonly port: number | undefined
  /** undefined: it starts as fast as the cluster can */
  readonly startMs: number | undefined
  /** what it needs to start; with a lower limit the system ends it */
  readonly memoryBytes: number | undefined
  /** it ends by itself, having printed this */
  readonly crash: { readonly exitCode: number, readonly log: string } | undefined
  readonly listen: (env: Env) => RequestListener
}

const HEAD = '(HEAD responses have no body, use GET for details)'

/** The image registries of the world: which references exist, which need a pull secret, and what is in them. */
export class Registry {
  constructor (readonly programs: Readonly<Record<string, RequestListener>>, readonly slowStartMs: number | undefined) {}

  /** Knative's question for the digest of a tag: the digest, undefined where it does not ask, or its complaint. */
  resolve (image: string, hasSecret: boolean): { digest: string | undefined } | { error: string } {
    if (!this.#asked(image)) return { digest: undefined }
    const status = this.#status(image, hasSecret)
    if (status === 'found') return { digest: digestOf(image) }
    const { host, path, tag } = parse(image)
    const answer = status === 'denied' ? '401 Unauthorized' : '404 Not Found'
    return { error: `Unable to fetch image "${image}": failed to resolve image to digest: HEAD https://${host}/v2/${path}/manifests/${tag}: unexpected status code ${answer} ${HEAD}` }
  }

  /** The kubelet's pull: what is in the image, or containerd's complaint. */
  pull (image: string, hasSecret: boolean): Program | { error: string } {
    const status = this.#status(image, hasSecret)
    if (status === 'found') return this.#program(image)
    const code = status === 'denied' ? 'Unknown' : 'NotFound'
    const why = status === 'denied' ? 'unexpected status from HEAD request: 401 Unauthorized' : `${image}: not found`
    return { error: `rpc error: code = ${code} desc = failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${why}` }
  }

  /** Recorded: Knative asks no registry for a digest reference, nor for the names that local tools use. */
  #asked (image: string): boolean {
    return !image.includes('@') && !/^(dev|kind|ko)\.local\//.test(image)
  }

  #status (image: string, hasSecret: boolean): 'found' | 'denied' | 'missing' {
    if (image in this.programs) return 'found'
    const demo = demoImage(tagged(image))
    if (demo === undefined || demo.fault === 'missing') return 'missing'
    return demo.fault === 'denied' && !hasSecret ? 'denied' : 'found'
  }

  #program (image: string): Program {
    const own = this.programs[image]
    if (own !== undefined) return { port: undefined, startMs: undefined, memoryBytes: undefined, crash: undefined, listen: () => own }
    const demo = demoImage(tagged(image))
    if (demo === undefined) throw new Error(`no such image: ${image}`)
    return {
      port: demo.fault === 'otherport' ? OTHER_PORT : undefined,
      memoryBytes: demo.fault === 'hungry' ? HUNGRY_BYTES : undefined,
      startMs: demo.fault === 'slowstart' ? this.slowStartMs ?? SLOW_START_MS : undefined,
      crash: demo.fault === 'crash' ? { exitCode: CRASH_EXIT_CODE, log: `${CRASH_LOG}\n` } : undefined,
      listen: env => scrListener(demo, env)
    }
  }
}

/** `registry.demo/sr_hmeq_logreg@sha256:…`: the same for the same reference. */
export function digestOf (image: string): string {
  const { host, path } = parse(image)
  return `${host}/${path}@sha256:${createHash('sha256').update(image).digest('hex')}`
}

/** `name:tag@digest` names the image of the tag. */
const tagged = (image: string): string => image.replace(/(:[^@/]+)@.*$/, '$1')

/** Docker's defaults: no host means Docker Hub, no tag means latest. */
function parse (image: string): { host: string, path: string, tag: string } {
  const [, host = 'index.docker.io', path = image, tag = 'latest'] = /^(?:([^/]*[.:][^/]*|localhost)\/)?([^:@]+)(?::([^@]+))?/.exec(image) ?? []
  return { host, path: host === 'index.docker.io' && !path.includes('/') ? `library/${path}` : path, tag }
}
