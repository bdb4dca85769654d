import { access, mkdir, rename, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import type { Test } from 'tap'
import { missing, Program } from './program.js'

/** An environment's Python program, or what is lacking to make one. */
export type Python = { readonly command: string } | { readonly lacks: string }

/** A Python with this package of the index, made once for this user and this version. */
export async function pythonWith (t: Test, requirement: `${string}==${string}`): Promise<Python> {
  const name = requirement.replace('==', '-')
  const folder = path.join(tmpdir(), `scr-modelops-${userInfo().uid}-${name}`)
  const command = path.join(folder, 'bin', 'python')
  if (await access(command).then(() => true, () => false)) return { command }
  const making = `${folder}.${process.pid}`
  t.teardown(async () => await rm(making, { recursive: true, force: true }))
  await mkdir(making, { recursive: true })
  const made = await newPython(t, making, requirement)
  if ('lacks' in made) return made
  // renamed when whole, so that nobody finds half of it; python itself does not mind where it lies
  await rename(making, folder).catch(() => {})
  return { command }
}

/** A Python in this folder, with what pip is told to install. */
export async function newPython (t: Test, folder: string, requirement: string): Promise<Python> {
  const none = await missing(t, 'python3')
  if (none !== false) return { lacks: none }
  const command = path.join(folder, 'bin', 'python')
  // all of it, as it says where pip finds packages
  const env = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  )
  for (
    const [program, ...args] of [['python3', '-m', 'venv', folder], [
      command,
      '-m',
      'pip',
      'install',
      '--quiet',
      requirement
    ]] as const
  ) {
    const run = new Program(t, program, args, env)
    if ((await run.ended).code !== 0) {
      const said = (run.stderr || run.stdout).trim().split('\n').at(-1) ?? ''
      return { lacks: `${requirement} can't be installed: ${said}` }
    }
  }
  return { command }
}
