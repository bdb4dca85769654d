import { spawn, type ChildProcess } from 'node:child_process'
import path from 'node:path'
import type { Test } from 'tap'

/** The build that `npm test` made; BUILT_DIR names another one. */
export const BUILT = path.resolve(process.env['BUILT_DIR'] ?? 'dist')

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A program of its own process. What it says is kept; it is killed with the test. */
export class Program {
  #stdout = ''
  #stderr = ''
  readonly ended: Promise<Ended>
  readonly #process: ChildProcess
  readonly #listeners = new Set<() => void>()

  constructor (
    t: Test,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {}
  ) {
    this.#process = spawn(command, args, {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe']
    })
    this.#process.stdout!.setEncoding('utf8').on('data', text => {
      this.#stdout += text
      this.#hear()
    })
    this.#process.stderr!.setEncoding('utf8').on('data', text => {
      this.#stderr += text
      this.#hear()
    })
    this.ended = new Promise((resolve, reject) => {
      this.#process.once('error', reject).once('close', (code, signal) => {
        resolve({ code, signal })
        this.#hear()
      })
    })
    this.ended.catch(() => {})
    t.teardown(async () => {
      this.signal('SIGKILL')
      await this.ended.catch(() => {})
    })
  }

  get stdout (): string {
    return this.#stdout
  }

  get stderr (): string {
    return this.#stderr
  }

  signal (signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /**
   * What the pattern finds on standard output, as soon as it is there; fails when the program ends
   * or 60 s pass before.
   */
  async says (pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = AbortSignal.timeout(60_000)
    while (true) {
      const found = pattern.exec(this.#stdout)
      if (found !== null) return found
      if (this.#process.exitCode !== null || deadline.aborted) {
        throw new Error(`never said ${String(pattern)}:\n${this.#stdout}\n${this.#stderr}`)
      }
      await new Promise<void>(resolve => {
        const heard = () => {
          this.#listeners.delete(heard)
          deadline.removeEventListener('abort', heard)
          resolve()
        }
        this.#listeners.add(heard)
        deadline.addEventListener('abort', heard)
      })
    }
  }

  #hear (): void {
    for (const heard of this.#listeners) heard()
  }
}

/** For a test's `skip`: false, or why a test that needs the command can't run. */
export async function missing (t: Test, command: string): Promise<false | string> {
  const { code } = await new Program(t, 'sh', ['-c', `command -v ${command}`]).ended
  return code === 0 ? false : `${command} is not on this machine`
}
