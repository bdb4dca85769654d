// Reads what the suites of .ci/run left behind and ends with the line "N passed, N failed" (and ",
// N skipped"): the tests without tests in them, as tap reports them; before it, what failed. The
// exit code is 0 only if nothing failed.
//
// node scripts/test-report.mjs FOLDER
//
// Each suite has files in FOLDER, in the order of their names: NAME.status with its exit code and
// NAME.out with what it printed; or NAME.skipped with the reason why it did not run. A suite whose
// output is not tap's counts as one test.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { lines, failed } = await report(process.argv[2])
  for (const line of lines) console.log(line)
  process.exitCode = failed ? 1 : 0
}

/**
 * What is to be said of the suites in `folder`, its last line the sum, and whether any of them
 * failed.
 */
export async function report (folder) {
  const files = readdirSync(folder)
    .filter(file => /\.(status|skipped)$/.test(file))
    .sort()
  const suites = await Promise.all(files.map(async file => await readSuite(folder, file)))
  const lines = [
    ...suites.flatMap(({ failures }) => failures),
    ...suites.map(
      ({ name, reason, outcomes }) =>
        `${name}: ${reason === undefined ? sumOf(outcomes) : `skipped, ${reason}`}`
    ),
    sumOf(suites.flatMap(({ outcomes }) => outcomes))
  ]
  return {
    lines,
    failed: suites.length === 0 || suites.some(({ outcomes }) => outcomes.includes('failed'))
  }
}

function sumOf (outcomes) {
  const count = outcome => outcomes.filter(one => one === outcome).length
  const skipped = count('skipped')
  return `${count('passed')} passed, ${count('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

async function readSuite (folder, file) {
  const { name: suite, ext } = path.parse(file)
  const name = suite.replace(/^\d+ /, '')
  const text = readFileSync(path.join(folder, file), 'utf8').trim()
  if (ext === '.skipped') return { name, reason: text, outcomes: ['skipped'], failures: [] }
  const output = path.join(folder, `${suite}.out`)
  return {
    name,
    ...(await outcomesOfSuite(name, text, existsSync(output) ? readFileSync(output, 'utf8') : ''))
  }
}

/**
 * Whatever ended a suite without naming a test that failed (type check, lint, nothing ran) is a
 * failure too.
 */
async function outcomesOfSuite (name, status, output) {
  const tap = output.slice(Math.max(0, output.indexOf('TAP version')))
  const { outcomes, failures } = tap.startsWith('TAP version')
    ? await outcomesIn(tap)
    : { outcomes: status === '0' ? ['passed'] : [], failures: [] }
  const blameless = status === '0' && outcomes.includes('passed')
  if (outcomes.includes('failed') || blameless) return { outcomes, failures }
  return {
    outcomes: [...outcomes, 'failed'],
    failures: [...failures, `FAILED: ${name} ended with code ${status}, and no test says why`]
  }
}

/**
 * What became of each test without tests within, read by tap's own parser. An assertion between
 * tests counts only when it fails.
 */
async function outcomesIn (tap) {
  const { Parser } = await import('tap-parser') // where tap printed something, it is installed
  const failures = []
  const outcomes = outcomesOf(Parser.parse(tap), failures)
  return {
    outcomes,
    failures: failures.map(
      ({ fullname, diag }) => `FAILED: ${fullname}\n${JSON.stringify(diag, null, 2) ?? ''}`
    )
  }
}

function outcomesOf (events, failures) {
  const found = []
  let subtest
  for (const [kind, value] of events) {
    if (kind === 'child') subtest = value
    if (kind !== 'assert') continue
    if (!value.ok && !value.todo) failures.push(value)
    const inner =
      value.skip || value.todo
        ? ['skipped']
        : subtest === undefined
          ? []
          : outcomesWithin(subtest, value.ok, failures)
    found.push(...inner)
    // Its tests passed and yet it failed (a time-out, a crash), or it is a failed assertion between
    // tests.
    if (!value.ok && !value.todo && !inner.includes('failed')) found.push('failed')
    subtest = undefined
  }
  return found
}

function outcomesWithin (events, ok, failures) {
  if (events.some(([kind]) => kind === 'child')) return outcomesOf(events, failures)
  const points = events.filter(([kind]) => kind === 'assert').map(([, point]) => point)
  failures.push(...points.filter(point => !point.ok && !point.todo && !point.skip))
  if (ok && points.length > 0 && points.every(({ skip, todo }) => skip || todo)) {
    return points.map(() => 'skipped')
  }
  return [ok ? 'passed' : 'failed']
}
