/**
 * A number of places for calls that run at the same time. First come, first served; a waiter leaves when its signal fires.
 */
export class Slots {
  readonly size: number
  #free: number
  readonly #waiting: Array<() => void> = []

  constructor (size: number) {
    this.size = size
    this.#free = size
  }

  get inUse (): number {
    return this.size - this.#free
  }

  /** Runs `work` in one of the places, when there is one. */
  async run<T> (signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await this.#turn(signal)
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next() // the place goes over without being free in between
    }
  }

  async #turn (signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1)
        reject(signal.reason)
      }
      this.#waiting.push(enter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }
}
