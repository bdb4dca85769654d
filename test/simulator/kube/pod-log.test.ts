import t from 'tap'
import { CORE, startCluster } from '../support.js'

t.test('pod logs: options and errors as recorded', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a')
  await cluster.ready('a')
  const name = (await cluster.pods('a'))[0]?.metadata.name ?? ''
  const log = async (query: string, headers = {}) =>
    await cluster.api('GET', `${CORE}/pods/${name}/log?${query}`, undefined, headers)

  const { status, headers, text } = await log('container=user-container')
  t.strictSame([status, headers['content-type']], [200, 'text/plain'])
  t.match(text, /listening on port 8080\n$/)
  t.equal((await log('container=user-container&tailLines=1')).text, 'listening on port 8080\n')
  t.equal((await log('container=user-container&tailLines=0')).text, '')
  t.equal((await log('container=user-container&limitBytes=8')).text, 'starting')
  t.match((await log('')).body, {
    code: 400,
    message:
      `a container name must be specified for pod ${name}, choose one of: [user-container queue-proxy]`
  })
  t.match((await log('container=nosuch')).body, {
    code: 400,
    message: `container nosuch is not valid for pod ${name}`
  })
  t.match((await log('container=user-container&tailLines=-1')).body, {
    code: 422,
    message:
      `PodLogOptions "${name}" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0`
  })
  t.match((await log('container=user-container&previous=true')).body, {
    code: 400,
    message: `previous terminated container "user-container" in pod "${name}" not found`
  })
  t.equal((await log('container=user-container', { accept: 'text/plain' })).status, 406)
  t.equal((await log('container=user-container', { accept: '*/*' })).status, 200)
  t.match((await cluster.api('GET', `${CORE}/pods/nosuch/log`)).body, {
    code: 404,
    message: 'pods "nosuch" not found'
  })
})

t.test('a followed log ends when the pod does', async t => {
  const cluster = await startCluster(t, { timing: { drainMs: 50 } })
  await cluster.create('a')
  await cluster.ready('a')
  const name = (await cluster.pods('a'))[0]?.metadata.name ?? ''
  const followed = cluster.api('GET',
    `${CORE}/pods/${name}/log?container=user-container&follow=true`)
  await cluster.api('DELETE', `${CORE}/pods/${name}?gracePeriodSeconds=0`)
  t.match((await followed).text, /listening on port 8080\n$/)
})
