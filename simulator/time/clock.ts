/** Timers that end with the simulator, so that closing it leaves nothing behind. */
export class Clock {
  readonly #timers = new Set<NodeJS.Timeout>()

  /** Calls `act` after `ms`, unless the returned function is called first. */
  runAfter (ms: number, act: () => void): () => void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
    }, ms)
    this.#timers.add(timer)
    return () => {
      clearTimeout(timer)
      this.#timers.delete(timer)
    }
  }

  /** Calls `act` every `ms` until the returned function is called. */
  runEvery (ms: number, act: () => void): () => void {
    const timer = setInterval(act, ms)
    this.#timers.add(timer)
    return () => {
      clearInterval(timer)
      this.#timers.delete(timer)
    }
  }

  stop (): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }
}
