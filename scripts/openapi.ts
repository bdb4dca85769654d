import { writeFile } from 'node:fs/promises'
import { openapiYaml } from './openapi-yaml.js'

// Writes openapi.yaml from the routes; a test compares the two.
await writeFile('openapi.yaml', await openapiYaml())
