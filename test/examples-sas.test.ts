import t, { type Test } from 'tap'
import { scoredBy } from './contract/scores.js'
import { runSasStep } from './support/sas-reader.js'
import { found, procHttp, readSas, type SasAnswer } from './support/sas.js'
import { openSimulator, openTestService } from './support/service.js'

// The requests of the SAS programs, read from their text and sent as PROC HTTP sends them. The programs have not been run on SAS itself.

/** The service's URL, where nothing is deployed yet. */
async function openUrl (t: Test): Promise<string> {
  return (await openTestService(t, (await openSimulator(t)).cluster)).url
}

async function deploy (url: string): Promise<SasAnswer> {
  const { text, steps: [http] } = await readSas('deploy.sas', { scr_url: url })
  const members = Array.from(text.matchAll(/write values "(\w+)" "([^"]*)";/g), ([, member = '', value = '']) => [member, value])
  return await procHttp(http, JSON.stringify(Object.fromEntries(members)))
}

/** What PROC EXPORT writes of the program's own data lines: a dot for a missing number, nothing for a missing text. */
function exported (text: string): string {
  const lines = found(text, /datalines;\n(.*?)\n;/s).split('\n').map(line => line.split(','))
  const columns = found(text, /\binput (APPLICANT [^;]*);/).split(/\s+/)
  const texts = new Set(['APPLICANT', 'JOB', 'REASON'])
  const rows = lines.map(cells => columns.map((column, i) => cells[i] || (texts.has(column) ? '' : '.')))
  return [columns, ...rows].map(cells => `${cells.join()}\r\n`).join('')
}

t.test('list.sas gets 200 with items that its LIBNAME finds', async t => {
  const url = await openUrl(t)
  await deploy(url)
  const { steps: [http] } = await readSas('list.sas', { scr_url: url })
  const { status, body } = await procHttp(http)
  t.same([status], http.expected)
  t.match(JSON.parse(body), { items: [{ name: 'sr-hmeq', image: 'registry.demo/sr_hmeq_logreg:1.0', status: { phase: 'Ready' } }] })
})

t.test('deploy.sas creates the model, and run again finds it as it is', async t => {
  const url = await openUrl(t)
  const { steps: [{ expected }] } = await readSas('deploy.sas', { scr_url: url })
  const statuses = [(await deploy(url)).status, (await deploy(url)).status]
  t.same(statuses, [201, 200])
  t.ok(statuses.every(status => expected.includes(status)), `${statuses.join()} within ${expected.join()}`)
})

t.test('score.sas gets exactly 200, and the step that it fetched reads what it gets: as many rows, in their order', async t => {
  const url = await openUrl(t)
  await deploy(url)
  const { text, steps: [signature, score] } = await readSas('score.sas', { scr_url: url })
  const step = await procHttp(signature)
  t.equal(step.status, 200, step.body)
  t.match(step.headers, /^content-type: text\/plain/im)
  const csv = exported(text)
  const { status, headers, body } = await procHttp(score!, csv)
  t.equal(status, 200, body)
  t.same([...signature.expected, ...score!.expected], [200, 200])
  t.match(headers, /^content-type: text\/csv/im)

  const { variables, rows } = runSasStep(step.body, body)
  const whole = scoredBy('registry.demo/sr_hmeq_logreg:1.0', csv.replaceAll('\r', '')).trimEnd().split('\n').map(line => line.split(',').slice(-variables.length))
  t.strictSame([variables.map(({ name }) => name), ...rows.map(cells => cells.map(cell => String(cell ?? '')))], whole)
  const printed = found(text, /\bvar ([^;]*);/).split(' ')
  t.strictSame(printed.filter(name => name !== 'APPLICANT' && !variables.some(variable => variable.name === name)), [], 'what it prints is there')
})

t.test('delete.sas gets 204, and each call of score.sas after it a problem with the detail and remedy that it prints', async t => {
  const url = await openUrl(t)
  await deploy(url)
  const { steps: [http] } = await readSas('delete.sas', { scr_url: url })
  t.same([(await procHttp(http)).status], http.expected)

  const score = await readSas('score.sas', { scr_url: url })
  for (const step of score.steps) {
    const { status, body } = await procHttp(step, step.form === undefined ? '' : exported(score.text))
    t.equal(status, 404, body)
    const { detail, remedy } = JSON.parse(body) as { detail: string, remedy: string }
    t.match(detail, 'sr-hmeq')
    t.match(remedy, 'GET /models')
  }
})
