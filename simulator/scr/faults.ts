import type http from 'node:http'
import type { Fault } from './images.js'

/** What a `-crash` container prints before it ends. */
export const CRASH_LOG = 'FATAL: could not load model: SASTKDS2 library not found'
export const CRASH_EXIT_CODE = 3
/** What a `-hungry` container takes while it starts. */
export const HUNGRY_BYTES = 512 * 2 ** 20
/** Where an `-otherport` container listens, wherever it is asked to. */
export const OTHER_PORT = 8081
/** How long a `-slowstart` container runs before it listens: a little more than the 12-15 s of real ones. */
export const SLOW_START_MS = 20_000
/** What each answer of a `-slow` container takes. */
export const SLOW_ANSWER_MS = 250

/** A model's listener with the faults that show while serving; the others belong to pulling and starting. */
export function withFault (fault: Fault | undefined, listener: http.RequestListener): http.RequestListener {
  if (fault === 'slow') return (req, res) => { setTimeout(listener, SLOW_ANSWER_MS, req, res) }
  if (fault === 'flaky') return flaky(listener)
  return listener
}

/**
 * Counts the POSTs of one container: each 40th is a 500 without a body, each other 25th a connection that ends without an
 * answer, each other 10th a 503. No two in a row fail, so a client that tries once more always succeeds.
 */
function flaky (listener: http.RequestListener): http.RequestListener {
  let calls = 0
  return (req, res) => {
    if (req.method === 'POST') calls++
    const isEvery = (n: number) => req.method === 'POST' && calls % n === 0
    if (isEvery(40)) whenRead(req, () => res.writeHead(500, { 'content-length': 0 }).end())
    else if (isEvery(25)) whenRead(req, () => res.destroy())
    else if (isEvery(10)) whenRead(req, () => res.writeHead(503, { 'content-type': 'text/plain' }).end('no executor is free\n'))
    else listener(req, res)
  }
}

function whenRead (req: http.IncomingMessage, then: () => void): void {
  req.on('end', then).resume()
}
