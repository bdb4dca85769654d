// The last lines of .ci/run: what became of all tests, in words that programs read.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { script } from '../support/script.js'
import { folder } from '../support/service.js'

interface Report {
  readonly lines: readonly string[]
  readonly failed: boolean
}
interface Scripts {
  report(folder: string): Promise<Report>
}

async function reported (t: Test, files: Readonly<Record<string, string>>): Promise<Report> {
  const reports = await folder(t)
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(reports, file), text)
  return await (await script<Scripts>('test-report.mjs')).report(reports)
}

const file = (...tests: readonly string[]) =>
  `checking types …
TAP version 14
# Subtest: a.test.js
${
    tests.map((line, index) =>
      `    # Subtest: ${index}\n        ${line} 1 - is so\n        1..1\n    ${line} ${
        index + 1
      } - ${index}`
    ).join('\n')
  }
    1..${tests.length}
${tests.includes('not ok') ? 'not ok' : 'ok'} 1 - a.test.js
1..1
`

const cases: ReadonlyArray<
  { it: string, files: Record<string, string>, last: string, failed: boolean }
> = [
  {
    it: 'counts tests, not assertions or files',
    files: { '1 a.status': '0', '1 a.out': file('ok', 'ok') },
    last: '2 passed, 0 failed',
    failed: false
  },
  {
    it: 'adds up suites, and what did not run is skipped',
    files: {
      '1 a.status': '0',
      '1 a.out': file('ok'),
      '2 b.status': '0',
      '2 b.out': file('ok', 'ok'),
      '3 c.skipped': 'no cluster'
    },
    last: '3 passed, 0 failed, 1 skipped',
    failed: false
  },
  {
    it: 'a test that failed is a failure',
    files: { '1 a.status': '1', '1 a.out': file('ok', 'not ok') },
    last: '1 passed, 1 failed',
    failed: true
  },
  {
    it: 'a suite that ended badly without a test that failed is a failure',
    files: { '1 a.status': '143', '1 a.out': file('ok') },
    last: '1 passed, 1 failed',
    failed: true
  },
  {
    it: 'a suite in which nothing ran is a failure',
    files: { '1 a.status': '0', '1 a.out': 'TAP version 14\n1..0\n' },
    last: '0 passed, 1 failed',
    failed: true
  },
  {
    it: 'a command without tap counts as one test',
    files: { '1 a.status': '0', '1 a.out': 'all well' },
    last: '1 passed, 0 failed',
    failed: false
  },
  {
    it: 'a command without tap that failed is one failure',
    files: { '1 a.status': '2' },
    last: '0 passed, 1 failed',
    failed: true
  },
  { it: 'no suite at all is a failure', files: {}, last: '0 passed, 0 failed', failed: true }
]
for (const { it, files, last, failed } of cases) {
  t.test(`report: ${it}`, async t => {
    const report = await reported(t, files)
    t.same({ last: report.lines.at(-1), failed: report.failed }, { last, failed },
      report.lines.join('\n'))
  })
}

t.test('before the last line each suite has one of its own, with the reason where it was skipped', async t => {
  const { lines } = await reported(t, {
    '1 tests on Node v20.1.0.status': '0',
    '1 tests on Node v20.1.0.out': file('ok'),
    '2 end-to-end tests.skipped': 'no cluster\n'
  })
  t.same(lines.slice(-3, -1), ['tests on Node v20.1.0: 1 passed, 0 failed',
    'end-to-end tests: skipped, no cluster'])
})

t.test('what failed is named with all that it is part of', async t => {
  const { lines } = await reported(t, { '1 a.status': '1', '1 a.out': file('not ok') })
  const failures = lines.filter(line => line.startsWith('FAILED: ')).map(line =>
    line.split('\n')[0]
  )
  t.strictSame(failures, ['FAILED: a.test.js', 'FAILED: a.test.js > 0',
    'FAILED: a.test.js > 0 > is so'])
})
