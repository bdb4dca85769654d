import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { readConfig, type Config } from './config.js'
import { loggerOptions } from './logging.js'
import { openService } from './service.js'

/** What closing may take beyond the drain itself. */
const CLOSING_MS = 5_000

const config = configOrExit()
const log = pino(loggerOptions(config.LOG_LEVEL))
const { app, stop } = await openService(config, log)

closeWithGrace({ delay: config.DRAIN_SECONDS * 1000 + CLOSING_MS, logger: log }, async ({ err: error, signal }) => {
  if (error !== undefined) log.fatal({ err: error }, 'ending after an error nobody handled')
  else log.info({ signal }, 'ending')
  await stop()
})

await app.listen({ port: config.PORT, host: config.HOST })
if (config.AUTH_MODE === 'none') log.warn('AUTH_MODE=none: whoever reaches this service may deploy, score and delete models')

function configOrExit (): Config {
  try {
    return readConfig(process.env)
  } catch (error) {
    console.error((error as Error).message)
    process.exit(2)
  }
}
