import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from '../program.js'
import type { CsvJob, CsvResult } from '../workers/csv-caller.js'
import type { HttpJob, HttpResult } from '../workers/http-caller.js'
import { SERVICE_URL } from './install.js'
import { isReady, NAMESPACE, pods } from './kit.js'

const MODEL = 'bench-growing'
const COLUMNS = 12
const ASLEEP_SECONDS = 120
const EVERY_MS = 1_000
/** After the first pod is ready: from here on calls should go to pods. */
const WARM_UP_SECONDS = 10

/** Counters at one moment of the upload. */
interface Sample {
  readonly atSeconds: number
  readonly podsReady: number
  /** Scored so far by each pod, as it counts itself. */
  readonly rows: Readonly<Record<string, number>>
  /** Requests for the model that the activator has passed on so far, by its own metrics. */
  readonly activated: number
}

export interface Growing {
  readonly rows: number
  readonly seconds: number
  readonly podsMost: number
  readonly rowsByPod: Readonly<Record<string, number>>
  /**
   * Of the calls since ten seconds after the first pod was ready, the share that passed the
   * activator.
   */
  readonly activatedShare: number
  readonly samples: readonly Sample[]
}

/** Scores one long file from no pod on, while the platform goes to one pod and then three. */
export async function growing (
  csv: Worker<CsvJob, CsvResult>,
  http: Worker<HttpJob, HttpResult>,
  rows: number
): Promise<Growing> {
  await asleep()
  const revision = await revisionOf(http)
  const samples: Sample[] = []
  const startedAt = performance.now()
  const upload = { over: false }
  const scored = csv
    .run({ url: `${SERVICE_URL}/models/${MODEL}/score`, columns: COLUMNS, rows })
    .finally(() => {
      upload.over = true
    })
  scored.catch(() => {})
  do {
    samples.push(
      await sample(
        http,
        revision,
        samples.at(-1)?.rows ?? {},
        (performance.now() - startedAt) / 1000
      )
    )
    await sleep(EVERY_MS)
  } while (!upload.over)
  const { seconds } = await scored
  samples.push(
    await sample(http, revision, samples.at(-1)?.rows ?? {}, (performance.now() - startedAt) / 1000)
  )
  return summary(samples, rows, seconds)
}

function summary (samples: readonly Sample[], rows: number, seconds: number): Growing {
  const last = samples.at(-1)!
  const first = samples.find(({ podsReady }) => podsReady > 0)
  const warm = samples.find(
    ({ atSeconds }) => first !== undefined && atSeconds >= first.atSeconds + WARM_UP_SECONDS
  )
  if (warm === undefined) {
    throw new Error('the upload was over before it was warm: give it more rows')
  }
  const scored = total(last.rows) - total(warm.rows)
  if (scored === 0) {
    throw new Error('no row was scored after the warm-up: give the upload more rows')
  }
  return {
    rows,
    seconds,
    podsMost: Math.max(...samples.map(({ podsReady }) => podsReady)),
    rowsByPod: last.rows,
    activatedShare: (last.activated - warm.activated) / scored,
    samples
  }
}

function total (rows: Readonly<Record<string, number>>): number {
  return Object.values(rows).reduce((sum, count) => sum + count, 0)
}

/** `rows`: the counts seen before, which is what a pod that has gone keeps. */
async function sample (
  http: Worker<HttpJob, HttpResult>,
  revision: string,
  rows: Sample['rows'],
  atSeconds: number
): Promise<Sample> {
  const [models, [activator]] = await Promise.all([
    pods(['-n', NAMESPACE, '-l', `serving.knative.dev/service=${MODEL}`]),
    pods(['-n', 'knative-serving', '-l', 'app=activator'])
  ])
  const counted = { ...rows }
  for (const {
    metadata: { name },
    status: { podIP }
  } of models) {
    // a pod that does not listen yet, or is ending, does not answer
    const answer =
      podIP === undefined
        ? undefined
        : await http.run({ url: `http://${podIP}:8080/rows` }).catch(() => undefined)
    if (answer?.status === 200) counted[name] = (JSON.parse(answer.text) as { rows: number }).rows
    else counted[name] ??= 0
  }
  const { text } = await http.run({ url: `http://${activator?.status.podIP}:9090/metrics` })
  return {
    atSeconds,
    podsReady: models.filter(isReady).length,
    rows: counted,
    activated: requestsIn(text, revision)
  }
}

/** Adds up `activator_request_count` of the revision over all status codes. */
function requestsIn (metrics: string, revision: string): number {
  return metrics
    .split('\n')
    .filter(
      line =>
        line.startsWith('activator_request_count{') && line.includes(`revision_name="${revision}"`)
    )
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

async function revisionOf (http: Worker<HttpJob, HttpResult>): Promise<string> {
  const { status, text } = await http.run({ url: `${SERVICE_URL}/models/${MODEL}/traffic` })
  const revision =
    status === 200
      ? (JSON.parse(text) as { traffic: Array<{ revision: string }> }).traffic[0]?.revision
      : undefined
  if (revision === undefined) throw new Error(`${MODEL} has no traffic: ${status} ${text}`)
  return revision
}

async function asleep (): Promise<void> {
  const deadline = Date.now() + ASLEEP_SECONDS * 1000
  while (true) {
    const left = await pods(['-n', NAMESPACE, '-l', `serving.knative.dev/service=${MODEL}`])
    if (left.length === 0) return
    if (Date.now() > deadline) {
      throw new Error(
        `${MODEL} does not go to sleep; its pods: ${left.map(({ metadata }) => metadata.name).join(', ')}`
      )
    }
    await sleep(500)
  }
}
