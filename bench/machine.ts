import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'

/**
 * What is measured runs on the core of its own; stand-in, callers and the simulated cluster share
 * the others.
 */
export interface Pinning {
  /** Goes before a command that is measured. */
  readonly measured: readonly string[]
  /** In words, for the table. */
  readonly told: string
}

/**
 * Takes the first core away from this process and its children, where there is `taskset` and a
 * second core.
 */
export function pin (): Pinning {
  const cores = availableParallelism()
  if (cores < 2) return { measured: [], told: 'one core for all: nothing is pinned' }
  const { status } = spawnSync(
    'taskset',
    ['-a', '-c', '-p', `1-${cores - 1}`, String(process.pid)],
    { stdio: 'ignore' }
  )
  if (status !== 0) return { measured: [], told: 'no taskset here: nothing is pinned' }
  return {
    measured: ['taskset', '-c', '0'],
    told: `what is measured on core 0, stand-in and callers on ${cores === 2 ? 'core 1' : `cores 1-${cores - 1}`} (taskset)`
  }
}

/**
 * CPU time of a process with all its threads, or undefined where there is no /proc. The kernel
 * counts it in hundredths of a second.
 */
export function cpuSeconds (pid: number): number | undefined {
  const text = read(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

export interface Memory {
  readonly residentMiB: number
  readonly peakMiB: number
}

/** Resident memory of a process, now and at most; undefined where there is no /proc. */
export function memory (pid: number): Memory | undefined {
  const text = read(`/proc/${pid}/status`)
  if (text === undefined) return undefined
  const mebibytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024
  return { residentMiB: mebibytes('VmRSS'), peakMiB: mebibytes('VmHWM') }
}

/**
 * Also how busy it was before: on a machine with other work only ratios say something, and CPU
 * times more than rows a second.
 */
export function machine (): string {
  return `${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}, load ${loadavg()[0]!.toFixed(1)}`
}

function read (file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
