import { cpuSeconds, pin, type Pinning } from './machine.js'
import { Program, startWorker, type Worker } from './program.js'
import { openCluster, startService, type Cluster, type Service } from './service.js'
import type { BareJob } from './workers/bare-loop.js'
import type { CsvJob, CsvResult } from './workers/csv-caller.js'
import type { Timed } from './workers/jobs.js'

/**
 * What all local measurements need: the stand-in, the service on a simulated Kubernetes API, and a
 * caller.
 */
export interface World {
  readonly pinning: Pinning
  readonly standIn: StandIn
  readonly cluster: Cluster
  readonly service: Service
  readonly caller: Worker<CsvJob, CsvResult>
  readonly bare: Worker<BareJob, Timed>
}

export interface StandIn {
  readonly port: number
  readonly url: string
  readonly pid: number
}

export async function openWorld (): Promise<World> {
  const pinning = pin()
  const standIn = await startStandIn()
  const cluster = await openCluster()
  return {
    pinning,
    standIn,
    cluster,
    service: await startService(cluster, standIn.url, pinning.measured),
    caller: await startWorker<CsvJob, CsvResult>('csv-caller.js'),
    bare: await startWorker<BareJob, Timed>('bare-loop.js', { prefix: pinning.measured })
  }
}

async function startStandIn (): Promise<StandIn> {
  const program = Program.start('bench/stand-in.js', { args: ['0'] })
  const message = await program.next()
  const port = 'listening' in message ? message.listening : 0
  return { port, url: `http://127.0.0.1:${port}`, pid: program.pid }
}

/** A time-taking with what other processes spent during it. */
export interface Taken extends Timed {
  /** Share of one core that the stand-in was busy with, 0 to 1; 0 where there is no /proc. */
  readonly standInBusy: number
}

/** `measured`: the process that does the work, where it is not the one that took the time. */
export async function takeTime (
  standIn: StandIn,
  work: () => Promise<Timed>,
  measured?: number
): Promise<Taken> {
  const before = [standIn.pid, measured ?? standIn.pid].map(pid => cpuSeconds(pid) ?? 0)
  const taken = await work()
  const [standInCpu = 0, measuredCpu = 0] = [standIn.pid, measured ?? standIn.pid].map(
    (pid, index) => (cpuSeconds(pid) ?? 0) - before[index]!
  )
  return {
    ...taken,
    cpuSeconds: measured === undefined ? taken.cpuSeconds : measuredCpu,
    standInBusy: standInCpu / taken.seconds
  }
}
