import { createHash } from 'node:crypto'
import type { RequestListener } from 'node:http'
import {
  CRASH_EXIT_CODE,
  CRASH_LOG,
  HUNGRY_BYTES,
  OTHER_PORT,
  SLOW_START_MS
} from '../../scr/faults.js'
import { demoImage } from '../../scr/images.js'
import { scrListener } from '../../scr/scr-server.js'

export type Env = Readonly<Record<string, string>>

/** The program that runs in a container once its image has been pulled. */
export interface Program {
  /** the port on which it listens; undefined: the port that it is given */
  readonly port: number | undefined
  /** the time that it takes to start; undefined: as little as the cluster allows */
  readonly startMs: number | undefined
  /** the memory that it needs to start; with a lower limit the system kills it */
  readonly memoryBytes: number | undefined
  /** it prints this log and ends by itself; undefined: it keeps running */
  readonly crash: { readonly exitCode: number; readonly log: string } | undefined
  readonly listen: (env: Env) => RequestListener
}

const HEAD = '(HEAD responses have no body, use GET for details)'

/**
 * All image registries in one. It knows which references exist, which need a pull secret, and what
 * each image holds.
 */
export class Registry {
  /** References that were published again, each with the reference whose content it now has. */
  readonly #published = new Map<string, string>()
  /** Resolved digests, each with the reference whose content it names for ever. */
  readonly #digests = new Map<string, string>()

  constructor (
    readonly programs: Readonly<Record<string, RequestListener>>,
    readonly slowStartMs: number | undefined
  ) {}

  /**
   * Gives `image` the content that `as` has now. A digest that was resolved before still names the
   * earlier content.
   */
  publish (image: string, as: string): void {
    this.#published.set(image, this.#contentOf(as))
  }

  #contentOf (image: string): string {
    return this.#digests.get(image) ?? this.#published.get(image) ?? image
  }

  /**
   * Looks up the digest of a tag for Knative. Returns the digest, undefined for a registry that
   * Knative does not ask, or Knative's error message.
   */
  resolve (image: string, hasSecret: boolean): { digest: string | undefined } | { error: string } {
    if (image.includes('@')) return { digest: image } // Knative takes it as it is (recorded)
    if (!this.#isAsked(image)) return { digest: undefined }
    const content = this.#contentOf(image)
    const status = this.#lookUp(content, hasSecret)
    if (status === 'found') {
      const digest = digestOf(content)
      this.#digests.set(digest, content)
      return { digest }
    }
    const { host, path, tag } = parseReference(image)
    const answer = status === 'denied' ? '401 Unauthorized' : '404 Not Found'
    return {
      error: `Unable to fetch image "${image}": failed to resolve image to digest: HEAD https://${host}/v2/${path}/manifests/${tag}: unexpected status code ${answer} ${HEAD}`
    }
  }

  /** Pulls an image for the kubelet. Returns its program, or containerd's error message. */
  pull (image: string, hasSecret: boolean): Program | { error: string } {
    const content = this.#contentOf(image)
    const status = this.#lookUp(content, hasSecret)
    if (status === 'found') return this.#programOf(content)
    const code = status === 'denied' ? 'Unknown' : 'NotFound'
    const why =
      status === 'denied'
        ? 'unexpected status from HEAD request: 401 Unauthorized'
        : `${image}: not found`
    return {
      error: `rpc error: code = ${code} desc = failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${why}`
    }
  }

  /** Whether Knative asks the registry. It does not for the names of local tools (recorded). */
  #isAsked (image: string): boolean {
    return !/^(dev|kind|ko)\.local\//.test(image)
  }

  #lookUp (image: string, hasSecret: boolean): 'found' | 'denied' | 'missing' {
    if (image in this.programs) return 'found'
    const demo = demoImage(dropDigest(image))
    if (demo === undefined || demo.fault === 'missing') return 'missing'
    return demo.fault === 'denied' && !hasSecret ? 'denied' : 'found'
  }

  #programOf (image: string): Program {
    const own = this.programs[image]
    if (own !== undefined) {
      return {
        port: undefined,
        startMs: undefined,
        memoryBytes: undefined,
        crash: undefined,
        listen: () => own
      }
    }
    const demo = demoImage(dropDigest(image))
    if (demo === undefined) throw new Error(`no such image: ${image}`)
    return {
      port: demo.fault === 'otherport' ? OTHER_PORT : undefined,
      memoryBytes: demo.fault === 'hungry' ? HUNGRY_BYTES : undefined,
      startMs: demo.fault === 'slowstart' ? (this.slowStartMs ?? SLOW_START_MS) : undefined,
      crash:
        demo.fault === 'crash' ? { exitCode: CRASH_EXIT_CODE, log: `${CRASH_LOG}\n` } : undefined,
      listen: env => scrListener(demo, env)
    }
  }
}

/**
 * Makes a digest such as `registry.demo/sr_hmeq_logreg@sha256:…`. The same reference always gets
 * the same digest.
 */
export function digestOf (image: string): string {
  const { host, path } = parseReference(image)
  const [, digest] = image.split('@')
  if (digest !== undefined) return `${host}/${path}@${digest}`
  return `${host}/${path}@sha256:${createHash('sha256').update(image).digest('hex')}`
}

/** Drops the digest of `name:tag@digest`, so that the tag names the demo image. */
const dropDigest = (image: string): string => image.replace(/(:[^@/]+)@.*$/, '$1')

/** Parses a reference with Docker's defaults: no host means Docker Hub, no tag means latest. */
function parseReference (image: string): { host: string; path: string; tag: string } {
  const [, host = 'index.docker.io', path = image, tag = 'latest'] =
    /^(?:([^/]*[.:][^/]*|localhost)\/)?([^:@]+)(?::([^@]+))?/.exec(image) ?? []
  return {
    host,
    path: host === 'index.docker.io' && !path.includes('/') ? `library/${path}` : path,
    tag
  }
}
