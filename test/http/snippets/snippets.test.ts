import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import path from 'node:path'
import { writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { demoImage } from '../../../simulator/scr/images.js'
import { deployed, program, type Deployed } from '../../support/model-program.js'
import { missing, Program } from '../../support/program.js'
import { folder } from '../../support/service.js'
import { sized } from '../../support/size.js'

// The programs of /models/{name}/snippets, run as they are written.

const IMAGE = 'registry.demo/sr_hmeq_logreg:1.0'
const PACKAGE = path.resolve('clients/python/src')

async function snippet ({ url }: Pick<Deployed, 'url'>, language: string): Promise<string> {
  const response = await fetch(`${url}/models/m/snippets?for=${language}`)
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${response.status} ${text}`)
  return text
}

/** What the program prints; fails unless it ends well. */
async function printed (t: Test, language: string, text: string, env = {}): Promise<string> {
  const file = path.join(await folder(t), 'snippet')
  await writeFile(file, text)
  const command = language === 'curl' ? 'sh' : 'python3'
  const ran = new Program(t, command, [file], { PYTHONPATH: PACKAGE, ...env })
  t.same(await ran.ended, { code: 0, signal: null }, `${ran.stderr}\n${text}`)
  return ran.stdout
}

/** The score of the row that the snippets send, by the published formula. */
function expectedScore (): number {
  const { model } = demoImage(IMAGE)!
  const row = Object.fromEntries(model.inputs.map(({ name, type }) =>
    [name, type === 'number' ? 1 : 'A']))
  return model.score(row)['P_BAD1'] as number
}

async function withoutPandas (t: Test): Promise<false | string> {
  if (await missing(t, 'python3') !== false) return 'python3 is not on this machine'
  const { code } = await new Program(t, 'python3', ['-c', 'import pandas']).ended
  return code === 0 ? false : 'python3 has no pandas on this machine'
}

const noCurl = await missing(t, 'curl')
const noPython = await missing(t, 'python3')
const noPandas = await withoutPandas(t)

t.test('the lines for curl print the row with the score of the published formula', { skip: noCurl }, async t => {
  const service = await deployed(t, IMAGE)
  const text = await printed(t, 'curl', await snippet(service, 'curl'))
  const [row] = parse(text, { columns: true }) as Array<Record<string, string>>
  t.match(row, { JOB: 'A', P_BAD1: String(expectedScore()), _error: '' })
})

t.test('the program for Python does', { skip: noPython }, async t => {
  const service = await deployed(t, IMAGE)
  const text = await printed(t, 'python', await snippet(service, 'python'))
  t.match(text, `'P_BAD1': ${expectedScore()},`)
})

t.test('the program for pandas does', { skip: noPandas }, async t => {
  const service = await deployed(t, IMAGE)
  const text = await printed(t, 'pandas',
    `${await snippet(service, 'pandas')}print(repr(float(scored["P_BAD1"][0])))\n`)
  t.equal(text.trimEnd().split('\n').at(-1), String(expectedScore()))
})

t.test('a program ends with the service\'s words when the model is gone', { skip: noPython }, async t => {
  const service = await deployed(t, IMAGE)
  const file = path.join(await folder(t), 'snippet')
  await writeFile(file, await snippet(service, 'python'))
  await fetch(`${service.url}/models/m?wait=30`, { method: 'DELETE' })
  const ran = new Program(t, 'python3', [file])
  t.equal((await ran.ended).code, 1)
  t.match(ran.stderr, 'check the name against GET /models')
})

/** Names that a header line can have, each of which means something somewhere. */
const NAMED = ['it\'s', 'say "no"', '$(exit 3)', '`exit 3`', '$HOME', 'a,b', 'back\\slash', '\\\'',
  '%let x', '&scr_url', '#{x}', '"""', '\'\'\'', 'größe', '変数', 'Z͑', '; exit 3', '!!', '*', '-d']
const oddNames = [
  ...NAMED,
  ...fc.sample(fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }), sized(400, 60))
].filter(name => name === name.trim() && name !== '' && !/\p{C}/u.test(name))
const unseen = ['line\nend', 'tab\t', '\u001b[201~', '\u202e', 'nul\0', '\u{1F3F4}\u{E0067}']

/** A model with these inputs, of which every other is a text, and the row that a snippet sends. */
function odd (names: readonly string[]) {
  const inputs = Object.fromEntries(
    [...new Map(names.map(name => [name.toLowerCase(), name])).values()].map((name, index) =>
      [name, index % 2 === 0 ? 'number' as const : 'string' as const])
  )
  const row = Object.fromEntries(
    Object.entries(inputs).map(([name, type]) => [name, type === 'number' ? 1 : 'A'])
  )
  return {
    row,
    model: program({ inputs, outputs: { DONE: 'number' }, score: () => ({ DONE: 1 }) })
  }
}

for (
  const [language, names, skip] of [
    ['curl', oddNames, noCurl],
    ['python', [...oddNames, ...unseen], noPython],
    ['pandas', oddNames, noPandas]
  ] as const
) {
  t.test(`${language}: the model gets every input by its name, whatever is in it`, { skip }, async t => {
    const { row, model } = odd(names)
    const service = await deployed(t, model)
    await printed(t, language, await snippet(service, language))
    t.strictSame(model.asked.map(({ row }) => row), [row])
  })
}

t.test('a model that describes nothing has no snippet', async t => {
  const service = await deployed(t, program({ score: () => ({}) }))
  await t.rejects(snippet(service, 'curl'), { message: /404 .*its columns are not known/ })
})

t.test('a language that there is not is refused, and none is curl', async t => {
  const service = await deployed(t, IMAGE)
  await t.rejects(snippet(service, 'cobol'), { message: /422 .*query\.for.*curl, python, pandas/ })
  const response = await fetch(`${service.url}/models/m/snippets`)
  t.equal(await response.text(), await snippet(service, 'curl'))
  t.match(Object.fromEntries(response.headers), {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store'
  })
})
