import t from 'tap'
import { UNKNOWN_SIGNATURE, type Signature } from '../../../../src/domain/scoring/scorer/signature.js'
import { LANGUAGES, snippetFor, type Language } from '../../../../src/domain/scoring/snippets/snippet-for.js'

const inputs = (...names: readonly string[]): Signature => ({
  inputs: names.map(name => ({ name, type: 'number', required: true })),
  outputs: [],
  inferred: false
})

function snippet (language: Language, signature: Signature, needsToken = false): string {
  return snippetFor(language, { url: 'https://scr.example.com/a', model: 'm', signature, needsToken })
}

for (const language of LANGUAGES) {
  t.test(`${language}: the service's address and the model's name are in it, and no token is asked for`, async t => {
    const text = snippet(language, inputs('X'))
    t.match(text, /https:\/\/scr\.example\.com\/a\b/)
    t.match(text, /\bm\b/)
    t.notMatch(text, /authorization|SCR_MODELOPS_TOKEN|oauth_bearer/i)
    t.ok(text.endsWith('\n'))
  })

  t.test(`${language}: where callers have to log in it says from where it has the token`, async t => {
    const text = snippet(language, inputs('X'), true)
    const token = language === 'sas'
      ? /scr_connect\(url=\S+\)\n/
      : language === 'proc-http' ? /\burl="\S+" oauth_bearer=sas_services/ : /SCR_MODELOPS_TOKEN/
    t.match(text, token)
  })

  t.test(`${language}: a model that describes nothing has none`, async t => {
    t.throws(() => snippet(language, UNKNOWN_SIGNATURE), { message: /its columns are not known/ })
  })
}

// A terminal or SAS would do something else with these than show them.
for (const name of ['line\nend', 'tab\t', '\u001b[201~', '\u202e', 'nul\0', '\ud800', '\x7f']) {
  for (const language of ['curl', 'sas', 'proc-http'] as const) {
    t.test(`${language}: an input called ${JSON.stringify(name)} is refused`, async t => {
      t.throws(() => snippet(language, inputs('X', name)), { message: /query\.for: the input ".*" can't/ })
    })
  }
  t.test(`Python has an escape for ${JSON.stringify(name)}`, async t => {
    t.notMatch(snippet('python', inputs(name)).replaceAll('\n', ''), /\p{C}/u)
  })
}

for (const name of ['a_name_of_more_than_32_characters', ' X', '_N_', 'größe'.repeat(5), 'x']) {
  t.test(`sas: an input called "${name}" beside X is no variable of SAS`, async t => {
    t.throws(() => snippet('sas', inputs('X', name)), { message: /can't be the name of a SAS variable/ })
    t.doesNotThrow(() => snippet('proc-http', inputs('X', name)))
  })
}

t.test('sas: types and lengths are those that the model declares', async t => {
  const text = snippet('sas', {
    inputs: [
      { name: 'X', type: 'number', required: true },
      { name: 'JOB', type: 'string', length: 7, required: true },
      { name: 'it\'s', type: 'string', required: false },
      { name: 'GRID', type: 'string', format: 'json', required: true }
    ],
    outputs: [],
    inferred: false
  })
  t.match(text, 'options validvarname=any;')
  t.match(text, '    X 8\n    JOB $28\n    \'it\'\'s\'n $1024\n    GRID $1024\n')
  t.match(text, '  X = 1;\n  JOB = \'A\';\n  \'it\'\'s\'n = \'A\';\n  GRID = \'[]\';\n')
})

t.test('proc-http: no line is longer than SAS Studio shows, however many inputs there are', async t => {
  const names = Array.from({ length: 500 }, (_, index) => `it's input ${index}`)
  const lines = snippet('proc-http', inputs(...names)).split('\n')
  t.ok(lines.every(line => line.length < 170))
  const written = lines.flatMap(line => /^ {4}'(.*)'$/.exec(line)?.[1]?.replaceAll('\'\'', '\'') ?? [])
  t.equal(written.join(''), names.join() + names.map(() => '1').join())
})
