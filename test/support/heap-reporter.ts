// Loaded into a program by --import, with --expose-gc: tells its heap, without garbage, whenever it
// is asked over IPC.
import { setTimeout as sleep } from 'node:timers/promises'

/** Finalizers and closed sockets need some turns, and make garbage of their own. */
const ROUNDS = 5

process.on('message', () => {
  void report()
})
process.channel?.unref()

async function report (): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    ;(globalThis as { gc?: () => void }).gc!()
    await sleep(50)
  }
  process.send!(process.memoryUsage().heapUsed)
}
