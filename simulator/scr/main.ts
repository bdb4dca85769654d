// The model server alone: `node main.js sr_hmeq_logreg:1.0` listens on PORT (default 8080), so that it can be a container.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { CRASH_EXIT_CODE, CRASH_LOG, HUNGRY_BYTES, OTHER_PORT, SLOW_START_MS } from './faults.js'
import { demoImage } from './images.js'
import { demoModels } from './models.js'
import { scrListener } from './scr-server.js'

/** Well below the time that Kubernetes gives before it kills. */
const STOP_MS = 300

const reference = process.argv[2] ?? ''
const image = demoImage(reference)
if (image === undefined) {
  fail(`no such image: "${reference}"; there are ${Object.keys(demoModels).join(', ')}, each also with a fault's suffix`)
} else if (image.fault === 'missing' || image.fault === 'denied') {
  fail(`${reference} cannot be pulled, so it cannot run`)
} else if (image.fault === 'crash') {
  console.log(CRASH_LOG)
  process.exitCode = CRASH_EXIT_CODE
} else {
  const server = http.createServer({ keepAliveTimeout: 20_000 }, scrListener(image, process.env)) // Tomcat's default
  process.once('SIGTERM', () => stop(server))
  if (image.fault === 'slowstart') {
    log(`Loading ${image.name}`)
    await sleep(SLOW_START_MS)
  }
  if (image.fault === 'hungry') {
    log(`Loading ${image.name}`)
    await eat()
  }
  server.listen(image.fault === 'otherport' ? OTHER_PORT : Number(process.env['PORT'] ?? 8080), () => {
    const { port } = server.address() as AddressInfo
    log(`Started ${image.name} ${image.tag} on port ${port} in ${process.uptime().toFixed(3)} seconds`)
  })
}

/** Slowly enough to be seen running. The pages are written, or the system would not count them. */
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

/** Running answers may finish; the callback comes at once when the server does not listen yet. */
function stop (server: http.Server): void {
  server.close(() => process.exit(0))
  server.closeIdleConnections()
  setTimeout(() => server.closeAllConnections(), STOP_MS)
}

/** One line as SCR's structured logging writes it. */
function log (message: string): void {
  console.log(JSON.stringify({ timeStamp: new Date().toISOString(), level: 'info', source: 'scr', message }))
}
