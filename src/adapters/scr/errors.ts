import { DomainError } from '../../domain/errors.js'
import type { AnswerUnreadable } from './answer-coding.js'
import { showValue } from '../../domain/scoring/values/shown.js'
import { readErrorText, isModelsOwn, isPage, type AnswerFault } from './scr-protocol.js'

/**
 * Translates codes of undici and of the system into faults of the domain. An unknown code is thrown
 * on, as a bug to be seen.
 */
export function fromTransport (error: unknown, model: string): unknown {
  const { code } = error as { code?: unknown }
  const nameFault = (
    fault:
      | 'model-unreachable'
      | 'model-cut-off'
      | 'model-timeout'
      | 'model-answer-invalid'
      | 'revision-not-found',
    what: string
  ) => new DomainError(fault, `${model}: ${what}`, { cause: error })
  switch (code) {
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ECONNREFUSED':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
    case 'EAI_AGAIN':
      return nameFault('model-unreachable', `no connection to it could be opened (${code})`)
    case 'ENOTFOUND':
      return nameFault('revision-not-found', 'its address is not known any more')
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
    case 'UND_ERR_CLOSED':
    case 'UND_ERR_DESTROYED':
      return nameFault(
        'model-cut-off',
        `the connection to it ended before its answer did (${code})`
      )
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return nameFault('model-timeout', 'it did not answer in time')
    case 'UND_ERR_RES_EXCEEDED_MAX_SIZE':
      return nameFault('model-answer-invalid', 'its answer is too large for one row')
    case 'SCR_ANSWER_UNREADABLE':
      return explainUnreadable(error as AnswerUnreadable, model)
    default:
      // the answer is not HTTP; undici leaves out the code for some of llhttp's reasons
      return (error as Error).name === 'HTTPParserError'
        ? nameFault('model-answer-invalid', 'it does not speak HTTP')
        : error
  }
}

/**
 * A status of overload and the like counts even when the body can't be read.
 */
function explainUnreadable (error: AnswerUnreadable, model: string): DomainError {
  const { status, message } = error
  if (status === 429 || status >= 500) return fromStatus(status, message, model)
  if (status === 200 || status === 201) {
    return new DomainError(
      'row-answer-invalid',
      `the model's answer can't be unpacked: ${message}`,
      { cause: error }
    )
  }
  return new DomainError('model-answer-invalid', `${model}: ${message} (${status})`, {
    cause: error
  })
}

/** Headers of an answer that matter for a failure. */
export interface AnswerHead {
  /** Retry-After of a busy queue or model. */
  readonly retryAfter?: string | undefined
  /** Location of a redirection. */
  readonly location?: string | undefined
}

/**
 * Translates an answer other than 200 into a fault of the domain. 400, 422 and a 500 in the model's
 * own words are about the row. The rest comes from queue-proxy, activator, ingress or mesh in front
 * of the model, or from something that is no model.
 */
export function fromStatus (
  status: number,
  text: string,
  model: string,
  head: AnswerHead = {}
): DomainError {
  const said = readErrorText(text)
  const words = said === '' ? '' : `: ${said}`
  switch (status) {
    case 400:
    case 413:
    case 422:
      if (isPage(text)) {
        return fromFront(
          `${model}: a gateway in front of it refused the call (${status})${words}`,
          'let calls of this size and form through to the model'
        )
      }
      return new DomainError('row-refused', `the model refused the row (${status})${words}`)
    case 401:
    case 403:
      return fromFront(
        `${model}: it answered with status ${status}, as a gateway or mesh does that wants a login${words}`,
        'let this service call the model without one'
      )
    case 408:
    case 504:
      return new DomainError(
        'model-timeout',
        `${model}: it did not answer in time (${status})${words}`,
        readRetryAfter(head)
      )
    case 429:
      return explainOverload(model, status, words, head)
    case 503:
      // queue-proxy's breaker refused, so the model never saw the row
      return said.includes('queue full')
        ? explainOverload(model, status, words, head)
        : new DomainError(
          'model-unavailable',
            `${model}: it can't be reached behind its address (${status})${words}`,
            readRetryAfter(head)
        )
    case 500:
      if (isModelsOwn(text)) {
        return new DomainError('row-refused', `the model failed on the row (${status})${words}`)
      }
      return new DomainError(
        'model-unavailable',
        `${model}: it failed without a word (${status})`
      )
    case 502:
      return new DomainError(
        'model-unavailable',
        `${model}: it ended or restarted (${status})${words}`,
        readRetryAfter(head)
      )
    default:
      if (status >= 300 && status < 400) return explainRedirect(status, model, head)
      return new DomainError(
        'model-answer-invalid',
        `${model}: it answered with status ${status}${words}`
      )
  }
}

function explainOverload (
  model: string,
  status: number,
  words: string,
  head: AnswerHead
): DomainError {
  return new DomainError('model-overloaded', `${model}: it is overloaded (${status})${words}`, {
    retryAfterSeconds: OVERLOADED_SECONDS,
    ...readRetryAfter(head)
  })
}

/** The row is not at fault, and every row would get the same answer. */
function fromFront (what: string, wish: string): DomainError {
  return new DomainError('model-answer-invalid', what, {
    remedy: `ask the platform engineer to ${wish}: this did not come from the model`
  })
}

function explainRedirect (status: number, model: string, { location }: AnswerHead): DomainError {
  const where = location === undefined ? '' : ` to ${showValue(location)}`
  return fromFront(
    `${model}: it answered with status ${status}, a redirection${where}, which is not followed`,
    'serve the model at its address, without a redirection to HTTPS or a login'
  )
}

const OVERLOADED_SECONDS = 5
/** The longest wait that a caller is asked for. */
const COME_BACK_MAX_SECONDS = 3_600

/** Retry-After (RFC 9110, 10.2.3): whole seconds, or a date. */
function readRetryAfter ({ retryAfter = '' }: AnswerHead): { retryAfterSeconds?: number } {
  const text = retryAfter.slice(0, 40).trim()
  const seconds = /^\d{1,9}$/.test(text)
    ? Number(text)
    : Math.ceil((Date.parse(text) - Date.now()) / 1000)
  return Number.isFinite(seconds)
    ? { retryAfterSeconds: Math.min(COME_BACK_MAX_SECONDS, Math.max(0, seconds)) }
    : {}
}

/** An answer without outputs becomes the row's failure. */
export function fromAnswer (fault: AnswerFault): DomainError {
  return new DomainError(
    fault.isJson ? 'row-answer-invalid' : 'row-answer-unreadable',
    `the model ${fault.message}`,
    { cause: fault }
  )
}
