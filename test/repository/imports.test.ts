import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'

const IMPORT = /^(?:import|export|\}).*? from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm
/** These put everything together. */
const COMPOSERS = ['src/main.ts', 'src/service.ts']
const SOCKETS = ['node:http', 'node:https', 'node:http2', 'node:net', 'node:tls', 'node:dgram',
  'node:dns']
/** A folder with more files is several rooms. */
const FILES_MAX = 12

interface Source {
  readonly file: string
  /** Modules by their names, files as paths from the root. */
  readonly targets: readonly string[]
}

const sources: readonly Source[] = ['src', 'simulator']
  .flatMap(folder =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(name => `${folder}/${name}`)
  )
  .filter(file => file.endsWith('.ts'))
  .map(file => ({ file, targets: targetsOf(file) }))

function targetsOf (file: string): string[] {
  const found = [...readFileSync(file, 'utf8').matchAll(IMPORT)].map(([, plain, dynamic, listed]) =>
    (plain ?? dynamic ?? listed)!
  )
  return found.map(target =>
    target.startsWith('.')
      ? path.posix.join(path.posix.dirname(file), target).replace(/\.js$/, '.ts')
      : target
  )
}

/** Whether `file` may import `target`: a module's name, or a path from the root. */
function allowed (file: string, target: string): boolean {
  const inside = (...folders: readonly string[]) =>
    folders.some(folder => target.startsWith(folder))
  if (file.startsWith('simulator/')) return !inside('src/')
  if (inside('simulator/', 'test/')) return false
  if (COMPOSERS.includes(file)) return true
  if (inside('src/main', 'src/service')) return false
  if (file.startsWith('src/async/')) return inside('src/async/', 'node:')
  if (file.startsWith('src/domain/traffic/')) { return inside('src/domain/traffic/', 'src/domain/errors.ts') }
  if (file.startsWith('src/domain/')) {
    return inside('src/domain/', 'src/async/', 'csv-parse', 'iconv-lite') ||
      (target.startsWith('node:') && !SOCKETS.includes(target))
  }
  const adapter = /^src\/adapters\/[^/]+\//.exec(file)?.[0]
  if (adapter !== undefined) return !inside('src/') || inside('src/domain/', 'src/async/', adapter)
  return !inside('src/adapters/')
}

for (const { file, targets } of sources) {
  t.test(`${file} imports only what its place allows`, async t => {
    t.same(targets.filter(target => !allowed(file, target)), [])
  })
}

const folderOf = (file: string): string => path.posix.dirname(file)
const fileArrows = new Map(sources.map(({ file, targets }) => [file, targets]))
/** A folder stands for its own files; each of its subfolders for itself. */
const folderArrows = new Map<string, string[]>()
for (const { file, targets } of sources) {
  const from = folderOf(file)
  const to = targets.filter(target => fileArrows.has(target)).map(folderOf).filter(folder =>
    folder !== from
  )
  folderArrows.set(from, [...folderArrows.get(from) ?? [], ...to])
}

/** A way from a place back to it, if there is one. */
function circleIn (arrows: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>()
  const walk = (place: string, way: readonly string[]): string[] => {
    if (way.includes(place)) return [...way.slice(way.indexOf(place)), place]
    if (done.has(place)) return []
    for (const next of arrows.get(place) ?? []) {
      const circle = walk(next, [...way, place])
      if (circle.length > 0) return circle
    }
    done.add(place)
    return []
  }
  for (const place of arrows.keys()) {
    const circle = walk(place, [])
    if (circle.length > 0) return circle
  }
  return []
}

t.test('no files import each other in a circle', async t => {
  t.same(circleIn(fileArrows), [])
})

t.test('no folders import each other in a circle', async t => {
  t.same(circleIn(folderArrows), [])
})

for (const folder of folderArrows.keys()) {
  t.test(`${folder} has at most ${FILES_MAX} files`, async t => {
    const files = sources.map(({ file }) => file).filter(file => folderOf(file) === folder)
    t.ok(files.length <= FILES_MAX, `${files.length}: ${files.join(', ')}`)
  })
}
