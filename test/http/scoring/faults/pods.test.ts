import t from 'tap'
import { deferred } from '../../../../src/async/deferred.js'
import {
  fileForm,
  head,
  openSocket,
  readAnswer,
  send,
  stubbornPost
} from '../../../support/caller.js'
import { formulaModel, hasRightRows, keyedRows } from '../../../support/data/formula.js'
import { deployed, until, type Deployed } from '../../../support/model-program.js'

const ROWS = 900

interface PodList {
  readonly items: ReadonlyArray<{ readonly metadata: { readonly name: string } }>
}

const podsUrl = ({ simulator }: Deployed) =>
  `${simulator.apiUrl}/api/v1/namespaces/sas-model-inference/pods`
const podNames = async (service: Deployed) =>
  (await (await fetch(podsUrl(service))).json() as PodList).items.map(({ metadata }) =>
    metadata.name
  )

for (const minScale of [1, 2]) {
  t.test(`a pod killed in the middle of a file, ${minScale === 1 ? 'the only one' : 'one of two'}: every row comes back, once, in its place and right`, async t => {
    const [{ promise: middle, resolve: reached }, { promise: killed, resolve: kill }] = [deferred(),
      deferred()]
    const model = formulaModel(async ({ index }) => {
      if (index < ROWS / 3) return undefined
      reached()
      await killed // so that calls are running when it happens
      return undefined
    })
    const service = await deployed(t, model, { fields: { scaling: { minScale } } })
    await until(async () => await podNames(service), names => names.length === minScale)
    const csv = await keyedRows(ROWS)
    const answering = stubbornPost(service.scoreUrl(), fileForm(csv))
    await middle
    const [victim] = await podNames(service)
    const running = model.running()
    t.equal(
      (await fetch(`${podsUrl(service)}/${victim}?gracePeriodSeconds=0`, { method: 'DELETE' }))
        .status,
      200
    )
    kill()
    hasRightRows(t, csv, await answering)
    t.ok(running > 0 && model.asked.length > ROWS,
      `${running} calls were running, ${model.asked.length - ROWS} were made again`)
    t.notOk((await podNames(service)).includes(victim!), 'the pod is gone')
  })
}

t.test('a model that falls asleep in the middle of a file, and starts again: every row comes back, once, in its place and right', async t => {
  const model = formulaModel(() => undefined)
  const service = await deployed(t, model, { timing: { windowMs: 100, graceMs: 50, drainMs: 50 } })
  const csv = await keyedRows(ROWS)
  const body = Buffer.from(csv)
  const caller = openSocket(service.url)
  t.teardown(() => caller.destroy())
  await send(caller,
    head(service.scoreUrl(), { 'content-type': 'text/csv', 'content-length': String(body.length) }))
  await send(caller, body.subarray(0, body.length / 2))
  await until(() => model.asked.length, asked => asked > ROWS / 4)
  await until(async () => (await podNames(service)).length, pods => pods === 0)
  const asleepAfter = model.asked.length
  await send(caller, body.subarray(body.length / 2))
  hasRightRows(t, csv, await readAnswer(caller))
  t.ok(asleepAfter < ROWS, `asleep after ${asleepAfter} rows`)
})
