import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import {
  type ApiCall,
  type Connection,
  openConnection
} from '../../../../src/adapters/kubernetes/api/connection.js'
import { readWarnings } from '../../../../src/adapters/kubernetes/api/http.js'
import { folder } from '../../../support/service.js'
import { missing, Program } from '../../../support/program.js'
import { failureOf, faultOf } from '../support.js'

interface Opened {
  readonly connection: Connection
  readonly calls: ApiCall[]
  setToken(token: string): Promise<void>
}

async function open (t: Test, answer: http.RequestListener, callLimitMs = 10_000): Promise<Opened> {
  const server = http.createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const kubeconfigFile = path.join(await folder(t), 'kubeconfig')
  const { port } = server.address() as AddressInfo
  const setToken = async (token: string) => {
    await writeFile(kubeconfigFile, JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [{ name: 'u', user: { token } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x'
    }))
  }
  await setToken('first')
  const calls: ApiCall[] = []
  const connection = await openConnection({
    kubeconfigFile,
    onCall: call => calls.push(call),
    callLimitMs
  })
  t.teardown(async () => await connection.close())
  return { connection, calls, setToken }
}

const never = new AbortController().signal

const get = async (connection: Connection, path: string, signal: AbortSignal) =>
  (await connection.send('GET', path, undefined, signal)).body

t.test('a refused token is read again, and the call is repeated with the new one', async t => {
  const { connection, setToken } = await open(t, (request, response) => {
    response.statusCode = request.headers.authorization === 'Bearer second' ? 200 : 401
    response.end('{"kind":"Status"}')
  })
  await setToken('second')
  t.same(await get(connection, '/version', never), { kind: 'Status' })
})

t.test('a refusal as too much is repeated after Retry-After, not before', async t => {
  const asked: number[] = []
  const { connection } = await open(t, (_, response) => {
    asked.push(performance.now())
    if (asked.length > 1) return response.end('{}')
    response.writeHead(429, { 'retry-after': '1' }).end(
      '{"kind":"Status","reason":"TooManyRequests"}'
    )
  }, 10_000)
  t.same(await get(connection, '/version', never), {})
  t.ok((asked[1] ?? 0) - (asked[0] ?? 0) >= 999)
})

t.test('a refusal as too much for long, or again and again, is the caller\'s', async t => {
  let asked = 0
  const { connection } = await open(t, ({ url }, response) => {
    asked++
    response.writeHead(429, { 'retry-after': url?.startsWith('/long') === true ? '60' : '0' }).end(
      '{}'
    )
  })
  const long = await failureOf(get(connection, '/long', never)) as {
    status: number
    retryAfterSeconds: number
  }
  t.same([long.status, long.retryAfterSeconds, asked], [429, 60, 1])
  await failureOf(get(connection, '/version', never))
  t.equal(asked, 4, 'three more')
})

const OPENSSL = await missing(t, 'openssl')
t.test('a client certificate that was replaced is read again, on a new connection', {
  skip: OPENSSL
}, async t => {
  const home = await folder(t)
  const made = async (name: string) => {
    const [key, cert] = [path.join(home, `${name}.key`), path.join(home, `${name}.crt`)]
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
      '-days', '1', '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout',
      key, '-out', cert]
    const openssl = new Program(t, 'openssl', args)
    if ((await openssl.ended).code !== 0) throw new Error(openssl.stderr)
    return { key: await readFile(key), cert: await readFile(cert) }
  }
  const [server, old, next] = [await made('server'), await made('old'), await made('next')]
  const seen: string[] = []
  const api = https.createServer({ ...server, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate()
      seen.push(String(subject?.CN))
      response.statusCode = subject?.CN === 'next' ? 200 : 401
      response.end('{"kind":"Status"}')
    })
  api.listen(0, '127.0.0.1')
  await once(api, 'listening')
  t.teardown(() => {
    api.closeAllConnections()
    api.close()
  })
  const [kubeconfigFile, certFile, keyFile] = [path.join(home, 'kubeconfig'),
    path.join(home, 'client.crt'), path.join(home, 'client.key')]
  const put = async ({ key, cert }: { key: Buffer, cert: Buffer }) => {
    await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key)])
  }
  await put(old)
  await writeFile(kubeconfigFile, JSON.stringify({
    clusters: [{
      name: 'c',
      cluster: {
        server: `https://127.0.0.1:${(api.address() as AddressInfo).port}`,
        'certificate-authority-data': server.cert.toString('base64')
      }
    }],
    users: [{ name: 'u', user: { 'client-certificate': certFile, 'client-key': keyFile } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x'
  }))
  const connection = await openConnection({ kubeconfigFile })
  t.teardown(async () => await connection.close())
  t.equal((await failureOf(get(connection, '/version', never)) as { status: number }).status, 401)
  await put(next)
  t.same(await get(connection, '/version', never), { kind: 'Status' })
  t.same(seen, ['old', 'old', 'old', 'next'])
})

t.test('calls share connections that are kept', async t => {
  const sockets = new Set<unknown>()
  const { connection } = await open(t, (request, response) => {
    sockets.add(request.socket)
    response.end('{}')
  })
  for (let n = 0; n < 20; n++) await get(connection, '/version', never)
  t.ok(sockets.size <= 2, `20 calls one after the other on ${sockets.size} connections`)
})

t.test('a call without an answer ends at its limit, one without a server at once: both are unreachable', async t => {
  const { connection, calls } = await open(t, () => {}, 300)
  t.equal(await faultOf(get(connection, '/api/v1/namespaces/n/pods', never)), 'cluster-unreachable')
  t.match(calls, [{ verb: 'list', resource: 'pods', status: 0 }])
})

t.test('a call ends with its signal\'s reason, before and during', async t => {
  const { connection } = await open(t, () => {})
  await t.rejects(get(connection, '/version', AbortSignal.abort(new Error('before'))), {
    message: 'before'
  })
  const control = new AbortController()
  const call = get(connection, '/version', control.signal)
  control.abort(new Error('during'))
  await t.rejects(call, { message: 'during' })
})

t.test('warnings are read from several headers of one name', async t => {
  t.same(readWarnings('299 - "unknown field \\"spec.x\\"", 299 - "insecure, a, b"'), [
    'unknown field "spec.x"',
    'insecure, a, b'
  ])
})
