// Loaded into a program by --import: tells for how long, at most, one turn has worked on its event
// loop since it was asked last, in milliseconds, whenever it is asked over IPC.
import { openSync, readSync } from 'node:fs'

const TICK_MS = 2

/** This thread's own processor time, in nanoseconds, is its first number; Linux alone has it. */
const FILE =
  process.platform === 'linux'
    ? openSync(`/proc/self/task/${process.pid}/schedstat`, 'r')
    : undefined
const text = Buffer.alloc(100)

let longestMs = 0
let [wallMs, workedMs] = [performance.now(), workMs()]

/**
 * Between two ticks is a turn. It counts with what this thread has worked in it, and not with the
 * time that has passed, where that is longer: on a busy machine it waits for a processor as well.
 */
function tick (): void {
  const [nowMs, allMs] = [performance.now(), workMs()]
  longestMs = Math.max(longestMs, Math.min(nowMs - wallMs - TICK_MS, allMs - workedMs))
  ;[wallMs, workedMs] = [nowMs, allMs]
}

function workMs (): number {
  if (FILE !== undefined) {
    const length = readSync(FILE, text, 0, text.length, 0)
    return Number.parseInt(text.toString('latin1', 0, length)) / 1e6
  }
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

setInterval(tick, TICK_MS).unref()

process.on('message', () => {
  tick()
  process.send!(longestMs)
  longestMs = 0
})
process.channel?.unref()
