import { DomainError } from '../../domain/errors.js'
import { errorText, isModelsOwn } from './scr-protocol.js'

/** undici's codes, and the system's under it, in the domain's terms. What we have not met is rethrown: a bug to see. */
export function fromTransport (error: unknown, model: string): unknown {
  const { code } = error as { code?: unknown }
  const named = (fault: 'model-unreachable' | 'model-cut-off' | 'model-timeout' | 'model-answer-invalid' | 'revision-not-found', what: string) =>
    new DomainError(fault, `${model}: ${what}`, { cause: error })
  switch (code) {
    case 'UND_ERR_CONNECT_TIMEOUT': case 'ECONNREFUSED': case 'EHOSTUNREACH': case 'ENETUNREACH': case 'ETIMEDOUT': case 'EAI_AGAIN':
      return named('model-unreachable', `no connection to it could be opened (${code})`)
    case 'ENOTFOUND':
      return named('revision-not-found', 'its address is not known any more')
    case 'ECONNRESET': case 'EPIPE': case 'UND_ERR_SOCKET': case 'UND_ERR_CLOSED': case 'UND_ERR_DESTROYED':
      return named('model-cut-off', `the connection to it ended before its answer did (${code})`)
    case 'UND_ERR_HEADERS_TIMEOUT': case 'UND_ERR_BODY_TIMEOUT':
      return named('model-timeout', 'it did not answer in time')
    case 'UND_ERR_RES_EXCEEDED_MAX_SIZE':
      return named('model-answer-invalid', 'its answer is too large for one row')
    default:
      // what came is not HTTP; undici leaves the code out for some of llhttp's reasons
      return (error as Error).name === 'HTTPParserError' ? named('model-answer-invalid', 'it does not speak HTTP') : error
  }
}

/**
 * An answer other than 200, in the domain's terms: 400, 422 and a 500 with the model's own words are about the row; the rest comes
 * from what stands in front of the model (queue-proxy, activator, ingress) or from a model that is not one.
 */
export function fromStatus (status: number, text: string, model: string): DomainError {
  const said = errorText(text)
  const words = said === '' ? '' : `: ${said}`
  switch (status) {
    case 400: case 413: case 422:
      return new DomainError('row-refused', `the model refused the row (${status})${words}`)
    case 429:
      return new DomainError('model-overloaded', `${model}: it is overloaded (${status})${words}`, { retryAfterSeconds: 5 })
    case 503:
      // queue-proxy's breaker: the model never saw the row
      return said.includes('queue full')
        ? new DomainError('model-overloaded', `${model}: it is overloaded (${status})${words}`, { retryAfterSeconds: 5 })
        : new DomainError('model-unavailable', `${model}: it can't be reached behind its address (${status})${words}`)
    case 504:
      return new DomainError('model-timeout', `${model}: it did not answer in time (${status})${words}`)
    case 500:
      if (isModelsOwn(text)) return new DomainError('row-refused', `the model failed on the row (${status})${words}`)
      return new DomainError('model-unavailable', `${model}: it failed without a word (${status})`)
    case 502:
      return new DomainError('model-unavailable', `${model}: it ended or restarted (${status})${words}`)
    default:
      return new DomainError('model-answer-invalid', `${model}: it answered with status ${status}${words}`)
  }
}
