// `npm test` runs most test files in groups, one process for some files of a room: tap and the
// service take longer to load than most files' tests take.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { GROUPS } from './compiled.mjs'

/** Rooms whose tests watch a process or run for long: each file has a process of its own. */
const ALONE = ['contract', 'fuzz', 'process']

/** Files in a group. More would save little, and everybody waits for the last group. */
const GROUP_SIZE = 12

/** Writes the groups to `dist/together`. Returns what tap is to run, relative to `root`. */
export function groupTests (root) {
  const folder = path.join(root, 'dist', GROUPS)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const tests = readdirSync(path.join(root, 'test'), { recursive: true })
    .map(file => file.replaceAll(path.sep, '/'))
    .filter(file => file.endsWith('.test.ts'))
    .map(file => file.replace(/\.ts$/, '.js'))
    .sort()
  const isAlone = file => ALONE.includes(file.split('/')[0])
  const groups = groupsOf(tests.filter(file => !isAlone(file)))
  for (const [name, files] of groups) writeFileSync(path.join(folder, name), programOf(files))
  return [
    ...tests.filter(isAlone).map(file => `dist/test/${file}`),
    ...groups.map(([name]) => `dist/${GROUPS}/${name}`)
  ]
}

/**
 * Names and files of the groups. A room is a folder right below test/. The largest room comes first,
 * so that a short group ends last. Neighbours take alike long and go to different groups.
 */
function groupsOf (files) {
  const rooms = new Map()
  for (const file of files) {
    const room = file.includes('/') ? file.split('/')[0] : 'test'
    rooms.set(room, [...(rooms.get(room) ?? []), file])
  }
  const largestFirst = [...rooms].sort(([, a], [, b]) => b.length - a.length)
  return largestFirst.flatMap(([room, files], rank) => {
    const count = Math.ceil(files.length / GROUP_SIZE)
    return Array.from({ length: count }, (_, i) => [
      `${rank + 1}-${room}-${i + 1}.test.js`,
      files.filter((_, j) => j % count === i)
    ])
  })
}

/**
 * The files load within a test, because tap may end as soon as no test is under way, and another
 * file still loads.
 */
const programOf = files =>
  [
    "import t from 'tap'",
    "t.test('the files of the group load', async () => {",
    ...files.map(file => `  await import('../test/${file}')`),
    '})'
  ].join('\n') + '\n'
