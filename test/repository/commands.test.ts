// The commands of package.json work wherever Node does: no shell, and no program that only a shell
// can run.
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { script } from '../support/script.js'
import { folder } from '../support/service.js'

interface Compiled {
  removeStale(root: string): string[]
  compiledTests(root: string, given: readonly string[]): string[]
}
interface Groups {
  groupTests(root: string): string[]
}
interface Programs {
  npmCli(env?: NodeJS.ProcessEnv, node?: string): string
  toolOf(folder: string, packageName: string, name?: string): string
}

const scripts = readdirSync('scripts').filter(file => file.endsWith('.mjs'))

function write (root: string, ...files: string[]): void {
  for (const file of files) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
    writeFileSync(path.join(root, file), '')
  }
}

t.test('every command of package.json is one call of node or npm, without anything that a shell would read', async t => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    scripts: Record<string, string>
  }
  const others = Object.entries(scripts).filter(([, line]) =>
    !/^(node|npm) [\w./:=, -]+$/.test(line)
  )
  t.same(others, [])
})

for (const file of scripts) {
  t.test(`scripts/${file} asks no shell and calls nothing of node_modules/.bin`, async t => {
    const code = readFileSync(path.join('scripts', file), 'utf8').replaceAll(/^\s*\/\/.*$/gm, '')
    t.same(code.match(/\bshell:|\.bin\b|\bexec(Sync)?\(/g) ?? [], [])
    const programs = [
      ...code.matchAll(/\b(?:spawn|spawnSync|execFile|execFileSync|fork)\(\s*([^,)]+)/g)
    ].map(([, program]) => program)
    t.same(programs.filter(program => program !== 'process.execPath' && program !== '\'git\''), [])
  })
}

t.test('each tool is started by the JavaScript that its package names', async t => {
  const { toolOf } = await script<Programs>('programs.mjs')
  for (const [packageName, name] of [['typescript', 'tsc'], ['eslint'], ['tap']] as const) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [toolOf('.', packageName, name),
      '--version'], { encoding: 'utf8' })
    t.match([status, stdout], [0, /\d+\.\d+\.\d+/], stderr)
  }
  t.throws(() => toolOf('.', 'typescript', 'tslint'),
    /the package typescript has no program tslint/)
})

t.test('npm is found without npm\'s help: in a folder of PATH, as Windows has it and as others do', async t => {
  const { npmCli } = await script<Programs>('programs.mjs')
  const root = await folder(t)
  const cli = path.join('node_modules', 'npm', 'bin', 'npm-cli.js')
  const windows = path.join(root, 'nodejs', cli)
  const linux = path.join(root, 'usr', 'lib', cli)
  write(root, ...[windows, linux].map(file => path.relative(root, file)), 'nodejs/npm.cmd')
  const onWindows = path.join(root, 'nodejs', 'node.exe')
  t.equal(npmCli({ PATH: '' }, onWindows), realpathSync(windows), 'beside Node')
  t.equal(npmCli({ PATH: '' }, path.join(root, 'usr', 'bin', 'node')), realpathSync(linux),
    'in the lib beside the bin of Node')
  t.equal(npmCli({ PATH: path.join(root, 'nodejs') }, '/none/bin/node'), realpathSync(windows),
    'in PATH, as Windows has it')
  mkdirSync(path.join(root, 'links'))
  symlinkSync(linux, path.join(root, 'links', 'npm'))
  t.equal(npmCli({ PATH: path.join(root, 'links') }, '/none/bin/node'), realpathSync(linux),
    'in PATH, as others have it')
  t.equal(npmCli({ npm_execpath: linux }, onWindows), realpathSync(linux), 'the one that runs this')
  t.equal(npmCli({ npm_execpath: path.join(root, 'yarn.js') }, onWindows), realpathSync(windows),
    'yarn can\'t do what is asked of npm')
})

t.test('all tests run, each once: in groups, or alone where a process is watched', async t => {
  const { groupTests } = await script<Groups>('test-groups.mjs')
  const root = await folder(t)
  const many = Array.from({ length: 13 }, (_, i) => `test/http/deep/${i}.test.ts`)
  write(root, 'test/config.test.ts', 'test/process/soak.test.ts', 'test/http/support.ts', ...many)
  const run = groupTests(root)
  t.same(run, ['dist/test/process/soak.test.js', 'dist/together/1-http-1.test.js',
    'dist/together/1-http-2.test.js', 'dist/together/2-test-1.test.js'])
  const loaded = run.slice(1).flatMap(file =>
    [...readFileSync(path.join(root, file), 'utf8').matchAll(/import\('\.\.\/(.*)\.js'\)/g)]
      .map(([, name]) => `${name}.ts`)
  )
  t.same(loaded.sort(), ['test/config.test.ts', ...many].sort())
})

t.test('a test that is named as in the sources is run as it was compiled', async t => {
  const { compiledTests } = await script<Compiled>('compiled.mjs')
  const root = await folder(t)
  write(root, 'test/a/b.test.ts', 'test/a/deep/c.test.ts', 'test/a/support.ts')
  const run = (...given: string[]) => compiledTests(root, given)
  t.same(run('test/a/b.test.ts', '--reporter=tap'), ['dist/test/a/b.test.js', '--reporter=tap'])
  t.same(run(`.${path.sep}test${path.sep}a`).sort(), ['dist/test/a/b.test.js',
    'dist/test/a/deep/c.test.js'])
  t.same(run('--grep', 'score'), ['--grep', 'score'])
  t.throws(() => run('test/a/none.test.ts'), /there is no test\/a\/none\.test\.ts/)
})

t.test('a compiled file whose source was deleted or renamed is removed, and tsc forgets what it wrote', async t => {
  const { removeStale } = await script<Compiled>('compiled.mjs')
  const root = await folder(t)
  write(root, 'test/kept.test.ts', 'dist/test/kept.test.js', 'dist/test/kept.test.js.map',
    'dist/.tsbuildinfo')
  write(root, 'dist/together/http-1.test.js')
  t.same(removeStale(root), [])
  rmSync(path.join(root, 'dist/together'), { recursive: true })
  t.ok(existsSync(path.join(root, 'dist/.tsbuildinfo')))
  write(root, 'dist/test/old.test.js', 'dist/test/old.test.js.map')
  t.same(removeStale(root).sort(), ['test/old.test.js', 'test/old.test.js.map'].map(path.normalize))
  t.same(readdirSync(path.join(root, 'dist'), { recursive: true }).map(String).sort(),
    ['test', 'test/kept.test.js', 'test/kept.test.js.map'].map(path.normalize))
})

t.test('an unknown command ends with 2 and names those that are known', async t => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/run.mjs', 'toString'], {
    encoding: 'utf8'
  })
  t.equal(status, 2)
  t.match(stderr, /unknown command "toString"; known: bench, build, demo/)
})
