// Single requests from where this program runs: inside the cluster's network, whose names and pods
// the benchmark itself can't reach.
import { takeJobs } from './jobs.js'

export interface HttpJob {
  readonly url: string
  readonly method?: string
  readonly json?: unknown
}

export interface HttpResult {
  readonly status: number
  readonly text: string
}

takeJobs<HttpJob, HttpResult>(async ({ url, method = 'GET', json }) => {
  const body =
    json === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }
  const response = await fetch(url, { method, ...body, signal: AbortSignal.timeout(130_000) })
  return { status: response.status, text: await response.text() }
})
