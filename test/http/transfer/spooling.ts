import { readdir, readlink } from 'node:fs/promises'
import type { Test } from 'tap'
import {
  deployed,
  gauge,
  until,
  type Deployed,
  type DeployOptions,
  type Program
} from '../../support/model-program.js'
import { folder } from '../../support/service.js'

export const NOTE = 'n'.repeat(64 * 1024)
export const csvOf = (rows: number): string =>
  'X,NOTE\n' + Array.from({ length: rows }, (_, row) => `${row},${NOTE}\n`).join('')
export const scoredOf = (rows: number): string =>
  'X,NOTE,OUT_X,_error\n' +
  Array.from({ length: rows }, (_, row) => `${row},${NOTE},${row},\n`).join('')
export const CSV = { 'content-type': 'text/csv' }

/** A service whose spool folder the test watches. */
export interface Spooling extends Deployed {
  /** Resolves when the disk is given back; fails when a name or an open file is left. */
  readonly nothingIsLeft: () => Promise<void>
}

export async function spooling (
  t: Test,
  model: Program,
  options: DeployOptions = {}
): Promise<Spooling> {
  const SPOOL_DIR = await folder(t)
  const service = await deployed(t, model, { ...options, env: { SPOOL_DIR, ...options.env } })
  const openFiles = async (): Promise<string[]> => {
    const names = await Promise.all(
      (await readdir('/proc/self/fd')).map(async fd =>
        await readlink(`/proc/self/fd/${fd}`).catch(() => '')
      )
    )
    return names.filter(name => name.startsWith(SPOOL_DIR))
  }
  return {
    ...service,
    async nothingIsLeft () {
      await until(async () => await gauge(service, 'scr_modelops_spool_bytes'),
        bytes => bytes === 0)
      if (process.platform === 'linux') await until(openFiles, files => files.length === 0)
      t.strictSame(await readdir(SPOOL_DIR), [])
    }
  }
}
