import t from 'tap'
import {
  fileForm,
  head,
  openSocket,
  readAnswer,
  send,
  stubbornPost,
  type Call
} from '../../../support/caller.js'
import {
  answer,
  deploy,
  deployed,
  echo,
  program,
  type Deployed,
  type DeployOptions,
  type Program
} from '../../../support/model-program.js'

// A caller who writes 20 MB before it reads must see every status that scoring has, and soon after
// its last byte.

const NOTE = 'n'.repeat(10 * 1024)
const csv = 'X,NOTE\n' + Array.from({ length: 2_000 }, (_, row) => `${row},${NOTE}\n`).join('')
const raw = (headers: Readonly<Record<string, string>> = {}, body = csv): Call => ({
  headers: { 'content-type': 'text/csv', ...headers },
  body
})

interface Case extends DeployOptions {
  readonly it: string
  readonly model?: Program
  readonly call?: Call
  readonly query?: string
  readonly prepare?: (service: Deployed) => Promise<unknown> | undefined
  readonly url?: (service: Deployed) => string
  readonly says: string
}

const never = program({ inputs: { X: 'number' }, outputs: { Y: 'number' }, score: () => undefined })
const html = program({
  inputs: { X: 'number' },
  outputs: { Y: 'number' },
  score: ({ response }) => {
    answer(response, 200, '<html></html>')
    return undefined
  }
})
const cut = program({
  inputs: { X: 'number' },
  outputs: { Y: 'number' },
  score: ({ request }) => {
    request.socket.destroy()
    return undefined
  }
})

const cases: readonly Case[] = [
  {
    it: 'a body that claims to be gzip',
    call: raw({ 'content-encoding': 'gzip' }),
    says: '400 request-unreadable'
  },
  {
    it: 'NDJSON that is none',
    call: raw({ 'content-type': 'application/x-ndjson' }),
    says: '400 request-unreadable'
  },
  {
    it: 'a model that the service may not read',
    prepare: ({ simulator }) => {
      simulator.refuse({ status: 403, verb: 'get' })
      return undefined
    },
    url: ({ url }) => `${url}/models/other/score`,
    says: '403 cluster-forbidden'
  },
  {
    it: 'an unknown model',
    url: ({ url }) => `${url}/models/other/score`,
    says: '404 model-not-found'
  },
  {
    it: 'an unknown route',
    url: ({ url }) => `${url}/models/m/scores`,
    says: '404 route-not-found'
  },
  { it: 'an unknown tag', query: 'tag=t', says: '404 revision-not-found' },
  {
    it: 'an Accept that can\'t be met',
    call: raw({ accept: 'image/png' }),
    says: '406 answer-type-unsupported'
  },
  {
    it: 'a revision that has no address',
    env: { DATA_PATH: 'route' },
    prepare: async service =>
      await deploy(service, 'm', { image: 'registry.demo/sr_hmeq_tree:1.0' }),
    query: 'revision=m-00001',
    says: '409 revision-not-addressable'
  },
  {
    it: 'a file over the limit',
    env: { MAX_UPLOAD_BYTES: '15000000' },
    says: '413 upload-too-large'
  },
  {
    it: 'a body over the limit',
    env: { MAX_UPLOAD_BYTES: '15000000' },
    call: raw(),
    says: '413 upload-too-large'
  },
  {
    it: 'JSON larger than is read at once',
    call: raw({ 'content-type': 'application/json' }),
    says: '413 upload-too-large'
  },
  {
    it: 'a body of another type',
    call: raw({ 'content-type': 'image/png' }),
    says: '415 media-type-unsupported'
  },
  { it: 'an unknown option', query: 'x=1', says: '422 request-invalid' },
  { it: 'a missing column', call: fileForm(csv.replace('X', 'Z')), says: '422 columns-missing' },
  {
    it: 'a first row that is wrong, with onError=fail',
    query: 'onError=fail',
    call: fileForm(csv.replace('\n0,', '\nx,')),
    says: '422 row-invalid'
  },
  { it: 'a ragged row', call: fileForm(csv.replace('\n9,', '\n9,9,')), says: '422 csv-invalid' },
  { it: 'a model that answers rubbish', model: html, says: '502 model-answer-invalid' },
  {
    it: 'a model that cuts the connection',
    model: cut,
    fields: { retrySafe: false },
    says: '502 model-cut-off'
  },
  {
    it: 'a model that is not ready',
    prepare: async ({ url }) => await putWithoutWaiting(`${url}/models/dead`),
    url: ({ url }) => `${url}/models/dead/score`,
    says: '503 model-not-ready'
  },
  {
    it: 'a service that stops',
    env: { DRAIN_SECONDS: '10' },
    prepare: service => {
      void service.stop()
      return undefined
    },
    says: '503 service-stopping'
  },
  {
    it: 'a model that does not answer in time',
    model: never,
    fields: { timeoutSeconds: 1, retrySafe: false },
    says: '504 model-timeout'
  },
  { it: 'a full spool', env: { SPOOL_MAX_BYTES: '1000000' }, says: '507 spool-full' }
]

async function putWithoutWaiting (url: string): Promise<void> {
  const body = JSON.stringify({ image: 'registry.demo/sr_hmeq_tree:1.0-crash' })
  await (await fetch(url, { method: 'PUT', headers: { 'content-type': 'application/json' }, body }))
    .text()
}

for (
  const {
    it,
    model = echo({ X: 'number' }),
    call = fileForm(csv),
    query = '',
    prepare,
    url,
    says,
    ...options
  } of cases
) {
  t.test(`${it}: ${says} is seen by a caller who writes 20 MB before it reads`, async t => {
    const service = await deployed(t, model, options)
    await prepare?.(service)
    const { status, body, whole, uploadMs, waitMs } = await stubbornPost(
      url?.(service) ?? service.scoreUrl(query),
      call
    )
    const { type } = JSON.parse(body) as { type: string }
    t.equal(`${status} ${type.replace('/problems/', '')}`, says, body)
    t.ok(whole, 'the answer has its length')
    t.ok(waitMs < 5_000 + uploadMs,
      `the answer came ${waitMs} ms after an upload of ${uploadMs} ms`)
  })
}

t.test('the connection of an early error can be used again', async t => {
  const service = await deployed(t, echo({ X: 'number' }))
  const socket = openSocket(service.url)
  t.teardown(() => socket.destroy())
  for (
    const [query, file, status] of [['', csv.replace('X', 'Z'), 422], ['columns=outputs', 'X\n1\n',
      200], ['tag=t', csv, 404], ['', 'X\n1\n', 200]] as const
  ) {
    const { headers, body } = fileForm(file)
    await send(socket,
      head(service.scoreUrl(query), { ...headers, 'content-length': String(body.length) }))
    await send(socket, body)
    t.equal((await readAnswer(socket)).status, status)
  }
})
