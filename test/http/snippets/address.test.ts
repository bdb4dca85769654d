import http from 'node:http'
import t from 'tap'
import { publicUrl } from '../../../src/http/snippets/public-url.js'
import { deployed } from '../../support/model-program.js'

// Which address the snippets have.

const cases: ReadonlyArray<readonly [headers: http.IncomingHttpHeaders, url: string]> = [
  [{ host: '127.0.0.1:8080' }, 'http://127.0.0.1:8080'],
  [{ host: 'SCR.example.com' }, 'http://SCR.example.com'],
  [{ host: 'scr_modelops:8080' }, 'http://scr_modelops:8080'],
  [{ host: '[::1]:8080' }, 'http://[::1]:8080'],
  [{ host: 'scr.example.com', 'x-forwarded-proto': 'https' }, 'https://scr.example.com'],
  [{ host: 'scr.example.com', 'x-forwarded-proto': 'HTTPS, http' }, 'https://scr.example.com'],
  [{
    host: '10.0.0.7:8080',
    'x-forwarded-host': 'scr.example.com, inner',
    'x-forwarded-proto': 'https'
  }, 'https://scr.example.com']
]
for (const [headers, url] of cases) {
  t.test(`the address of ${JSON.stringify(headers)} is ${url}`, async t => {
    t.equal(publicUrl(headers, undefined), url)
  })
}

for (
  const headers of [
    {},
    { host: '' },
    { host: 'a b' },
    { host: 'a\'; rm -rf' },
    { host: 'user@host' },
    { host: 'host/path' },
    { host: 'host:123456' },
    { host: '-host' },
    { host: 'hôst' },
    { host: '&host' },
    { host: '[::1' },
    { host: 'h'.repeat(300) },
    { host: 'h', 'x-forwarded-proto': 'javascript' },
    { host: 'h', 'x-forwarded-host': '$(id)' },
    { host: 'h', 'x-forwarded-host': '' }
  ]
) {
  t.test(`no address begins with ${JSON.stringify(headers)}`, async t => {
    t.throws(() => publicUrl(headers, undefined), { message: /is not what an address begins with/ })
    t.equal(publicUrl(headers, 'https://scr.example.com'), 'https://scr.example.com')
  })
}

/** By node:http, since fetch writes Host itself. */
async function curlLines (url: string, headers: http.OutgoingHttpHeaders): Promise<string> {
  return await new Promise((resolve, reject) => {
    http.get(`${url}/models/m/snippets`, { headers, agent: false }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', piece => { text += piece })
      response.once('end', () => resolve(`${response.statusCode} ${text}`)).once('error', reject)
    }).once('error', reject)
  })
}

t.test('a caller sees the address that it called', async t => {
  const { url } = await deployed(t, 'registry.demo/sr_hmeq_logreg:1.0')
  t.match(await curlLines(url, { host: 'scr.example.com', 'x-forwarded-proto': 'https' }),
    '\'https://scr.example.com/models/m/score\'')
  t.match(await curlLines(url, { host: 'a\'b' }), /^422 .*header\.Host.*PUBLIC_URL/)
})

t.test('with PUBLIC_URL a caller sees that, whatever it called', async t => {
  const { url } = await deployed(t, 'registry.demo/sr_hmeq_logreg:1.0', {
    env: { PUBLIC_URL: 'https://scr.example.com/models-api/' }
  })
  t.match(await curlLines(url, { host: 'a\'b' }),
    '\'https://scr.example.com/models-api/models/m/score\'')
})
