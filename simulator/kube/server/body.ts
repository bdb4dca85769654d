import type { IncomingMessage } from 'node:http'
import type { Json } from '../json.js'
import { badRequest, unsupportedMediaType } from '../status-errors.js'

export async function readBody (request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** Parses the body of a request that must be JSON. */
export function parseJsonBody (body: string, mediaType: string): Json {
  if (mediaType !== 'application/json') {
    throw unsupportedMediaType([
      'application/json',
      'application/yaml',
      'application/vnd.kubernetes.protobuf'
    ])
  }
  return parseBody(body)
}

/** Parses a body whose media type the caller has checked. */
export function parseBody (body: string): Json {
  try {
    return JSON.parse(body) as Json
  } catch {
    throw badRequest(
      `the object provided is unrecognized: couldn't get version/kind; json parse error: unexpected end of JSON input (${body.slice(0, 20)})`
    )
  }
}
