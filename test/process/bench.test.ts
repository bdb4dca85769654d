import { readFile, writeFile } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { csvHead, csvLine, rowBody, scoreOfRow } from '../../bench/table-of-rows.js'
import { AnswerCheck } from '../../bench/workers/answer-check.js'
import { BUILT, missing, Program } from '../support/program.js'
import { folder } from '../support/service.js'

const COLUMNS = 12

async function standIn (t: Test): Promise<number> {
  const program = new Program(t, process.execPath, [path.join(BUILT, 'bench/stand-in.js'), '0'])
  return Number((await program.says(/listens on (\d+)/))[1])
}

t.test('a short run compares the service with the bare loop, every row checked, and writes its figures', async t => {
  const json = path.join(await folder(t), 'results.json')
  const program = new Program(t, process.execPath, [path.join(BUILT, 'bench/main.js'), '--quick',
    '--rows', '300', '--rounds', '2', '--json', json])
  t.same(await program.ended, { code: 0, signal: null }, program.stderr)
  t.match(program.stdout, 'service / bare loop at 0 ms')
  const { throughput, verdicts } = JSON.parse(await readFile(json, 'utf8')) as {
    throughput: Array<
      {
        rates: Array<{ name: string, rowsPerSecond: { median: number, min: number, max: number } }>
      }
    >
    verdicts: Array<{ what: string, seen: number }>
  }
  const rates = throughput[0]!.rates
  t.same(rates.map(({ name }) => name), ['undici loop, answers dumped', 'the service, CSV to CSV',
    'undici loop, answers parsed'])
  for (const { name, rowsPerSecond: { median, min, max } } of rates) {
    t.ok(min > 0 && min <= median && median <= max, name)
  }
  const [bare, service] = rates as [typeof rates[0], typeof rates[0]]
  t.equal(verdicts[0]!.seen, service.rowsPerSecond.median / bare.rowsPerSecond.median)
})

t.test('an option that does not exist ends the run with exit code 2 and the usage', async t => {
  const program = new Program(t, process.execPath, [path.join(BUILT, 'bench/main.js'), '--fast'])
  t.same(await program.ended, { code: 2, signal: null })
  t.match(program.stderr, 'usage: npm run bench')
})

function scored (rows: number): string[] {
  return Array.from({ length: rows }, (_, row) => {
    const { SCORE, HALF, GRADE } = scoreOfRow(row, COLUMNS)
    return `${csvLine(row, COLUMNS).trimEnd()},${SCORE},${HALF},${GRADE.trim()},\n`
  })
}

function check (lines: readonly string[], rows: number): void {
  const answer = Buffer.from(
    csvHead(COLUMNS).trimEnd() + ',SCORE,HALF,GRADE,_error\n' + lines.join('')
  )
  const check = new AnswerCheck(rows, COLUMNS, 0)
  for (let at = 0; at < answer.length; at += 7) check.take(answer.subarray(at, at + 7))
  check.end()
}

t.test('an answer counts only when it has all rows, in their order, with their scores', async t => {
  const lines = scored(5)
  check(lines, 5)
  t.throws(() => check(lines.slice(0, 4), 5), /4 of 5 rows/)
  t.throws(() => check(lines.toSpliced(1, 2, lines[2]!, lines[1]!), 5), /line 3 is/)
  t.throws(() => check(lines.with(3, lines[3]!.replace(/,\n$/, ',refused\n')), 5), /line 5 is/)
  t.throws(() => check([...lines, lines[4]!], 5), /line 7 is/)
})

t.test('the stand-in answers requests that come in pieces or together, in their order', async t => {
  const socket = net.connect(await standIn(t), '127.0.0.1').setEncoding('latin1')
  t.teardown(() => socket.destroy())
  const bytes = [0, 1, 2].map(row => {
    const body = rowBody(row, COLUMNS)
    return `POST /c${COLUMNS}l0 HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  }).join('')
  for (const piece of [bytes.slice(0, 50), bytes.slice(50, 400), bytes.slice(400)]) {
    await new Promise(resolve => socket.write(piece, resolve))
  }
  let text = ''
  for await (const chunk of socket) {
    text += chunk
    if (text.endsWith('}}') && text.split('HTTP/1.1 200 OK').length === 4) break
  }
  t.same([...text.matchAll(/"SCORE":([\d.]+)/g)].map(([, score]) => Number(score)),
    [0, 1, 2].map(row => scoreOfRow(row, COLUMNS).SCORE))
})

t.test('the Python clients score a file as the formula does, in its order', {
  skip: await missing(t, 'python3')
}, async t => {
  const port = await standIn(t)
  const csv = path.join(await folder(t), 'rows.csv')
  await writeFile(csv,
    csvHead(COLUMNS) + Array.from({ length: 200 }, (_, row) => csvLine(row, COLUMNS)).join(''))
  for (const [script = '', ...more] of [['one_row_a_call.py'], ['many_in_flight.py', '64']]) {
    const out = `${csv}.${script}`
    const program = new Program(t, 'python3', [path.join('bench', 'python', script), '127.0.0.1',
      String(port), `/c${COLUMNS}l1`, csv, out, ...more])
    t.same(await program.ended, { code: 0, signal: null }, program.stderr)
    const scores = (await readFile(out, 'utf8')).trimEnd().split('\r\n').map(line =>
      line.split(',').slice(COLUMNS).map(Number).slice(0, 2)
    )
    t.same(scores,
      Array.from({ length: 200 },
        (_, row) => [scoreOfRow(row, COLUMNS).SCORE, scoreOfRow(row, COLUMNS).HALF]), script)
  }
})
