import { once } from 'node:events'
import t from 'tap'
import { openSocket, readAnswer, send } from '../support/caller.js'
import { deployed, echo } from '../support/model-program.js'

// Requests that are no HTTP, or that two readers could read in two ways: a problem document that
// says why, never a 500, and the service goes on.

const score = 'POST /models/m/score HTTP/1.1\r\nHost: x\r\n'
const chunked = `${score}Transfer-Encoding: chunked\r\n\r\n`
const livez = 'GET /livez HTTP/1.1\r\nHost: x\r\n'

type Case = readonly [it: string, request: string, status: number, says: RegExp]
const refused: readonly Case[] = [
  ['two Content-Lengths', `${score}Content-Length: 4\r\nContent-Length: 5\r\n\r\nX\n1\n`, 400, /two lengths/],
  ['two Content-Lengths that agree', `${score}Content-Length: 4\r\nContent-Length: 4\r\n\r\nX\n1\n`, 400, /two lengths/],
  ['a length and chunks', `${score}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400, /not HTTP/],
  ['a length below zero', `${score}Content-Length: -1\r\n\r\n`, 400, /Content-Length is not a length/],
  ['a length beyond all numbers', `${score}Content-Length: 99999999999999999999\r\n\r\n`, 400, /not a length/],
  ['a coding that is not known last', `${score}Transfer-Encoding: identity\r\n\r\n`, 400, /does not end with chunked/],
  ['a chunk without a size', `${chunked}zz\r\n`, 400, /not a hexadecimal number|not HTTP/],
  ['a chunk longer than its size', `${chunked}2\r\nX\n1\n\r\n0\r\n\r\n`, 400, /not HTTP/],
  ['a chunk with a long extension', `${chunked}4;${'e'.repeat(50_000)}\r\nX\n1\n\r\n`, 400, /extensions of a chunk/],
  ['100 KB of headers', `${livez}A: ${'b'.repeat(100_000)}\r\n\r\n`, 431, /larger than 16 KiB/],
  ['3,000 headers', `${livez}${'Abcdef: bcdef\r\n'.repeat(3_000)}\r\n`, 431, /larger than 16 KiB/],
  ['an address of 100 KB', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, /larger than 16 KiB/],
  ['a header without a name', `${livez}Abc\r\n\r\n`, 400, /a character that headers can't have/],
  ['a method that is not known', 'FOO /livez HTTP/1.1\r\nHost: x\r\n\r\n', 400, /the method is not known/],
  ['a proxy\'s method', 'CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n', 400, /this is no proxy/],
  ['no Host', 'GET /livez HTTP/1.1\r\n\r\n', 400, /no Host header/],
  ['two Hosts', `${livez}Host: y\r\n\r\n`, 400, /more than one Host header/],
  ['an expectation', `${score}Expect: bogus\r\nContent-Length: 0\r\n\r\n`, 417, /nothing is known of Expect/],
  ['half a percent sign', 'GET /models/%zz HTTP/1.1\r\nHost: x\r\n\r\n', 400, /a % that is not followed/]
]

t.test('what is no request is refused with a problem document that says why', async t => {
  const { url } = await deployed(t, echo({ X: 'number' }))
  for (const [it, request, status, says] of refused) {
    const caller = openSocket(url)
    t.teardown(() => caller.destroy())
    await send(caller, request)
    const { status: found, headers, body } = await readAnswer(caller)
    caller.destroy()
    t.equal(found, status, it)
    t.match(headers['content-type'], /^application\/problem\+json/, it)
    const { detail, remedy } = JSON.parse(body) as Record<'detail' | 'remedy', string>
    t.match(detail, says, it)
    t.ok(remedy, it)
  }
  t.equal((await fetch(`${url}/livez`)).status, 200)
})

t.test('a caller who says that it does not speak HTTP is let go', async t => {
  const { url } = await deployed(t, echo({ X: 'number' }))
  const caller = openSocket(url)
  t.teardown(() => caller.destroy())
  await send(caller, Buffer.from('16030100a5010000a1030311', 'hex')) // TLS
  caller.resume()
  await once(caller, 'close')
  t.equal((await fetch(`${url}/livez`)).status, 200)
})
