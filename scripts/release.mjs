// Makes a release of what is committed: npm run release -- 0.2.0
//
// The version goes into package.json, package-lock.json, the Python package and the pages and
// manifests that name it, the changelog's "Unreleased" gets it as its heading, and all that becomes one commit with
// the tag v0.2.0. `--no-tag` leaves out the tag. Nothing is pushed.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Files that name the version of the image or of the Python package, which is the same. */
const NAMING_THE_VERSION = [
  'deploy/base/deployment.yaml',
  'docs/install.md',
  'docs/python.md',
  'clients/python/pyproject.toml',
  'clients/python/src/scr_modelops/__init__.py'
]
const UNRELEASED = '## Unreleased\n'

const root = process.cwd()
const options = process.argv.slice(2)
const [version = ''] = options.filter(option => !option.startsWith('--'))
try {
  release(version, { tag: !options.includes('--no-tag') })
} catch (error) {
  console.error(`no release: ${error.message}`)
  process.exitCode = 1
}

function release (version, { tag }) {
  const before = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version
  if (!/^\d{1,5}\.\d{1,5}\.\d{1,5}$/.test(version)) {
    throw new Error(`"${version}" is no version; e.g. npm run release -- 1.2.3`)
  }
  if (!isLater(version, before)) {
    throw new Error(`${version} is not later than ${before}, the version of package.json`)
  }
  if (git('status', '--porcelain') !== '') {
    throw new Error('the tree has changes that are not committed')
  }
  if (git('tag', '--list', `v${version}`) !== '') {
    throw new Error(`the tag v${version} is there already`)
  }
  const changelog = released(readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8'), version)

  const files = new Map([
    ['CHANGELOG.md', changelog],
    ...['package.json', 'package-lock.json'].map(file => [file, withVersion(file, version)]),
    ...NAMING_THE_VERSION.map(file => [
      file,
      readFileSync(path.join(root, file), 'utf8').replaceAll(before, version)
    ])
  ])
  for (const [file, text] of files) writeFileSync(path.join(root, file), text)
  git('commit', '--quiet', '--message', `Version ${version}`, '--', ...files.keys())
  if (tag) git('tag', '--annotate', '--message', `Version ${version}`, `v${version}`)
  console.log(
    `${before} → ${version}: ${[...files.keys()].join(', ')}; committed${tag ? ` and tagged v${version}` : ''}, not pushed`
  )
}

function isLater (version, before) {
  const [a, b] = [version, before].map(each => each.split('.').map(Number))
  const different = a.findIndex((part, index) => part !== b[index])
  return different !== -1 && a[different] > b[different]
}

/** The changelog with what was unreleased under the version, and room for what comes. */
function released (changelog, version) {
  const [head, rest] = changelog.split(UNRELEASED)
  if (rest === undefined) throw new Error('CHANGELOG.md has no line "## Unreleased"')
  if (!/^- /m.test(rest.split(/^## /m)[0])) {
    throw new Error('CHANGELOG.md says nothing under "Unreleased": what is this release for?')
  }
  const today = new Date().toISOString().slice(0, 10)
  return `${head}${UNRELEASED}\n## ${version} (${today})\n${rest}`
}

function withVersion (file, version) {
  const content = JSON.parse(readFileSync(path.join(root, file), 'utf8'))
  content.version = version
  if (content.packages !== undefined) content.packages[''].version = version
  return `${JSON.stringify(content, null, 2)}\n`
}

function git (...args) {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
}
