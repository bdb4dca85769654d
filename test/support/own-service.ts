import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import type { Test } from 'tap'
import { BUILT } from './program.js'
import { testSettings, type Cluster } from './service.js'

/** The service as a process of its own, with a reporter in it that is asked over IPC. */
export interface OwnService {
  /** Without a slash at its end. */
  readonly url: string
  ask(question: string): Promise<number>
}

/** `reporter`: a file of test/support, loaded before the service. */
export async function startService (
  t: Test,
  cluster: Cluster,
  reporter: string,
  nodeOptions: readonly string[] = []
): Promise<OwnService> {
  const loaded = pathToFileURL(path.join(BUILT, 'test/support', reporter)).href
  const args = [...nodeOptions, `--import=${loaded}`, path.join(BUILT, 'src/main.js')]
  const service = spawn(process.execPath, args, {
    env: {
      PATH: process.env['PATH'],
      ...await testSettings(t, cluster)
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc']
  })
  t.teardown(() => service.kill('SIGKILL'))
  const url = await listeningAt(service)
  service.stdout!.resume()
  return {
    url,
    async ask (question) {
      service.send(question)
      const [answer] = await once(service, 'message') as [number]
      return answer
    }
  }
}

async function listeningAt (service: ChildProcess): Promise<string> {
  for await (const line of createInterface(service.stdout!)) {
    const url = /listening at (http:[\d.:/]+)/.exec(line)?.[1]
    if (url !== undefined) return url
  }
  throw new Error('the service ended before it listened')
}
