import t from 'tap'
import { openSimulator, openTestService } from '../support/service.js'

const bodies: ReadonlyArray<readonly [it: string, body: string, says: RegExp]> = [
  ['more members than a call takes', `{"image":"x"${',"a":1'.repeat(10_001)}}`, /^422 the body has more than 10000 members/],
  ['more items than a call takes', `[1${',1'.repeat(10_001)}]`, /^422 the body has more than 10000 members/],
  ['nested objects', '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000), /^422 the body is nested more than 100 levels deep/],
  ['nested arrays', `{"env":${'['.repeat(101)}${']'.repeat(101)}}`, /^422 the body is nested more than 100 levels deep/],
  ['signs within a text', `{"image":"registry.demo/sr_hmeq_tree:1.0","env":[{"name":"A","value":"${'[,\\",'.repeat(5_000)}"}]}`, /^20[01] /],
  ['a text that does not end', '{"image":"x\\"', /^400 the body is not JSON: it ends too early/],
  ['what is no JSON', '{image: 1}', /^400 the body is not JSON: unexpected "i" at character 2/],
  ['a field twice', '{"image":"a","image":"b"}', /^422 .*the name "image" is there twice/],
  ['a number beyond a double', '{"scaling":{"target":1e400}}', /^422 the body has a number that is larger/],
  ['a name of the language', '{"__proto__":{"a":1}}', /^422 the body has a name that no field can have/],
  ['nothing', '', /^400 /]
]

for (const [method, path, type] of [['PUT', '/models/m?dryRun=true', 'application/json'], ['PATCH', '/models/n', 'application/merge-patch+json']] as const) {
  t.test(`a body of ${method} that would take long to take apart is refused by its signs`, async t => {
    const { cluster } = await openSimulator(t, { timing: { podStartMs: 50 } })
    const { url } = await openTestService(t, cluster)
    const send = async (method: string, path: string, type: string, body: string) =>
      await fetch(url + path, { method, headers: { 'content-type': type }, body })
    await send('PUT', '/models/n?wait=20', 'application/json', '{"image":"registry.demo/sr_hmeq_tree:1.0"}')
    for (const [it, body, says] of bodies) {
      const response = await send(method, path, type, body)
      const { detail = '' } = await response.json() as { detail?: string }
      t.match(`${response.status} ${detail}`, says, it)
    }
  })
}
