import { once, setMaxListeners } from 'node:events'
import { PassThrough } from 'node:stream'
import { follower } from '../../../async/follower.js'
import { pause } from '../../../async/pause.js'
import type { Pod } from '../api/kube-objects.js'
import { containerStatusOf } from './pod-reading.js'

/** Pods are also checked without a change: an interrupted log shows by nothing else. */
const CHECK_MS = 2_000
/**
 * The cluster says that a container ended within about a second of its log's end. When the
 * container still runs after this time, its log was cut off.
 */
const CUT_OFF_MS = 5_000
/**
 * The kubelet writes this in place of a log whose file is not there, e.g. while the container
 * starts.
 */
const KUBELET_HAS_NONE = 'unable to retrieve container logs for '
const FOLLOW_MAX_MS = 3_600_000
const BUFFERED_LINES = 64

export interface FollowedLogs {
  /** The pods to follow now; undefined once there is nothing to follow any more. */
  readonly listPods: (signal: AbortSignal) => Promise<readonly Pod[] | undefined>
  /** Resolves when the pods may have changed. */
  readonly awaitChange: () => Promise<void>
  /** `tail` undefined: all lines. */
  readonly open: (
    pod: Pod,
    tail: number | undefined,
    signal: AbortSignal
  ) => Promise<AsyncIterable<string> | undefined>
  /** Logs that are open already. */
  readonly begun: ReadonlyMap<Pod, AsyncIterable<string>>
}

/** One run of a pod's container. After a restart it is another one, with a log of its own. */
interface Instance {
  readonly restarts: number
  lines: number
  endedAt: number | undefined
}

/**
 * The lines of all the pods as they come, until there is nothing to follow, an hour has passed or
 * the signal fires.
 */
export async function * followLogs (
  { listPods, awaitChange, open, begun }: FollowedLogs,
  signal: AbortSignal
): AsyncGenerator<string> {
  const stop = follower(signal)
  const either = stop.signal
  const merged = new PassThrough({ objectMode: true, highWaterMark: BUFFERED_LINES })
  setMaxListeners(0, merged, either)
  const instances = new Map<string, Instance>()
  const endAt = performance.now() + FOLLOW_MAX_MS

  async function write (line: string): Promise<void> {
    if (!merged.write(line)) await once(merged, 'drain', { signal: either })
  }

  async function copyLines (instance: Instance, lines: AsyncIterable<string>): Promise<void> {
    try {
      for await (const line of lines) {
        await write(line)
        if (!line.startsWith(KUBELET_HAS_NONE)) instance.lines++
      }
    } catch (error) {
      // otherwise the connection broke, which shows when the container goes on
      either.throwIfAborted()
    }
    instance.endedAt = performance.now()
  }

  function start (pod: Pod, lines: AsyncIterable<string>): void {
    const instance = { restarts: restartsOf(pod), lines: 0, endedAt: undefined }
    instances.set(pod.metadata.name, instance)
    copyLines(instance, lines).catch((error: unknown) => {
      merged.destroy(error as Error)
    })
  }

  async function checkPod (pod: Pod): Promise<void> {
    const before = instances.get(pod.metadata.name)
    const isNew = before === undefined || before.restarts < restartsOf(pod)
    const isCutOff =
      !isNew &&
      before.endedAt !== undefined &&
      performance.now() - before.endedAt > CUT_OFF_MS &&
      isRunning(pod)
    if (!isNew && !isCutOff) return
    const someMissing = isCutOff && before.lines > 0
    const lines = await open(pod, someMissing ? 0 : undefined, either)
    if (lines === undefined) return
    if (someMissing) {
      await write(`-- the log of ${pod.metadata.name} was interrupted: lines may be missing here\n`)
    }
    start(pod, lines)
  }

  async function run (): Promise<void> {
    for (const [pod, lines] of begun) start(pod, lines)
    while (performance.now() < endAt) {
      const now = await listPods(either)
      if (now === undefined) return
      for (const pod of now) await checkPod(pod)
      await Promise.race([awaitChange(), pause(CHECK_MS, either)])
    }
    await write('-- a log is followed for an hour at most: ask again to go on\n')
  }

  run().then(
    () => merged.end(),
    (error: unknown) => {
      merged.destroy(error as Error)
    }
  )
  try {
    for await (const line of merged) yield line as string
    signal.throwIfAborted()
  } finally {
    stop.abort(new Error('the log is no longer read'))
    merged.destroy()
  }
}

function restartsOf (pod: Pod): number {
  return containerStatusOf(pod)?.restartCount ?? 0
}

function isRunning (pod: Pod): boolean {
  const { waiting, terminated } = containerStatusOf(pod)?.state ?? {}
  return containerStatusOf(pod) !== undefined && waiting === undefined && terminated === undefined
}
