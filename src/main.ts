import { setFlagsFromString } from 'node:v8'
import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { readConfig } from './config.js'
import { prepareSpool } from './http/transfer/spool-area.js'
import { loggerOptions } from './logging.js'
import { openService } from './service.js'

/** Time for closing beyond the drain itself. */
const CLOSING_MS = 5_000

// The garbage of rows in flight reaches V8's old space. By default that may grow to several times
// its live size before it is collected, 150 MB more for a long file than for a short one. A growth
// of half costs no speed that could be measured.
setFlagsFromString('--heap-growing-percent=50')

/**
 * A process that crashed must end. The library's handlers would run JavaScript in it again and
 * again.
 */
const CRASHES = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV', 'SIGUSR2'] as const

const config = await orExit(async () => {
  const config = readConfig(process.env)
  await prepareSpool(config.spool.folder)
  return config
})
const out = pino.destination({ dest: 1, sync: true })
out.on('error', () => process.exit(1)) // the terminal is gone, or nobody reads the log
const log = pino(loggerOptions(config.logLevel), out)
const { app, stop } = await orExit(async () => await openService(config, log))

closeWithGrace(
  { delay: config.drainMs + CLOSING_MS, logger: log, skip: [...CRASHES] },
  async ({ err: error, signal }) => {
    if (error !== undefined) log.fatal({ err: error }, 'ending after an error nobody handled')
    else log.info({ signal }, 'ending')
    await stop()
  }
)

await app.listen({ port: config.port, host: config.host })
if (config.auth.mode === 'none') {
  log.warn('AUTH_MODE=none: whoever reaches this service may deploy, score and delete models')
}

/** Ends the process when `start` fails. A bad setting is told without a stack. */
async function orExit<T> (start: () => Promise<T>): Promise<T> {
  try {
    return await start()
  } catch (error) {
    const { message, stack } = error as Error
    console.error(message.startsWith('bad configuration') ? message : stack)
    process.exit(2)
  }
}
