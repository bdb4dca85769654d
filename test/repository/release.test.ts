// A release is one commit that says the version everywhere, or nothing at all.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { folder } from '../support/service.js'

const RELEASED = ['package.json', 'package-lock.json', 'deploy/base/deployment.yaml',
  'docs/install.md', 'docs/python.md', 'clients/python/pyproject.toml',
  'clients/python/src/scr_modelops/__init__.py']
const CHANGELOG =
  '# Changes\n\n## Unreleased\n\n- Something new.\n\n## 0.1.0 (2026-01-01)\n\n- The first.\n'

/** A repository with what a release touches, and how to run the script in it. */
async function repository (t: Test, changelog = CHANGELOG) {
  const root = await folder(t)
  for (const file of RELEASED) cpSync(file, path.join(root, file))
  writeFileSync(path.join(root, 'CHANGELOG.md'), changelog)
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  git('init', '--quiet')
  git('config', 'user.name', 'someone')
  git('config', 'user.email', 'someone@example.com')
  git('add', '.')
  git('commit', '--quiet', '--message', 'all')
  const release = (...args: string[]) =>
    spawnSync(process.execPath, [path.resolve('scripts/release.mjs'), ...args], {
      cwd: root,
      encoding: 'utf8'
    })
  const text = (file: string) => readFileSync(path.join(root, file), 'utf8')
  return { root, git, release, text }
}

t.test('a release is a commit and a tag; the version is everywhere and the changelog has it as a heading', async t => {
  const { git, release, text } = await repository(t)
  const before = (JSON.parse(text('package.json')) as { version: string }).version
  const { status, stderr } = release('77.0.1')
  t.equal(status, 0, stderr)
  t.equal(git('log', '-1', '--format=%s %D').replace(/ HEAD -> \w+,/, ''),
    'Version 77.0.1 tag: v77.0.1')
  t.equal(git('status', '--porcelain'), '')
  t.match(text('CHANGELOG.md'),
    /^## Unreleased\n\n## 77\.0\.1 \(\d{4}-\d\d-\d\d\)\n\n- Something new\.\n\n## 0\.1\.0/m)
  for (const file of RELEASED) t.match(text(file), '77.0.1', file)
  t.notMatch(RELEASED.slice(2).map(text).join(''), before, 'nothing names the version before')
  const lock = JSON.parse(text('package-lock.json')) as {
    version: string
    packages: Record<string, { version: string }>
  }
  t.same([lock.version, lock.packages['']?.version], ['77.0.1', '77.0.1'])
})

const refusals: ReadonlyArray<
  readonly [it: string, args: readonly string[], reason: RegExp, spoil?: (root: string) => void]
> = [
  ['no version', [], /"" is no version/],
  ['a version with words', ['1.2.3-beta'], /"1\.2\.3-beta" is no version/],
  ['an earlier version', ['0.0.9'], /0\.0\.9 is not later than/],
  ['a tree with changes', ['77.0.0'], /changes that are not committed/,
    root => writeFileSync(path.join(root, 'new'), '')]
]
for (const [it, args, reason, spoil] of refusals) {
  t.test(`${it} is refused with exit code 1, and nothing changes`, async t => {
    const { root, git, release, text } = await repository(t)
    spoil?.(root)
    const { status, stderr } = release(...args)
    t.equal(status, 1)
    t.match(stderr, reason)
    t.equal(text('CHANGELOG.md'), CHANGELOG)
    t.equal(git('tag', '--list') + git('diff', '--stat'), '')
  })
}

t.test('a changelog that says nothing new is refused', async t => {
  const { release } = await repository(t, CHANGELOG.replace('- Something new.\n\n', ''))
  t.match(release('77.0.0').stderr, /says nothing under "Unreleased"/)
})
