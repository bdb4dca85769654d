import { writeFile } from 'node:fs/promises'
import { openapiYaml } from '../test/support/openapi.js'

// Writes openapi.yaml from the routes; a test compares the two.
await writeFile('openapi.yaml', await openapiYaml())
