import t from 'tap'
import { answer, deployed, echo, program } from '../../support/model-program.js'

const signatureOf = async (url: string) =>
  await (await fetch(`${url}/models/m/signature`)).json() as Record<string, unknown>

t.test('a signature tells inputs and outputs as an OpenAPI 3 description has them, and the revision', async t => {
  const { url } = await deployed(t, 'registry.demo/credit_grade:1.0')
  t.strictSame(await signatureOf(url), {
    inputs: [
      { name: 'INCOME', type: 'number', required: true },
      { name: 'DEBT', type: 'number', required: true },
      { name: 'REGION', type: 'string', length: 8, required: true },
      { name: 'ACCOUNT', type: 'string', length: 12, required: true }
    ],
    outputs: [
      { name: 'GRADE', type: 'string', length: 8 },
      { name: 'SCORE', type: 'number' },
      { name: 'REASON_CODE', type: 'string', length: 12 },
      { name: 'ACCOUNT_OUT', type: 'string', length: 12 },
      { name: 'LIMIT', type: 'number' }
    ],
    inferred: false,
    revision: 'm-00001'
  })
})

t.test('a signature tells what a Swagger 2 description has', async t => {
  const { url } = await deployed(t, 'registry.demo/sr_hmeq_tree:1.0')
  const { inputs, outputs } = await signatureOf(url) as Record<
    string,
    Array<{ name: string, type: string }>
  >
  t.strictSame(inputs?.map(({ name, type }) => `${name} ${type}`), ['CLAGE number',
    'DEBTINC number', 'DELINQ number', 'JOB string'])
  t.strictSame(outputs?.map(({ name, type }) => `${name} ${type}`), ['_NODE_ number',
    'P_BAD1 number', 'P_BAD0 number', 'I_BAD string'])
})

t.test('with format=pandas a signature is the dtype of each column of the scored file', async t => {
  const { url } = await deployed(t, echo({ X: 'number', C: 'string' }))
  const response = await fetch(`${url}/models/m/signature?format=pandas&revisionColumn=true`)
  t.match(response.headers.get('content-type'), /^application\/json/)
  t.strictSame(await response.json(), {
    X: 'Float64',
    C: 'string',
    OUT_X: 'Float64',
    OUT_C: 'string',
    _revision: 'string',
    _error: 'string'
  })
})

t.test('format=pandas takes no delimiter, and is 404 of a model that describes nothing', async t => {
  const { url } = await deployed(t, program({ score: () => ({}) }))
  const asked = async (query: string) =>
    await (await fetch(`${url}/models/m/signature?format=pandas${query}`)).json()
  t.match(await asked('&delimiter=tab'), { status: 422, detail: /query\.delimiter: is not for format=pandas/ })
  t.match(await asked(''), { status: 404, detail: /describes nothing of itself/ })
})

t.test('a model that describes nothing has an inferred signature without variables', async t => {
  const { url } = await deployed(t, program({ score: () => ({}) }))
  t.strictSame(await signatureOf(url), {
    inputs: [],
    outputs: [],
    inferred: true,
    revision: 'm-00001'
  })
})

t.test('the signature of an unknown revision is 404', async t => {
  const { url } = await deployed(t, echo({ X: 'number' }))
  t.equal((await fetch(`${url}/models/m/signature?revision=m-00007`)).status, 404)
})

t.test('a description that is no model\'s is 502', async t => {
  const { url } = await deployed(t,
    (_request, response) => answer(response, 200, { openapi: '3.0.1' }))
  t.equal((await fetch(`${url}/models/m/signature`)).status, 502)
})
