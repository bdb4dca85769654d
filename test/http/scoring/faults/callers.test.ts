import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import {
  fileForm,
  head,
  openSocket,
  readAnswer,
  send,
  stubbornPost,
  type Answer
} from '../../../support/caller.js'
import { formulaModel, hasRightRows, keyedRows } from '../../../support/data/formula.js'
import { deployed, gauge, until } from '../../../support/model-program.js'

/**
 * Refused with 429 or 503 and Retry-After, as a service may that has too much to do: asks again,
 * like a patient client.
 */
async function patientPost (url: string, csv: string): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const answer = await stubbornPost(url, fileForm(csv))
    const seconds = Number(answer.headers['retry-after'])
    if ((answer.status !== 429 && answer.status !== 503) || !(seconds > 0) || attempt === 30) {
      return answer
    }
    await pause(seconds * 1000)
  }
}

t.test('a hundred uploads at once: each gets its own rows, once, in their place and right', async t => {
  const model = formulaModel(async ({ index }) => {
    if (index % 3 === 0) await pause(2)
    return undefined
  })
  const service = await deployed(t, model)
  const files = await Promise.all(
    Array.from({ length: 100 }, async (_, upload) =>
      await keyedRows(25 + upload % 10, upload * 1_000))
  )
  const answers = await Promise.all(
    files.map(async csv => await patientPost(service.scoreUrl(), csv))
  )
  for (const [upload, answer] of answers.entries()) {
    hasRightRows(t, files[upload]!, answer, `upload ${upload}`)
  }
})

t.test('a caller who leaves in the middle of a file takes nothing from another: that one\'s rows come back, once, in their place and right', async t => {
  const model = formulaModel(async () => {
    await pause(2)
    return undefined
  })
  const service = await deployed(t, model)
  const leaving = openSocket(service.url)
  await send(leaving,
    head(service.scoreUrl(), { 'content-type': 'text/csv', 'content-length': '1000000000' }))
  await send(leaving, await keyedRows(500, 50_000))
  const csv = await keyedRows(600)
  const staying = stubbornPost(service.scoreUrl(), fileForm(csv))
  await until(() => model.asked.length, asked => asked > 300)
  leaving.destroy()
  hasRightRows(t, csv, await staying)
  await until(async () => await gauge(service, 'scr_modelops_rows_in_flight'), rows => rows === 0)
})

t.test('a caller who reads slowly holds up no row of the model, and gets each, once, in its place and right', async t => {
  const ROWS = 2_000
  const model = formulaModel(() => undefined)
  const service = await deployed(t, model)
  const note = 'n'.repeat(3_000)
  // 6 MB: more than sockets and memory take
  const csv = (await keyedRows(ROWS)).replaceAll('\n', `,${note}\n`).replace(note, 'NOTE')
  const { headers, body } = fileForm(csv)
  const caller = openSocket(service.url)
  t.teardown(() => caller.destroy())
  caller.pause()
  await send(caller,
    head(service.scoreUrl(), { ...headers, 'content-length': String(body.length) }))
  await send(caller, body)
  await once(caller, 'readable')
  t.equal(model.asked.length, ROWS, 'all is scored before a byte is read')
  t.ok(await gauge(service, 'scr_modelops_spool_bytes') > 1_000_000, 'and waits for the caller')
  const slowly = caller.iterator.bind(caller)
  caller.iterator = async function * (options) {
    for await (const chunk of slowly(options)) {
      yield chunk
      await pause(2)
    }
  }
  hasRightRows(t, csv, await readAnswer(caller))
  await until(async () => await gauge(service, 'scr_modelops_spool_bytes'), bytes => bytes === 0)
})
