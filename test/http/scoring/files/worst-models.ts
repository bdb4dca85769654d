import type { RequestListener } from 'node:http'
import { DESCRIPTIONS, MIB, MODELS } from './worst-inputs.js'

const many = (count: number, piece: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => piece(index)).join()

/** Answers of a MiB, by the model's name. */
const ANSWERS: Readonly<Record<typeof MODELS[number][0], () => string>> = {
  chunks: () => `{"data":{"P":1,"C":"${'x'.repeat(MIB)}"}}`,
  'many-outputs': () =>
    `{"data":{"P":1,"C":"",${many(9_998, index => `"o${index}":"${'x'.repeat(90)}"`)}}}`,
  undeclared: () => `{"data":{"P":1,"C":"",${many(60_000, index => `"o${index}":1`)}}}`,
  'long-text': () => `{"data":{"P":1,"C":"${'x'.repeat(MIB)}"}}`,
  'long-number': () => `{"data":{"P":${'1'.repeat(MIB)},"C":""}}`,
  'long-whole': () => `{"data":{"P":1,"C":"","N":${'1'.repeat(MIB)}}}`,
  nested: () => `{"data":{"P":1,"C":${'['.repeat(MIB / 2)}${']'.repeat(MIB / 2)}}}`,
  list: () => `{"data":{"P":1,"C":[{"data":[${many(MIB / 2, () => '1')}]}]}}`,
  pairs: () => `{"outputs":[${many(20_000, index => `{"name":"o${index}","value":${index}}`)}]}`,
  page: () => `<html>${'<p>'.repeat(MIB / 3)}`,
  refusal: () => `{"message":"${' x'.repeat(MIB / 2)}"}`,
  'no-json': () => '[1,'.repeat(MIB / 3),
  twice: () => `{"data":{"P":1,"C":"${'x'.repeat(MIB)}","P":1}}`,
  escapes: () => `{"data":{"P":1,"C":"${'\\u00e9'.repeat(MIB / 6)}"}}`
}
const STATUSES: Readonly<Record<string, number>> = { page: 400, refusal: 400 }

const schemas = (inputs: string, outputs: string, more = '') =>
  `{"components":{"schemas":{"SCRInput":{"properties":{"data":{"properties":${inputs},"required":["X"]}}},"SCROutput":{"properties":{"data":{"properties":${outputs}}}}${more}}}}`
const OUTPUTS = '{"P":{"type":"number"},"C":{"type":"string"}}'

/** Descriptions of a MiB. */
const TEXTS: Readonly<Record<typeof DESCRIPTIONS[number], () => string>> = {
  'many-variables': () =>
    schemas(
      `{"X":{"type":"number"},${
        many(9_998, index => `"c${index}":{"type":"string","description":"${'d'.repeat(60)}"}`)
      }}`,
      OUTPUTS
    ),
  'deep-types': () =>
    schemas(`{"X":${'{"anyOf":['.repeat(MIB / 12)}${']}'.repeat(MIB / 12)}}`, OUTPUTS),
  'many-types': () =>
    schemas(`{"X":{"anyOf":[${many(MIB / 20, () => '{"type":"number"}')}]}}`, OUTPUTS),
  'long-type': () => schemas(`{"X":{"type":"${'a('.repeat(MIB / 2)}"}}`, OUTPUTS),
  references: () =>
    schemas('{"X":{"$ref":"#/components/schemas/R0"}}', OUTPUTS, `,${
      many(20_000, index => `"R${index}":{"$ref":"#/components/schemas/R${index + 1}"}`)
    }`),
  'long-names': () =>
    schemas(
      `{"X":{"type":"number"},${
        many(1_000, index => `"${'n'.repeat(1_000)}${index}":{"type":"string"}`)
      }}`,
      OUTPUTS
    ),
  'no-json': () => '{"a":'.repeat(MIB / 5)
}

const DESCRIBED = schemas('{"X":{"type":"number"},"C":{"type":"string"},"N":{"type":"bigint"}}',
  OUTPUTS)

/**
 * The text of its description, and of its answers with their status; `chunk`: bytes sent by
 * themselves.
 */
function model (
  description: string | undefined,
  text: string,
  status = 200,
  chunk?: number
): RequestListener {
  const bytes = Buffer.from(text)
  return (request, response) => {
    request.resume().on('end', () => {
      if (request.method === 'GET') {
        return response.writeHead(description === undefined ? 404 : 200).end(description ?? '{}')
      }
      response.writeHead(status, { 'content-type': 'application/json' })
      if (chunk === undefined) return response.end(bytes)
      request.socket.setNoDelay()
      for (let at = 0; at < bytes.length; at += chunk) {
        response.write(bytes.subarray(at, at + chunk))
      }
      response.end()
    })
  }
}

const small = '{"data":{"P":1,"C":"a"}}'

/** By the model's name. */
export const WORST_MODELS: Readonly<Record<string, RequestListener>> = {
  m: model(DESCRIBED, small),
  free: model(undefined, small),
  ...Object.fromEntries(
    MODELS.map((
      [name]
    ) => [name,
      model(name === 'undeclared' ? undefined : DESCRIBED, ANSWERS[name]!(), STATUSES[name],
        name === 'chunks' ? 1 : undefined)]
    )
  ),
  ...Object.fromEntries(DESCRIPTIONS.map(name => [`d-${name}`, model(TEXTS[name](), small)]))
}
