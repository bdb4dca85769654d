import type { Test } from 'tap'
import { DomainError, type Fault } from '../../../src/domain/errors.js'

/** `bytes` in pieces of `size`, as a network might deliver them. */
export async function * cutInto (
  bytes: Buffer | string,
  size: number
): AsyncGenerator<Buffer, void, undefined> {
  const whole = Buffer.from(bytes)
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size)
}

export async function all<T> (items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

/** What comes in batches, one by one. */
export async function flat<T> (batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  return (await all(batches)).flat()
}

/** The fault and words of what `run` fails with: `csv-invalid: line 3 …`. */
export async function failureOf (run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    if (error instanceof DomainError) return `${error.fault}: ${error.message}`
    throw error
  }
  return 'no failure'
}

/** Fails the test unless `run` ends with `fault` and words that match. */
export async function failsWith (
  t: Test,
  run: () => unknown,
  fault: Fault,
  words: RegExp
): Promise<void> {
  const found = await failureOf(run)
  t.equal(found.split(':', 1)[0], fault, found)
  t.match(found, words)
}

/** A signal that never fires. */
export function never (): AbortSignal {
  return new AbortController().signal
}
