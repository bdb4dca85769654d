/** How many samples are kept. One is taken each second. */
const SAMPLES_MAX = 10

interface Sample {
  readonly atMs: number
  readonly rows: number
}

/**
 * Rows per second over the last samples. The mean of the whole time would include the time in which
 * the model started.
 */
export class Rate {
  readonly #samples: Sample[]

  constructor (atMs: number) {
    this.#samples = [{ atMs, rows: 0 }]
  }

  sample (atMs: number, rows: number): void {
    this.#samples.push({ atMs, rows })
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift()
  }

  perSecond (nowMs: number, rows: number): number {
    const { atMs, rows: before } = this.#samples[0]!
    return nowMs > atMs ? ((rows - before) * 1000) / (nowMs - atMs) : 0
  }
}
