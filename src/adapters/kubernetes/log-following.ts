import { once, setMaxListeners } from 'node:events'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pod } from './kube-objects.js'
import { modelStatus } from './pod-reading.js'

/** Looks again also without a change: an interrupted log shows by nothing else. */
const RELOOK_MS = 2_000
/** The cluster says that a container ended within about a second of its log's end; one that still runs later was cut off. */
const CUT_OFF_MS = 5_000
/** The kubelet's words in place of a log whose file is not there, e.g. when it is asked for while the container starts. */
const KUBELET_HAS_NONE = 'unable to retrieve container logs for '
const FOLLOW_MAX_MS = 3_600_000
const BUFFERED_LINES = 64

export interface Following {
  /** The pods to follow now; undefined once there is nothing to follow any more. */
  readonly pods: (signal: AbortSignal) => Promise<readonly Pod[] | undefined>
  /** Resolves when they may have changed. */
  readonly changed: () => Promise<void>
  /** `tail` undefined: all lines. */
  readonly open: (pod: Pod, tail: number | undefined, signal: AbortSignal) => Promise<AsyncIterable<string> | undefined>
  /** Logs that are open already. */
  readonly begun: ReadonlyMap<Pod, AsyncIterable<string>>
}

/** One life of a pod's container: after a restart it is another one, with a log of its own. */
interface Instance { readonly restarts: number, lines: number, endedAt: number | undefined }

/** The lines of all the pods as they come, until there is nothing to follow, an hour has passed or the signal fires. */
export async function * followed ({ pods, changed, open, begun }: Following, signal: AbortSignal): AsyncGenerator<string> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const merged = new PassThrough({ objectMode: true, highWaterMark: BUFFERED_LINES })
  setMaxListeners(0, merged, either)
  const instances = new Map<string, Instance>()
  const endAt = performance.now() + FOLLOW_MAX_MS

  async function put (line: string): Promise<void> {
    if (!merged.write(line)) await once(merged, 'drain', { signal: either })
  }

  async function pump (instance: Instance, lines: AsyncIterable<string>): Promise<void> {
    try {
      for await (const line of lines) {
        await put(line)
        if (!line.startsWith(KUBELET_HAS_NONE)) instance.lines++
      }
    } catch (error) {
      either.throwIfAborted() // otherwise the connection broke, which shows when the container goes on
    }
    instance.endedAt = performance.now()
  }

  function begin (pod: Pod, lines: AsyncIterable<string>): void {
    const instance = { restarts: restartsOf(pod), lines: 0, endedAt: undefined }
    instances.set(pod.metadata.name, instance)
    pump(instance, lines).catch((error: unknown) => { merged.destroy(error as Error) })
  }

  async function look (pod: Pod): Promise<void> {
    const before = instances.get(pod.metadata.name)
    const isNew = before === undefined || before.restarts < restartsOf(pod)
    const isCutOff = !isNew && before.endedAt !== undefined && performance.now() - before.endedAt > CUT_OFF_MS && isRunning(pod)
    if (!isNew && !isCutOff) return
    const someMissing = isCutOff && before.lines > 0
    const lines = await open(pod, someMissing ? 0 : undefined, either)
    if (lines === undefined) return
    if (someMissing) await put(`-- the log of ${pod.metadata.name} was interrupted: lines may be missing here\n`)
    begin(pod, lines)
  }

  async function run (): Promise<void> {
    for (const [pod, lines] of begun) begin(pod, lines)
    while (performance.now() < endAt) {
      const now = await pods(either)
      if (now === undefined) return
      for (const pod of now) await look(pod)
      await Promise.race([changed(), sleep(RELOOK_MS, undefined, { signal: either })])
    }
    await put('-- a log is followed for an hour at most: ask again to go on\n')
  }

  run().then(() => merged.end(), (error: unknown) => { merged.destroy(error as Error) })
  try {
    for await (const line of merged) yield line as string
    signal.throwIfAborted()
  } finally {
    stop.abort(new Error('the log is no longer read'))
    merged.destroy()
  }
}

function restartsOf (pod: Pod): number {
  return modelStatus(pod)?.restartCount ?? 0
}

function isRunning (pod: Pod): boolean {
  const { waiting, terminated } = modelStatus(pod)?.state ?? {}
  return modelStatus(pod) !== undefined && waiting === undefined && terminated === undefined
}
