// What strangers and machines read first: the checks of a pull request, and which Node this runs
// on.
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'

interface Job {
  readonly permissions?: unknown
  readonly 'timeout-minutes'?: number
  readonly strategy?: { readonly matrix: { readonly node: readonly number[] } }
  readonly steps: ReadonlyArray<
    { readonly uses?: string, readonly run?: string, readonly with?: Record<string, unknown> }
  >
}
interface Workflow {
  readonly permissions: unknown
  readonly on: Record<string, unknown>
  readonly jobs: Readonly<Record<string, Job>>
}

const WORKFLOWS = '.github/workflows'
const workflows = readdirSync(WORKFLOWS).map(file => {
  const text = readFileSync(`${WORKFLOWS}/${file}`, 'utf8')
  return { file, text, workflow: parse(text) as Workflow }
})
const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  engines: { node: string }
}
/** The majors of `^20.19.0 || ^22.13.0 || >=24`. */
const supported = [...engines.node.matchAll(/(?:\^|>=)(\d+)/g)].map(([, major]) => Number(major))
const image = /^FROM node:(\d+)/m.exec(readFileSync('Dockerfile', 'utf8'))?.[1]

for (const { file, text, workflow } of workflows) {
  t.test(`${file}: every action is pinned to a commit, with its version beside it`, async t => {
    const uses = text.split('\n').filter(line => /^\s*-? ?uses:/.test(line)).map(line =>
      line.trim()
    )
    t.ok(uses.length > 0)
    t.same(
      uses.filter(line => !/^-? ?uses: [\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line)),
      []
    )
  })

  t.test(`${file}: it may read the code and nothing else, keeps no token in the clone, and ends`, async t => {
    t.same(workflow.permissions, { contents: 'read' })
    t.notOk('pull_request_target' in workflow.on, 'strangers\' code would run with our rights')
    for (
      const [name, { permissions, steps, 'timeout-minutes': minutes }] of Object.entries(
        workflow.jobs
      )
    ) {
      t.equal(permissions, undefined, `${name} has no rights of its own`)
      t.ok(Number(minutes) <= 30, `${name} ends after ${minutes} minutes`)
      for (const { uses = '', with: options } of steps) {
        if (uses.startsWith('actions/checkout@')) { t.equal(options?.['persist-credentials'], false, name) }
      }
    }
  })
}

t.test('the tests run on every Node that engines and README name, and the image has the newest of them', async t => {
  const tested = workflows.flatMap(({ workflow }) => Object.values(workflow.jobs)).flatMap((
    { strategy }
  ) => strategy?.matrix.node ?? [])
  t.same(tested, supported)
  const rows = readFileSync('README.md', 'utf8').matchAll(/^\| Node (\d+)\.\d+ or later/gm)
  t.same([...rows].map(([, major]) => Number(major)), supported)
  t.same([image, readFileSync('.nvmrc', 'utf8').trim()], [String(Math.max(...supported)),
    String(Math.max(...supported))])
})

t.test('the changelog has the version of package.json as its newest, and room for what comes', async t => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  const headings = readFileSync('CHANGELOG.md', 'utf8').match(/^## .*$/gm) ?? []
  t.equal(headings[0], '## Unreleased')
  t.match(headings[1],
    new RegExp(`^## ${version.replaceAll('.', '\\.')} \\(\\d{4}-\\d\\d-\\d\\d\\)$`))
})
