import type http from 'node:http'
import { ODDITIES, withOddAnswers, type AnswerFault } from './answer-faults.js'
import type { Fault } from './images.js'

/** A `-crash` container prints this before it ends. */
export const CRASH_LOG = 'FATAL: could not load model: SASTKDS2 library not found'
export const CRASH_EXIT_CODE = 3
/** A `-hungry` container takes so much memory while it starts. */
export const HUNGRY_BYTES = 512 * 2 ** 20
/** An `-otherport` container listens on this port, whatever port it is given. */
export const OTHER_PORT = 8081
/** A `-slowstart` container runs this long before it listens. Real ones take 12 to 15 s. */
export const SLOW_START_MS = 20_000
/** Each answer of a `-slow` container takes this long. */
export const SLOW_ANSWER_MS = 250

/** Adds a fault that shows while a model serves. Other faults show while it is pulled or starts. */
export function withFault (
  fault: Fault | undefined,
  listener: http.RequestListener
): http.RequestListener {
  if (fault === 'slow') {
    return (req, res) => {
      setTimeout(listener, SLOW_ANSWER_MS, req, res)
    }
  }
  if (fault === 'flaky') return withFlakyAnswers(listener)
  return isAnswerFault(fault) ? withOddAnswers(fault, listener) : listener
}

function isAnswerFault (fault: Fault | undefined): fault is AnswerFault {
  return fault !== undefined && Object.hasOwn(ODDITIES, fault)
}

/**
 * Lets some POSTs of one container fail. Each 40th gets a 500 without a body. Each other 25th gets
 * no answer, and its connection ends. Each other 10th gets a 503. No two in a row fail, so a client
 * that tries once more always succeeds.
 */
function withFlakyAnswers (listener: http.RequestListener): http.RequestListener {
  let calls = 0
  return (req, res) => {
    if (req.method === 'POST') calls++
    const isEvery = (n: number) => req.method === 'POST' && calls % n === 0
    if (isEvery(40)) answerOnceRead(req, () => res.writeHead(500, { 'content-length': 0 }).end())
    else if (isEvery(25)) answerOnceRead(req, () => res.destroy())
    else if (isEvery(10)) {
      answerOnceRead(req, () =>
        res.writeHead(503, { 'content-type': 'text/plain' }).end('no executor is free\n')
      )
    } else listener(req, res)
  }
}

function answerOnceRead (req: http.IncomingMessage, then: () => void): void {
  req.on('end', then).resume()
}
