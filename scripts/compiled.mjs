// What tsc has compiled, and what it left behind.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'

/**
 * Folder in dist/ for the programs of scripts/test-groups.mjs, which have no source. tap goes by the
 * alphabet: its name lets the files of dist/test, which take long, come first.
 */
export const GROUPS = 'together'

const OUTPUT = /\.js(\.map)?$/

/**
 * Removes compiled files whose source is gone or was renamed: a test that was deleted must not run.
 * tsc's own memory goes with them, because it would not write a file again that came back
 * unchanged.
 */
export function removeStale (root) {
  const dist = path.join(root, 'dist')
  if (!existsSync(dist)) return []
  const stale = readdirSync(dist, { recursive: true }).filter(
    file =>
      OUTPUT.test(file) &&
      !file.startsWith(GROUPS + path.sep) &&
      !existsSync(path.join(root, file.replace(OUTPUT, '.ts')))
  )
  const memories =
    stale.length === 0 ? [] : readdirSync(dist).filter(file => file.startsWith('.tsbuildinfo'))
  for (const file of [...stale, ...memories]) rmSync(path.join(dist, file))
  return stale
}

/**
 * tap's arguments with compiled files in the place of those that are named as in the sources: a
 * test or a folder of tests.
 */
export function compiledTests (root, given) {
  return given.flatMap(argument => {
    const source = path.relative(root, path.resolve(root, argument))
    if (argument.startsWith('-') || source.split(path.sep)[0] !== 'test') return [argument]
    if (!existsSync(path.join(root, source))) throw new Error(`there is no ${argument}`)
    return testsIn(root, source).map(test =>
      path.posix.join('dist', test.replaceAll(path.sep, '/').replace(/\.ts$/, '.js'))
    )
  })
}

function testsIn (root, source) {
  if (!statSync(path.join(root, source)).isDirectory()) return [source]
  const tests = readdirSync(path.join(root, source), { recursive: true }).filter(file =>
    file.endsWith('.test.ts')
  )
  if (tests.length === 0) throw new Error(`there is no test in ${source}`)
  return tests.map(test => path.join(source, test))
}
