import type { RequestListener } from 'node:http'
import type { Test } from 'tap'
import { deploy, type Program } from './model-program.js'
import { openSimulator, openTestService, type TestService } from './service.js'

export interface TwoRevisions extends TestService {
  /** A JSON call below the model's URL. */
  call(method: string, path: string, body: object): Promise<Response>
  /**
   * Gives m-00001 `one` percent and m-00002 the rest, under the tags `one` and `two` unless
   * `untagged`.
   */
  share(one: number, untagged?: 'untagged'): Promise<void>
}

/**
 * A cluster and a service with the model `m`: its revision m-00001 runs `one` and has all the
 * traffic, m-00002 runs `two` and has the tag two.
 */
export async function twoRevisions (
  t: Test,
  one: Program | string,
  two: Program | string,
  env: Readonly<Record<string, string>> = {}
): Promise<TwoRevisions> {
  const programs: Record<string, RequestListener> = {}
  const imageOf = (given: Program | string, name: string): string => {
    if (typeof given === 'string') return given
    programs[name] = given.listener
    return name
  }
  const images = [imageOf(one, 'registry.demo/one:1'), imageOf(two, 'registry.demo/two:1')]
  const { cluster } = await openSimulator(t, { timing: { podStartMs: 50 }, programs })
  const service = await openTestService(t, cluster, env)
  await deploy(service, 'm', { image: images[0] })

  const call = async (method: string, path: string, body: object): Promise<Response> =>
    await fetch(`${service.url}/models/m${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body)
    })
  const change = async (method: string, path: string, body: object): Promise<void> => {
    const response = await call(method, path, body)
    const text = await response.text()
    if (response.status !== 200 && response.status !== 201) {
      throw new Error(`${method} ${path}: ${response.status} ${text}`)
    }
  }
  await change('POST', '/revisions?wait=30', { image: images[1], tag: 'two' })
  return {
    ...service,
    call,
    async share (one, untagged) {
      const rows = [{ revision: 'm-00001', percent: one, tag: 'one' }, {
        revision: 'm-00002',
        percent: 100 - one,
        tag: 'two'
      }]
      await change('PUT', '/traffic?wait=30',
        untagged === undefined ? rows : rows.map(({ tag, ...row }) => row))
    }
  }
}
