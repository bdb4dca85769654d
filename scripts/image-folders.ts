import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { createHash } from 'node:crypto'
import path from 'node:path'

// What images hold beside Node, for clusters whose images are made without the Dockerfile. Run in
// the project's folder, after the build.

/** Fills `folder` with what the Dockerfile's last stage copies. */
export function fillServiceFolder (folder: string): void {
  for (const name of ['package.json', 'openapi.yaml', 'dist/src']) {
    cpSync(name, path.join(folder, name), { recursive: true })
  }
  for (const place of productionPackages()) {
    cpSync(place, path.join(folder, place), {
      recursive: true,
      dereference: true,
      filter: source => source === place || path.basename(source) !== 'node_modules'
    })
  }
}

/**
 * Where the packages lie that the service needs, e.g. `node_modules/fastify`: those that `npm ci
 * --omit=dev` would install.
 */
export function productionPackages (): string[] {
  const { status, stdout, stderr } = spawnSync(
    'npm',
    ['ls', '--omit=dev', '--all', '--parseable'],
    { encoding: 'utf8' }
  )
  if (status !== 0) throw new Error(`npm ls ended with ${status}: ${stderr}`)
  return stdout
    .trim()
    .split('\n')
    .slice(1)
    .map(place => path.relative('.', place))
}

/**
 * Fills `folder` with the model server of the demo images: its entry is scr/main.js, its argument
 * NAME:TAG.
 */
export function fillModelFolder (folder: string): void {
  mkdirSync(folder, { recursive: true })
  cpSync('dist/simulator/scr', path.join(folder, 'scr'), { recursive: true })
  cpSync('package.json', path.join(folder, 'package.json')) // says that .js files are modules
}

/** Of the names and contents of all files and `more`: the same for the same image. */
export function contentHash (folder: string, ...more: readonly string[]): string {
  const hash = createHash('sha256').update(String(statSync(folder).mode))
  for (const text of more) hash.update(`${text}\0`)
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })
    .map(entry => path.join(entry.parentPath, entry.name))
    .sort()) {
    hash.update(`${path.relative(folder, entry)}\0`)
    const content = contentOf(entry)
    if (content !== undefined) hash.update(content)
  }
  return hash.digest('hex').slice(0, 12)
}

function contentOf (file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EISDIR') return undefined
    throw error
  }
}
