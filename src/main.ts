import { setFlagsFromString } from 'node:v8'
import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { readConfig, type Config } from './config.js'
import { prepareSpool } from './http/spool-area.js'
import { loggerOptions } from './logging.js'
import { openService } from './service.js'

/** What closing may take beyond the drain itself. */
const CLOSING_MS = 5_000

// The garbage of rows in flight reaches V8's old space, which may otherwise grow to several times of what lives there before it is
// collected: 150 MB more for a long file than for a short one. Half as much again costs no speed that could be measured.
setFlagsFromString('--heap-growing-percent=50')

const config = await configOrExit()
const log = pino(loggerOptions(config.LOG_LEVEL))
const { app, stop } = await openService(config, log)

closeWithGrace({ delay: config.DRAIN_SECONDS * 1000 + CLOSING_MS, logger: log }, async ({ err: error, signal }) => {
  if (error !== undefined) log.fatal({ err: error }, 'ending after an error nobody handled')
  else log.info({ signal }, 'ending')
  await stop()
})

await app.listen({ port: config.PORT, host: config.HOST })
if (config.AUTH_MODE === 'none') log.warn('AUTH_MODE=none: whoever reaches this service may deploy, score and delete models')

async function configOrExit (): Promise<Config> {
  try {
    const config = readConfig(process.env)
    await prepareSpool(config.SPOOL_DIR)
    return config
  } catch (error) {
    console.error((error as Error).message)
    process.exit(2)
  }
}
