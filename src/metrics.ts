import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/** Values that are read when /metrics is asked for. */
export interface Gauges {
  /** Seconds since the cluster was last heard of. */
  readonly cacheAgeSeconds: () => number
  readonly rowsInFlight: () => number
  readonly spoolBytes: () => number
  /** The model of each upload that has not ended. */
  readonly uploads: () => Iterable<string>
  /** Counts the rows that were scored since the last time. */
  readonly countRows: () => void
}

interface Timed {
  readonly durationMs: number
}
interface RequestDone extends Timed {
  readonly method: string
  readonly route: string
  readonly status: number
}
interface ColdStart {
  readonly model: string
  readonly revision: string | undefined
}
interface ModelCall extends Timed {
  readonly model: string
  readonly revision: string | undefined
  readonly status: number | undefined
}
interface ClusterCall extends Timed {
  readonly verb: string
  readonly resource: string
  readonly status: number
}

/** The service's Prometheus metrics, all named scr_modelops_…, and those of the process. */
export function createMetrics () {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const requests = seconds('scr_modelops_request_seconds', 'answers of this service', [
    'method',
    'route',
    'status'
  ])
  let readRows = () => {}
  const rows = new Counter({
    name: 'scr_modelops_rows_total',
    help: 'rows scored, by outcome: ok, failed; while their file goes on',
    labelNames: ['model', 'outcome'],
    registers,
    collect: () => readRows()
  })
  const modelCalls = seconds(
    'scr_modelops_model_call_seconds',
    'calls to models; status is "none" where no answer came',
    ['model', 'revision', 'status']
  )
  const coldStarts = seconds(
    'scr_modelops_cold_start_seconds',
    'first rows of models that slept, until their answer',
    ['model', 'revision']
  )
  const decisions = new Counter({
    name: 'scr_modelops_access_decisions_total',
    help: 'who callers are (token) and what they may do (right): asked for, fresh from memory, or held since nobody could be asked',
    labelNames: ['decision', 'source'],
    registers
  })
  const clusterCalls = seconds(
    'scr_modelops_kubernetes_call_seconds',
    'calls to the Kubernetes API',
    ['verb', 'resource', 'status']
  )

  return {
    registry,
    watch ({ cacheAgeSeconds, rowsInFlight, spoolBytes, uploads, countRows }: Gauges): void {
      readRows = countRows
      gauge(
        'scr_modelops_cache_age_seconds',
        'since the cluster was last heard of',
        cacheAgeSeconds
      )
      gauge('scr_modelops_rows_in_flight', 'rows that models are working on', rowsInFlight)
      gauge('scr_modelops_spool_bytes', 'disk used by answers that wait', spoolBytes)
      registry.registerMetric(
        new Gauge({
          name: 'scr_modelops_uploads',
          help: 'files that are coming in to be scored or compared, by model',
          labelNames: ['model'],
          registers: [],
          collect () {
            this.reset()
            for (const model of uploads()) this.inc({ model })
          }
        })
      )
    },
    recordRequest ({ method, route, status, durationMs }: RequestDone): void {
      requests.observe({ method, route, status }, durationMs / 1000)
    },
    recordScored ({
      model,
      rows: all,
      failed
    }: {
      readonly model: string
      readonly rows: number
      readonly failed: number
    }): void {
      rows.inc({ model, outcome: 'ok' }, all - failed)
      rows.inc({ model, outcome: 'failed' }, failed)
    },
    recordModelCall ({ model, revision, status, durationMs }: ModelCall): void {
      modelCalls.observe(
        { model, revision: revision ?? '', status: status ?? 'none' },
        durationMs / 1000
      )
    },
    recordColdStart ({ model, revision }: ColdStart, durationMs: number): void {
      coldStarts.observe({ model, revision: revision ?? '' }, durationMs / 1000)
    },
    recordDecision (decision: 'token' | 'right', source: 'asked' | 'fresh' | 'held'): void {
      decisions.inc({ decision, source })
    },
    recordClusterCall ({ verb, resource, status, durationMs }: ClusterCall): void {
      clusterCalls.observe(
        { verb, resource, status: status === 0 ? 'none' : status },
        durationMs / 1000
      )
    }
  }

  function seconds<Label extends string> (
    name: string,
    help: string,
    labelNames: Label[]
  ): Histogram<Label> {
    return new Histogram({ name, help, labelNames, buckets: SECONDS, registers })
  }

  function gauge (name: string, help: string, read: () => number): void {
    registers[0]!.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect () {
          this.set(read())
        }
      })
    )
  }
}

export type Metrics = ReturnType<typeof createMetrics>
