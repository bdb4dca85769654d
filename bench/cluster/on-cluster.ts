import { machine } from '../machine.js'
import type { Options } from '../options.js'
import { atLeast, atMost, table, whole, type Verdict } from '../report.js'
import type { Results } from '../local.js'
import type { Worker } from '../program.js'
import type { BareJob } from '../workers/bare-loop.js'
import type { CsvJob, CsvResult } from '../workers/csv-caller.js'
import type { HttpJob, HttpResult } from '../workers/http-caller.js'
import type { Timed } from '../workers/jobs.js'
import { APP, dataPath, type DataPath, type Way } from './data-path.js'
import { growing, type Growing } from './growing.js'
import { makeImages, STAND_IN_IMAGE } from './images.js'
import { createDefault, install, SERVICE_URL, uninstall } from './install.js'
import { kitFolder, startInside } from './kit.js'

/** What a row takes in the model while pods are added, so that more than one pod is wanted. */
const GROWING_APP = 'c12l5'
/** As long as three pods need to come and ten seconds to pass, and a good while more. */
const GROWING_SECONDS = 60
/** Lines of the table; all samples are in the JSON. */
const SAMPLES_SHOWN = 20

/**
 * The parts that need a real cluster: bare calls by a route against the deployed service, and pods
 * that come while a file is scored.
 */
export async function onCluster (options: Options): Promise<Results> {
  kitFolder()
  const about = `${machine()}; cluster, models, service and callers share all cores`
  console.log(`${about}\n`)
  await uninstall()
  try {
    console.log('Images, service and models …')
    await makeImages()
    await Promise.all([install(), createDefault()])
    const http = await startInside<HttpJob, HttpResult>('http-caller.js')
    const csv = await startInside<CsvJob, CsvResult>('csv-caller.js')
    await Promise.all([
      put(http, 'bench-model', { appPath: APP, scaling: { maxScale: 1 } }),
      put(http, 'bench-growing', {
        appPath: GROWING_APP,
        scaling: { maxScale: 3, target: 5, window: '6s' }
      })
    ])
    const bare = await startInside<BareJob, Timed>('bare-loop.js')
    const path = await dataPath({ bare, csv }, options.rows, options.rounds)
    console.log(`\n${pathTable(path)}\n`)
    const grown = await growing(
      csv,
      http,
      whole10(Math.min(path.byService.rowsPerSecond.median, 3_000) * GROWING_SECONDS)
    )
    console.log(`${growingTable(grown)}\n`)
    return {
      about,
      date: new Date().toISOString(),
      dataPath: path,
      growing: grown,
      verdicts: verdictsOf(path, grown)
    }
  } finally {
    await uninstall()
  }
}

function whole10 (rows: number): number {
  return Math.ceil(rows / 10) * 10
}

function verdictsOf (path: DataPath, grown: Growing): Verdict[] {
  const fewest = Math.min(...Object.values(grown.rowsByPod))
  return [
    atLeast(
      'CSV by the service / bare calls by the route',
      path.byService.rowsPerSecond.median / path.byRoute.rowsPerSecond.median,
      1.8
    ),
    {
      what: 'pods at most, 0 -> 1 -> 3',
      seen: grown.podsMost,
      target: '3',
      met: grown.podsMost === 3
    },
    atMost(
      'calls by the activator from 10 s after the first pod on',
      grown.activatedShare * 100,
      5,
      ' %'
    ),
    { what: 'rows of the pod that got fewest', seen: fewest, target: '> 0', met: fewest > 0 }
  ]
}

function pathTable ({ byRoute, byService }: DataPath): string {
  const rates = table(
    ['32 in flight; the service as it is by default', 'rows/s', 'lowest', 'highest'],
    [byRoute, byService].map(({ name, rowsPerSecond: { median, min, max } }) => [
      name,
      whole(median),
      whole(min),
      whole(max)
    ])
  )
  const names = [
    ...new Set(
      [byRoute, byService].flatMap(({ cpuMicroseconds }) => Object.keys(cpuMicroseconds))
    )
  ]
  const cell = ({ cpuMicroseconds }: Way, name: string) => (cpuMicroseconds[name] ?? 0).toFixed(1)
  const cpu = table(
    ['CPU time, us a row', 'by the route', 'by the service'],
    names.map(name => [name, cell(byRoute, name), cell(byService, name)])
  )
  return `${rates}\n\n${cpu}`
}

function growingTable ({ samples }: Growing): string {
  const names = Object.keys(samples.at(-1)!.rows)
  const every = Math.ceil(samples.length / SAMPLES_SHOWN)
  const shown = samples.filter((_, index) => index % every === 0 || index === samples.length - 1)
  return table(
    [
      'seconds',
      'pods ready',
      'by the activator',
      ...names.map((_, index) => `rows of pod ${index + 1}`)
    ],
    shown.map(sample => [
      sample.atSeconds.toFixed(1),
      String(sample.podsReady),
      whole(sample.activated),
      ...names.map(name => whole(sample.rows[name] ?? 0))
    ])
  )
}

async function put (
  http: Worker<HttpJob, HttpResult>,
  name: string,
  fields: object
): Promise<void> {
  const url = `${SERVICE_URL}/models/${name}?wait=120`
  const { status, text } = await http.run({
    url,
    method: 'PUT',
    json: { image: STAND_IN_IMAGE, ...fields }
  })
  if (status !== 201 && status !== 200) throw new Error(`PUT ${url}: ${status} ${text}`)
}
