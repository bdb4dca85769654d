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

interface Peak {
  readonly megabytes: number
  readonly rows: number
  readonly seconds: number
  /** As the kernel kept it, and as seen four times a second: now and then, in the middle, at the end. */
  readonly peakMiB: number
  readonly medianMiB: number
  readonly lastMiB: number
}

/** Resident memory of the service while it scores a small file and a large one, each by a process of its own. */
export async function fileMemory (world: World, largeMb: number): Promise<{ peaks: Peak[], verdicts: Verdict[] }> {
  const small = await peakOf(world, SMALL_MB)
  const large = await peakOf(world, largeMb)
  console.log(table(['Memory while a file is scored', 'MB', 'rows', 'seconds', 'peak MiB', 'median MiB', 'at its end'], [small, large].map(
    ({ megabytes, rows, seconds, peakMiB, medianMiB, lastMiB }, index) =>
      [index === 0 ? 'small' : 'large', whole(megabytes), whole(rows), seconds.toFixed(1), whole(peakMiB), whole(medianMiB), whole(lastMiB)]
  )) + '\n')
  return {
    peaks: [small, large],
    verdicts: [atMost(`peak memory, ${whole(large.megabytes)} MB against ${whole(small.megabytes)} MB`, large.peakMiB - small.peakMiB, 64, ' MiB')]
  }
}

async function peakOf ({ cluster, standIn, pinning, caller }: World, megabytes: number): Promise<Peak> {
  const service = await startService(cluster, standIn.url, pinning.measured)
  const url = await deploy(service, `c${COLUMNS}l0`)
  const seen: number[] = []
  const look = () => {
    const now = memory(service.pid)
    if (now === undefined) throw new Error('there is no /proc here to read the memory of a process from')
    return now
  }
  look()
  const timer = setInterval(() => seen.push(look().residentMiB), SAMPLE_MS)
  try {
    const rows = Math.ceil(megabytes * 1e6 / LINE_BYTES)
    const { seconds, sentBytes } = await caller.run({ url, columns: COLUMNS, rows, noteBytes: NOTE_BYTES })
    const { residentMiB, peakMiB } = look()
    seen.push(residentMiB)
    return { megabytes: sentBytes / 1e6, rows, seconds, peakMiB, medianMiB: seen.toSorted((a, b) => a - b)[seen.length >> 1]!, lastMiB: residentMiB }
  } finally {
    clearInterval(timer)
    await service.stop()
  }
}
