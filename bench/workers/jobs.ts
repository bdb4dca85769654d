/** In a program started by `startWorker`: does the jobs its parent sends, one after the other. */
export function takeJobs<Job, Result> (work: (job: Job) => Promise<Result>): void {
  process.on('message', (job: Job) => {
    work(job).then(
      result => process.send!({ result }),
      (error: Error) => process.send!({ error: error.stack ?? String(error) })
    )
  })
  process.once('disconnect', () => process.exit(0))
  process.send!({ listening: 0 })
}

/** What every job tells of itself. */
export interface Timed {
  readonly rows: number
  readonly seconds: number
  /** CPU time of the worker, user and system. */
  readonly cpuSeconds: number
}

/** Times `work`. */
export async function timed (rows: number, work: () => Promise<void>): Promise<Timed> {
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  await work()
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { rows, seconds, cpuSeconds: (user + system) / 1e6 }
}
