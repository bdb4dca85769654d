import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const IMPORT = /^(?:import|export|\}).*? from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm
/** These put everything together. */
const COMPOSERS = ['src/main.ts', 'src/service.ts']
const SOCKETS = ['node:http', 'node:https', 'node:http2', 'node:net', 'node:tls', 'node:dgram', 'node:dns']

/** Whether `file` may import `target`: a module's name, or a path from the root. */
function allowed (file: string, target: string): boolean {
  const inside = (...folders: readonly string[]) => folders.some(folder => target.startsWith(folder))
  if (file.startsWith('simulator/')) return !inside('src/')
  if (inside('simulator/', 'test/')) return false
  if (COMPOSERS.includes(file)) return true
  if (inside('src/main', 'src/service')) return false
  if (file.startsWith('src/domain/')) return inside('src/domain/', 'csv-parse', 'iconv-lite') || (target.startsWith('node:') && !SOCKETS.includes(target))
  const adapter = /^src\/adapters\/[^/]+\//.exec(file)?.[0]
  if (adapter !== undefined) return !inside('src/') || inside('src/domain/', adapter)
  return !inside('src/adapters/')
}

for (const file of ['src', 'simulator'].flatMap(folder => readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map(name => `${folder}/${name}`))) {
  if (!file.endsWith('.ts')) continue
  t.test(`${file} imports only what its place allows`, async t => {
    const found = [...readFileSync(path.join(root, file), 'utf8').matchAll(IMPORT)].map(([, plain, dynamic, listed]) => (plain ?? dynamic ?? listed)!)
    const targets = found.map(target => target.startsWith('.') ? path.posix.join(path.posix.dirname(file), target) : target)
    t.same(targets.filter(target => !allowed(file, target)), [])
  })
}
