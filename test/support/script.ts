import path from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * What a script of scripts/ exports: they are JavaScript, because they run before anything is
 * compiled.
 */
export async function script<T> (name: string): Promise<T> {
  return await import(pathToFileURL(path.resolve('scripts', name)).href) as T
}
