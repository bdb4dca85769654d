import { pino } from 'pino'
import { stringify } from 'yaml'
import { buildApp, type Ports } from '../src/app.js'
import { readConfig } from '../src/config.js'
import { createMetrics } from '../src/metrics.js'

/** openapi.yaml as the routes have it. No route is called, so the ports are never used. */
export async function openapiYaml (): Promise<string> {
  const config = readConfig({ AUTH_MODE: 'none', IMAGE_ALLOW_LIST: '*' })
  const lifecycle = {
    stopping: false,
    closing: new AbortController(),
    abandon: new AbortController()
  }
  const app = await buildApp(
    config,
    {} as Ports,
    createMetrics(),
    lifecycle,
    pino({ level: 'silent' })
  )
  await app.ready()
  const document = app.swagger()
  await app.close()
  return stringify(JSON.parse(JSON.stringify(document)), {
    aliasDuplicateObjects: false,
    lineWidth: 160
  })
}
