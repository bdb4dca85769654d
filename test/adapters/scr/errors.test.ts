import t from 'tap'
import { fromStatus, fromTransport } from '../../../src/adapters/scr/errors.js'
import type { DomainError, Fault } from '../../../src/domain/errors.js'

const codes: ReadonlyArray<readonly [code: string, fault: Fault]> = [
  ['ECONNREFUSED', 'model-unreachable'],
  ['UND_ERR_CONNECT_TIMEOUT', 'model-unreachable'],
  ['EHOSTUNREACH', 'model-unreachable'],
  ['ENETUNREACH', 'model-unreachable'],
  ['ETIMEDOUT', 'model-unreachable'],
  ['EAI_AGAIN', 'model-unreachable'],
  ['ENOTFOUND', 'revision-not-found'],
  ['ECONNRESET', 'model-cut-off'],
  ['EPIPE', 'model-cut-off'],
  ['UND_ERR_SOCKET', 'model-cut-off'],
  ['UND_ERR_HEADERS_TIMEOUT', 'model-timeout'],
  ['UND_ERR_BODY_TIMEOUT', 'model-timeout'],
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'model-answer-invalid']
]
for (const [code, fault] of codes) {
  t.test(`${code} is ${fault}, its cause kept`, async t => {
    const cause = Object.assign(new Error('x'), { code })
    const error = fromTransport(cause, 'hmeq') as DomainError
    t.equal(error.fault, fault)
    t.match(error.message, /^hmeq: /)
    t.equal(error.cause, cause)
  })
}

t.test('an error that was not met before stays what it is', async t => {
  for (const error of [new TypeError('bug'), Object.assign(new Error('x'), { code: 'EMFILE' })]) { t.equal(fromTransport(error, 'hmeq'), error) }
})

const SPRING = '{"timestamp":"t","status":500,"error":"Internal Server Error","path":"/m"}'
const statuses: ReadonlyArray<
  readonly [status: number, text: string, fault: Fault, words: RegExp]
> = [
  [400, '{"errorCode":1,"message":"Input CLAGE is invalid."}', 'row-refused',
    /\(400\): Input CLAGE is invalid\./],
  [422, 'no', 'row-refused', /\(422\): no/],
  [413, '', 'row-refused', /\(413\)$/],
  [500, SPRING, 'row-refused',
    /the model failed on the row \(500\): Internal Server Error; at \/m/],
  [500, '', 'model-unavailable', /failed without a word \(500\)/],
  [502, 'EOF\n', 'model-unavailable', /\(502\): EOF/],
  [502, 'dial tcp 127.0.0.1:8080: connect: connection refused\n', 'model-unavailable',
    /connection refused/],
  [503, 'pending request queue full\n', 'model-overloaded', /\(503\): pending request queue full/],
  [503, 'upstream connect error or disconnect/reset before headers', 'model-unavailable',
    /upstream connect error/],
  [400, '<html><title>400 Bad Request</title></html>', 'model-answer-invalid',
    /a gateway in front of it refused the call \(400\): 400 Bad Request/],
  [413, '<html>\r\n<head><title>413</title>', 'model-answer-invalid', /refused the call \(413\)/],
  [403, '<html>', 'model-answer-invalid', /status 403/],
  [408, '', 'model-timeout', /\(408\)/],
  [429, '', 'model-overloaded', /\(429\)/],
  [504, 'activator request timeout', 'model-timeout', /\(504\): activator request timeout/],
  [301, '', 'model-answer-invalid', /status 301/],
  [401, '', 'model-answer-invalid', /status 401/],
  [405, SPRING, 'model-answer-invalid', /status 405/]
]
for (const [status, text, fault, words] of statuses) {
  t.test(`${status} with ${JSON.stringify(text.slice(0, 30))} is ${fault}`, async t => {
    const error = fromStatus(status, text, 'hmeq')
    t.equal(error.fault, fault, error.message)
    t.match(error.message, words)
  })
}

t.test('overload says when to come back', async t => {
  t.equal(fromStatus(503, 'pending request queue full', 'hmeq').details.retryAfterSeconds, 5)
})

const comeBack: ReadonlyArray<
  readonly [status: number, retryAfter: string, seconds: number | undefined]
> = [
  [429, '17', 17],
  [503, '120', 120],
  [503, '99999999', 3600],
  [429, 'soon', 5],
  [502, '', undefined],
  [503, 'Wed, 21 Oct 2015 07:28:00 GMT', 0]
]
for (const [status, retryAfter, seconds] of comeBack) {
  t.test(`Retry-After: ${retryAfter} of a ${status} is passed on as ${seconds}`, async t => {
    t.equal(fromStatus(status, '', 'hmeq', { retryAfter }).details.retryAfterSeconds, seconds)
  })
}

t.test('what stands in front of a model is told as such, and who can act', async t => {
  for (const status of [301, 401, 403]) {
    t.match(fromStatus(status, '', 'hmeq', { location: 'https://x/' }).details.remedy,
      /^ask the platform engineer to /)
  }
  t.match(fromStatus(308, '', 'hmeq', { location: 'https://x/' }).message,
    /a redirection to "https:\/\/x\/"/)
})
