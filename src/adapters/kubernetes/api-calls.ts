import { type RequestContext, ResponseContext } from '@kubernetes/client-node'
import type { Dispatcher } from 'undici'

/** One request to the API server, before credentials. */
export interface Call {
  readonly method: Dispatcher.HttpMethod
  readonly url: URL
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly isStream?: boolean
}

export function callOf (context: RequestContext): Call {
  const body = context.getBody()
  return {
    method: context.getHttpMethod() as Dispatcher.HttpMethod, url: new URL(context.getUrl()), headers: context.getHeaders(), ...(typeof body === 'string' ? { body } : {})
  }
}

export function contextOf (answer: Dispatcher.ResponseData, text: string): ResponseContext {
  const headers = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, [value].flat().join(', ')]))
  return new ResponseContext(answer.statusCode, headers, { text: async () => text, binary: async () => Buffer.from(text) })
}

export function wordsOf ({ method, url }: Call): { verb: string, resource: string } {
  const [, resource = url.pathname, name, subresource] = /\/namespaces\/[^/]+\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?/.exec(url.pathname) ?? []
  const read = url.searchParams.get('watch') === 'true' ? 'watch' : name === undefined ? 'list' : 'get'
  const verbs: Readonly<Record<string, string>> = { GET: read, POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }
  return { verb: verbs[method] ?? method, resource: subresource === undefined ? resource : `${resource}/${subresource}` }
}
