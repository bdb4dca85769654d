import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/** What is read when /metrics is asked for. */
export interface Gauges {
  /** Seconds since the cluster was last heard of. */
  readonly cacheAgeSeconds: () => number
  readonly rowsInFlight: () => number
  readonly spoolBytes: () => number
}

/** The service's Prometheus metrics, all named scr_modelops_…, and those of the process. */
export function createMetrics () {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const requests = new Histogram({ name: 'scr_modelops_request_seconds', help: 'answers of this service', labelNames: ['method', 'route', 'status'], buckets: SECONDS, registers })
  const rows = new Counter({ name: 'scr_modelops_rows_total', help: 'rows scored, by outcome: ok, failed', labelNames: ['model', 'outcome'], registers })
  const modelCalls = new Histogram({ name: 'scr_modelops_model_call_seconds', help: 'calls to models; status is "none" where no answer came', labelNames: ['model', 'revision', 'status'], buckets: SECONDS, registers })
  const clusterCalls = new Histogram({ name: 'scr_modelops_kubernetes_call_seconds', help: 'calls to the Kubernetes API', labelNames: ['verb', 'resource', 'status'], buckets: SECONDS, registers })

  return {
    registry,
    watch ({ cacheAgeSeconds, rowsInFlight, spoolBytes }: Gauges): void {
      gauge('scr_modelops_cache_age_seconds', 'since the cluster was last heard of', cacheAgeSeconds)
      gauge('scr_modelops_rows_in_flight', 'rows that models are working on', rowsInFlight)
      gauge('scr_modelops_spool_bytes', 'disk used by answers that wait', spoolBytes)
    },
    requestDone ({ method, route, status, durationMs }: { readonly method: string, readonly route: string, readonly status: number, readonly durationMs: number }): void {
      requests.observe({ method, route, status }, durationMs / 1000)
    },
    scored ({ model, rows: all, failed }: { readonly model: string, readonly rows: number, readonly failed: number }): void {
      rows.inc({ model, outcome: 'ok' }, all - failed)
      rows.inc({ model, outcome: 'failed' }, failed)
    },
    modelCalled ({ model, revision, status, durationMs }: { readonly model: string, readonly revision: string | undefined, readonly status: number | undefined, readonly durationMs: number }): void {
      modelCalls.observe({ model, revision: revision ?? '', status: status ?? 'none' }, durationMs / 1000)
    },
    clusterCalled ({ verb, resource, status, durationMs }: { readonly verb: string, readonly resource: string, readonly status: number | undefined, readonly durationMs: number }): void {
      clusterCalls.observe({ verb, resource, status: status ?? 'none' }, durationMs / 1000)
    }
  }

  function gauge (name: string, help: string, read: () => number): void {
    registers[0]!.registerMetric(new Gauge({ name, help, registers: [], collect () { this.set(read()) } }))
  }
}

export type Metrics = ReturnType<typeof createMetrics>
