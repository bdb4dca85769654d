import { REVISION_SPEC, SPEC, type Field, type Shape } from '../knative/fields.js'
import { RBAC, REVISIONS, RESOURCES, SERVICES, SERVING, type Resource } from './resources.js'

/** A JSON schema as far as kubectl reads it: to find unknown fields, and to explain. */
export interface Schema {
  readonly type?: string
  readonly description?: string
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema
}

/** Of Go, as the real documents name them. */
const PACKAGES: Readonly<Record<string, string>> = { '': 'io.k8s.api.core', [SERVING]: 'dev.knative.serving', [RBAC]: 'io.k8s.api.rbac' }

interface Definition { readonly name: string, readonly resource: Resource, readonly schema: Schema }

/** The schema of each kind: of ksvcs and revisions what the simulator reads, of the others nothing in particular. */
export const definitions = (): Definition[] => RESOURCES.map(resource => {
  const spec = resource === SERVICES ? ofShape(SPEC) : resource === REVISIONS ? ofShape(REVISION_SPEC) : {}
  const text: Schema = { type: 'string' }
  const known = { apiVersion: text, kind: text, metadata: {}, spec, status: {} }
  const isTyped = resource === SERVICES || resource === REVISIONS
  const name = `${PACKAGES[resource.group]}.v1.${resource.kind}`
  return { name, resource, schema: isTyped ? { type: 'object', properties: known } : {} }
})

const ofShape = ({ fields }: Shape): Schema =>
  ({ type: 'object', properties: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, ofField(field)])) })

function ofField (field: Field): Schema {
  if (field === 'open') return {}
  if (field === 'quantities') return { type: 'object', additionalProperties: {} }
  if (typeof field === 'string') return { type: { string: 'string', int32: 'integer', int64: 'integer', bool: 'boolean' }[field] }
  return 'go' in field ? ofShape(field) : { type: 'array', items: ofShape(field[0]) }
}

const GROUPS: Readonly<Record<string, string>> = { 'api/v1': '', [`apis/${SERVING}/v1`]: SERVING, [`apis/${RBAC}/v1`]: RBAC }

/** `/openapi/v3` and the document of each group in it; undefined for other paths. */
export function openapiV3 (path: string): object | undefined {
  if (path === '/openapi/v3') {
    return { paths: Object.fromEntries(Object.keys(GROUPS).map(group => [group, { serverRelativeURL: `/openapi/v3/${group}?hash=1` }])) }
  }
  const prefix = path.replace(/^\/openapi\/v3\//, '')
  const group = GROUPS[prefix]
  if (group === undefined) return undefined
  const own = definitions().filter(({ resource }) => resource.group === group)
  const schemas = own.map(({ name, resource, schema }) => [name, { ...schema, 'x-kubernetes-group-version-kind': [kindOf(resource)] }])
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.34.1' },
    paths: Object.fromEntries(own.flatMap(({ resource }) => pathsOf(prefix, resource))),
    components: { schemas: Object.fromEntries(schemas) }
  }
}

const kindOf = ({ group, kind }: Resource) => ({ group, kind, version: 'v1' })

/** kubectl looks here for `fieldValidation` before it leaves the search for unknown fields to the server. */
function pathsOf (prefix: string, resource: Resource): Array<[string, object]> {
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map(name => ({ name, in: 'query', schema: { type: 'string' } }))
  const operation = (action: string) => ({ 'x-kubernetes-action': action, 'x-kubernetes-group-version-kind': kindOf(resource) })
  const content = Object.fromEntries(['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'].map(type => [type, {}]))
  const collection = `/${prefix}/namespaces/{namespace}/${resource.plural}`
  return [
    [collection, { get: operation('list'), post: { ...operation('post'), parameters } }],
    [`${collection}/{name}`, { get: operation('get'), patch: { ...operation('patch'), parameters, requestBody: { content } } }]
  ]
}
