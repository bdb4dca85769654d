import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The built files' folder. */
const BUILT = fileURLToPath(new URL('..', import.meta.url))
export const ROOT = path.dirname(BUILT.replace(/\/$/, ''))
const STOP_MS = 10_000

type Message =
  { readonly listening: number } | { readonly result: unknown } | { readonly error: string }

/** Programs that this run started; all are ended with it. */
const running = new Set<Program>()

/** A Node program of its own process that talks to us by messages. */
export class Program {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #waiting: Array<{
    resolve: (message: Message) => void
    reject: (error: Error) => void
  }> = []

  readonly ended: Promise<unknown>

  private constructor (child: ChildProcess, name: string) {
    this.#child = child
    this.pid = child.pid!
    running.add(this)
    child.on('message', (message: Message) => this.#waiting.shift()?.resolve(message))
    this.ended = new Promise(resolve =>
      child.once('close', (code, signal) => {
        running.delete(this)
        for (const { reject } of this.#waiting.splice(0)) {
          reject(new Error(`${name} ended (${signal ?? code})`))
        }
        resolve(code)
      })
    )
  }

  /** Starts `file` of the built files after `prefix` (a command that runs another one). */
  static start (file: string, { prefix = [], args = [], env = {} }: StartOptions = {}): Program {
    const [command = '', ...rest] = [...prefix, process.execPath, path.join(BUILT, file), ...args]
    const child = spawn(command, rest, {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc']
    })
    return new Program(child, file)
  }

  async next (): Promise<Message> {
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
  }

  async ask (job: unknown): Promise<unknown> {
    const answer = this.next()
    this.#child.send(job as object)
    const message = await answer
    if ('error' in message) throw new Error(message.error)
    return 'result' in message ? message.result : undefined
  }

  async stop (): Promise<void> {
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS)
    await this.ended
    clearTimeout(timer)
  }
}

export interface StartOptions {
  readonly prefix?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** A program that does jobs of one kind. */
export interface Worker<Job, Result> {
  readonly run: (job: Job) => Promise<Result>
  readonly stop: () => Promise<void>
}

export async function startWorker<Job, Result> (
  file: string,
  options: StartOptions = {}
): Promise<Worker<Job, Result>> {
  const program = Program.start(`bench/workers/${file}`, options)
  await program.next()
  return {
    run: async job => (await program.ask(job)) as Result,
    stop: async () => await program.stop()
  }
}

export async function stopAll (): Promise<void> {
  await Promise.all([...running].map(async program => await program.stop()))
}

/** Runs a command to its end and gives what it printed. @throws with what it said when it fails */
export async function output (
  command: string,
  args: readonly string[],
  input = ''
): Promise<string> {
  const child = spawn(command, args, { cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] })
  const texts = ['', '']
  for (const [index, stream] of [child.stdout, child.stderr].entries()) {
    stream.setEncoding('utf8').on('data', text => {
      texts[index] += text
    })
  }
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) {
    throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${texts[1]}${texts[0]}`)
  }
  return texts[0]!
}
