import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { type ApiCall, type Connection, openConnection, warningsOf } from '../../../src/adapters/kubernetes/connection.js'
import { folder } from '../../support/service.js'
import { faultOf } from './support.js'

interface Opened { readonly connection: Connection, readonly calls: ApiCall[], setToken (token: string): Promise<void> }

async function open (t: Test, answer: http.RequestListener): Promise<Opened> {
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
  const connection = await openConnection({ kubeconfigFile, onCall: call => calls.push(call), callLimitMs: 300 })
  t.teardown(async () => await connection.close())
  return { connection, calls, setToken }
}

const never = new AbortController().signal

t.test('a refused token is read again, and the call is repeated with the new one', async t => {
  const { connection, setToken } = await open(t, (request, response) => {
    response.statusCode = request.headers.authorization === 'Bearer second' ? 200 : 401
    response.end('{"kind":"Status"}')
  })
  await setToken('second')
  t.same(await connection.getJson('/version', {}, never), { kind: 'Status' })
})

t.test('calls share connections that are kept', async t => {
  const sockets = new Set<unknown>()
  const { connection } = await open(t, (request, response) => {
    sockets.add(request.socket)
    response.end('{}')
  })
  for (let n = 0; n < 20; n++) await connection.getJson('/version', {}, never)
  t.ok(sockets.size <= 2, `20 calls one after the other on ${sockets.size} connections`)
})

t.test('a call without an answer ends at its limit, one without a server at once: both are unreachable', async t => {
  const { connection, calls } = await open(t, () => {})
  t.equal(await faultOf(connection.getJson('/api/v1/namespaces/n/pods', {}, never)), 'cluster-unreachable')
  t.match(calls, [{ verb: 'list', resource: 'pods', status: 0 }])
})

t.test('a call ends with its signal\'s reason, before and during', async t => {
  const { connection } = await open(t, () => {})
  await t.rejects(connection.getJson('/version', {}, AbortSignal.abort(new Error('before'))), { message: 'before' })
  const control = new AbortController()
  const call = connection.getJson('/version', {}, control.signal)
  control.abort(new Error('during'))
  await t.rejects(call, { message: 'during' })
})

t.test('warnings are read from several headers of one name', async t => {
  t.same(warningsOf({ warning: '299 - "unknown field \\"spec.x\\"", 299 - "insecure, a, b"' }), ['unknown field "spec.x"', 'insecure, a, b'])
})
