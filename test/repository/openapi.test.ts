import { readFile } from 'node:fs/promises'
import t from 'tap'
import { openapiYaml } from '../../scripts/openapi-yaml.js'

t.test('openapi.yaml is what the routes say (npm run openapi writes it)', async t => {
  t.equal(await readFile('openapi.yaml', 'utf8'), await openapiYaml())
})
