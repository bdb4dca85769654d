// This runs the model server alone, so that it can be a container: `node main.js
// sr_hmeq_logreg:1.0` listens on PORT (default 8080).
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { CRASH_EXIT_CODE, CRASH_LOG, HUNGRY_BYTES, OTHER_PORT, SLOW_START_MS } from './faults.js'
import { demoImage } from './images.js'
import { demoModels } from './models.js'
import { scrListener } from './scr-server.js'

/** Running answers get this time to finish. Kubernetes gives far more before it kills. */
const STOP_MS = 300

const reference = process.argv[2] ?? ''
const image = demoImage(reference)
if (image === undefined) {
  fail(
    `no such image: "${reference}"; there are ${Object.keys(demoModels).join(', ')}, each also with a fault's suffix`
  )
} else if (image.fault === 'missing' || image.fault === 'denied') {
  fail(`${reference} cannot be pulled, so it cannot run`)
} else if (image.fault === 'crash') {
  console.log(CRASH_LOG)
  process.exitCode = CRASH_EXIT_CODE
} else {
  // Tomcat has the same keep-alive time by default.
  const server = http.createServer({ keepAliveTimeout: 20_000 }, scrListener(image, process.env))
  process.once('SIGTERM', () => stop(server))
  if (image.fault === 'slowstart') {
    log(`Loading ${image.name}`)
    await sleep(SLOW_START_MS)
  }
  if (image.fault === 'hungry') {
    log(`Loading ${image.name}`)
    await eat()
  }
  server.listen(
    image.fault === 'otherport' ? OTHER_PORT : Number(process.env['PORT'] ?? 8080),
    () => {
      const { port } = server.address() as AddressInfo
      log(
        `Started ${image.name} ${image.tag} on port ${port} in ${process.uptime().toFixed(3)} seconds`
      )
    }
  )
}

/**
 * Takes memory, so slowly that the container is seen running. It writes to the pages, because the
 * system does not count untouched ones.
 */
async function eat (): Promise<void> {
  const eaten: Buffer[] = []
  const bite = 8 * 2 ** 20
  for (let bytes = 0; bytes < HUNGRY_BYTES; bytes += bite) {
    eaten.push(Buffer.alloc(bite, 1))
    await sleep(20)
  }
}

function fail (message: string): void {
  console.error(message)
  process.exitCode = 1
}

/** Lets running answers finish, then exits. A server that does not listen yet closes at once. */
function stop (server: http.Server): void {
  server.close(() => process.exit(0))
  server.closeIdleConnections()
  setTimeout(() => server.closeAllConnections(), STOP_MS)
}

/** Prints one line in the form of SCR's structured logging. */
function log (message: string): void {
  console.log(
    JSON.stringify({ timeStamp: new Date().toISOString(), level: 'info', source: 'scr', message })
  )
}
