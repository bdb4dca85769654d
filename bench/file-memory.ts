import { memory } from './machine.js'
import { atMost, table, whole, type Verdict } from './report.js'
import { deploy, startService } from './service.js'
import type { World } from './bench-world.js'

const SMALL_MB = 10
const COLUMNS = 12
/** A carried column fills the lines up, so that a gigabyte is about a million rows. */
const NOTE_BYTES = 900
const LINE_BYTES = 1_000
const SAMPLE_MS = 250

/** How the file is scored; as it is usually, where nothing is said. */
interface Way {
  readonly name: string
  readonly megabytes: number
  readonly modelLatencyMs?: number
  readonly readBytesPerSecond?: number
}

interface Peak {
  readonly name: string
  readonly megabytes: number
  readonly rows: number
  readonly seconds: number
  /**
   * As the kernel kept it, and as seen four times a second: now and then, in the middle, at the
   * end.
   */
  readonly peakMiB: number
  readonly medianMiB: number
  readonly lastMiB: number
}

/**
 * Resident memory of the service while it scores a small file and a large one in several ways, each
 * by a process of its own.
 */
export async function fileMemory (
  world: World,
  largeMb: number
): Promise<{ peaks: Peak[]; refusal: string; verdicts: Verdict[] }> {
  const small = await peakOf(world, { name: 'a small file', megabytes: SMALL_MB })
  const large: Peak[] = []
  for (const way of [
    { name: 'a large one', megabytes: largeMb },
    { name: 'read slowly, 20 MB/s', megabytes: largeMb, readBytesPerSecond: 20e6 },
    { name: 'by a model of 20 ms', megabytes: largeMb, modelLatencyMs: 20 }
  ]) { large.push(await peakOf(world, way)) }
  console.log(
    table(
      [
        'Memory while a file is scored',
        'MB',
        'rows',
        'seconds',
        'peak MiB',
        'median MiB',
        'at its end'
      ],
      [small, ...large].map(({ name, megabytes, rows, seconds, peakMiB, medianMiB, lastMiB }) => [
        name,
        whole(megabytes),
        whole(rows),
        seconds.toFixed(1),
        whole(peakMiB),
        whole(medianMiB),
        whole(lastMiB)
      ])
    ) + '\n'
  )
  const refusal = await refusalOf(world, largeMb)
  console.log(`With a disk for an eighth of it the answer is\n${refusal}\n`)
  return {
    peaks: [small, ...large],
    refusal,
    verdicts: large.map(({ name, megabytes, peakMiB }) =>
      atMost(
        `peak memory, ${whole(megabytes)} MB (${name}) against ${whole(small.megabytes)} MB`,
        peakMiB - small.peakMiB,
        64,
        ' MiB'
      )
    )
  }
}

async function peakOf (
  world: World,
  { name, megabytes, modelLatencyMs = 0, readBytesPerSecond }: Way
): Promise<Peak> {
  const { cluster, standIn, pinning, caller } = world
  const service = await startService(cluster, standIn.url, pinning.measured)
  const url = await deploy(service, `c${COLUMNS}l${modelLatencyMs}`)
  const seen: number[] = []
  const look = () => {
    const now = memory(service.pid)
    if (now === undefined) {
      throw new Error('there is no /proc here to read the memory of a process from')
    }
    return now
  }
  look()
  const timer = setInterval(() => seen.push(look().residentMiB), SAMPLE_MS)
  try {
    const rows = rowsIn(megabytes)
    const job = { url, columns: COLUMNS, rows, noteBytes: NOTE_BYTES }
    const { seconds, sentBytes } = await caller.run(
      readBytesPerSecond === undefined ? job : { ...job, readBytesPerSecond }
    )
    const { residentMiB, peakMiB } = look()
    seen.push(residentMiB)
    const medianMiB = seen.toSorted((a, b) => a - b)[seen.length >> 1]!
    return {
      name,
      megabytes: sentBytes / 1e6,
      rows,
      seconds,
      peakMiB,
      medianMiB,
      lastMiB: residentMiB
    }
  } finally {
    clearInterval(timer)
    await service.stop()
  }
}

/**
 * What the caller is told whose answer has no room on the disk. @throws when it got an answer all
 * the same
 */
async function refusalOf (
  { cluster, standIn, pinning, caller }: World,
  megabytes: number
): Promise<string> {
  const service = await startService(cluster, standIn.url, pinning.measured, {
    SPOOL_MAX_BYTES: String((megabytes * 1e6) / 8)
  })
  try {
    const url = await deploy(service, `c${COLUMNS}l0`)
    const scored = caller.run({
      url,
      columns: COLUMNS,
      rows: rowsIn(megabytes),
      noteBytes: NOTE_BYTES
    })
    const refusal = await scored.then(
      () => undefined,
      ({ message }: Error) => message.split('\n', 1)[0]
    )
    if (refusal === undefined) throw new Error('an answer larger than the disk came back')
    return refusal
  } finally {
    await service.stop()
  }
}

function rowsIn (megabytes: number): number {
  return Math.ceil((megabytes * 1e6) / LINE_BYTES)
}
