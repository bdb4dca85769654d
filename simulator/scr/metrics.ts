const bucketSeconds = [0.001, 0.005, 0.01, 0.1, 1]

/**
 * Counts the executions of one container in a histogram, with a few gauges beside it. The names are
 * those of SCR.
 */
export function createMetrics (module: string) {
  const counts = bucketSeconds.map(() => 0)
  let calls = 0
  let sum = 0
  return {
    observe (seconds: number): void {
      calls++
      sum += seconds
      for (const [index, limit] of bucketSeconds.entries()) if (seconds <= limit) counts[index]!++
    },

    /** Writes the metrics in Prometheus' text format. */
    toText (): string {
      const name = 'scr_module_execution_seconds'
      const bucket = (limit: number | string, count: number) =>
        `${name}_bucket{module="${module}",le="${limit}"} ${count}`
      return [
        `# TYPE ${name} histogram`,
        ...bucketSeconds.map((limit, index) => bucket(limit, counts[index]!)),
        bucket('+Inf', calls),
        `${name}_sum{module="${module}"} ${sum}`,
        `${name}_count{module="${module}"} ${calls}`,
        '# TYPE scr_num_active gauge',
        'scr_num_active 0',
        '# TYPE scr_num_idle gauge',
        'scr_num_idle 1',
        '# TYPE scr_memory_used_bytes gauge',
        `scr_memory_used_bytes ${process.memoryUsage.rss()}`,
        ''
      ].join('\n')
    }
  }
}
