import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { output, ROOT } from '../program.js'
import { kitFolder } from './kit.js'

export const STAND_IN_IMAGE = 'dev.local/bench-stand-in:1'
export const SERVICE_IMAGE = 'dev.local/bench-scr-modelops:1'

/**
 * Makes both images from the built files, with the Node that runs this, and loads them into the
 * cluster's node.
 */
export async function makeImages (): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'scr-modelops-images-'))
  try {
    const standIn = path.join(folder, 'stand-in')
    for (const file of ['stand-in.js', 'table-of-rows.js']) {
      await cp(path.join(ROOT, 'dist', 'bench', file), path.join(standIn, file))
    }
    await writeFile(path.join(standIn, 'package.json'), '{"type":"module"}')
    await make(STAND_IN_IMAGE, standIn, 'stand-in.js')

    const service = path.join(folder, 'service')
    await mkdir(service)
    await cp(path.join(ROOT, 'dist', 'src'), path.join(service, 'dist', 'src'), { recursive: true })
    for (const file of ['package.json', 'openapi.yaml']) {
      await cp(path.join(ROOT, file), path.join(service, file))
    }
    for (const name of await productionModules()) {
      const nested = path.join(ROOT, name, 'node_modules')
      await cp(path.join(ROOT, name), path.join(service, name), {
        recursive: true,
        filter: file => file !== nested
      })
    }
    await make(SERVICE_IMAGE, service, 'dist/src/main.js')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function make (image: string, folder: string, main: string): Promise<void> {
  await output(path.join(kitFolder(), 'make-node-image'), [image, folder, main])
}

/** Their paths below the root, those nested in others included. */
async function productionModules (): Promise<string[]> {
  const list = await output('npm', ['ls', '--omit=dev', '--all', '--parseable'])
  return list
    .trim()
    .split('\n')
    .map(file => path.relative(ROOT, file))
    .filter(name => name !== '')
}
