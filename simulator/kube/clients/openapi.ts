import type { Catalog, Kind, Schema } from '../catalog.js'
import type { Resource } from '../resource.js'

interface Definition {
  readonly name: string
  readonly resource: Resource
  readonly schema: Schema
}

/** Lists the schemas of all kinds. */
export const definitionsOf = (catalog: Catalog): Definition[] =>
  catalog.groups.flatMap(({ goPackage, kinds }) =>
    kinds.map(kind => {
      const { resource } = kind
      return { name: `${goPackage}.v1.${resource.kind}`, resource, schema: schemaOf(kind) }
    })
  )

function schemaOf ({ spec }: Kind): Schema {
  if (spec === undefined) return {}
  const text: Schema = { type: 'string' }
  const properties = { apiVersion: text, kind: text, metadata: {}, spec, status: {} }
  return { type: 'object', properties }
}

/** Finds the index `/openapi/v3` or the document of a group; undefined for other paths. */
export function findOpenapiV3 (catalog: Catalog, path: string): object | undefined {
  const groups = new Map([
    ['api/v1', ''],
    ...catalog.named.map(({ name }): [string, string] => [`apis/${name}/v1`, name])
  ])
  if (path === '/openapi/v3') {
    const paths = [...groups.keys()].map(group => [
      group,
      { serverRelativeURL: `/openapi/v3/${group}?hash=1` }
    ])
    return { paths: Object.fromEntries(paths) }
  }
  const prefix = path.replace(/^\/openapi\/v3\//, '')
  const group = groups.get(prefix)
  if (group === undefined) return undefined
  const own = definitionsOf(catalog).filter(({ resource }) => resource.group === group)
  const schemas = own.map(({ name, resource, schema }) => [
    name,
    { ...schema, 'x-kubernetes-group-version-kind': [nameKind(resource)] }
  ])
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.34.1' },
    paths: Object.fromEntries(own.flatMap(({ resource }) => pathsOf(prefix, resource))),
    components: { schemas: Object.fromEntries(schemas) }
  }
}

const nameKind = ({ group, kind }: Resource) => ({ group, kind, version: 'v1' })

/**
 * Describes the paths of a resource. kubectl looks here for the parameter `fieldValidation`. Only
 * if it finds that does it leave the search for unknown fields to the server.
 */
function pathsOf (prefix: string, resource: Resource): Array<[string, object]> {
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map(name => ({
    name,
    in: 'query',
    schema: { type: 'string' }
  }))
  const operation = (action: string) => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': nameKind(resource)
  })
  const content = Object.fromEntries(
    [
      'application/json-patch+json',
      'application/merge-patch+json',
      'application/apply-patch+yaml'
    ].map(type => [type, {}])
  )
  const collection = `/${prefix}/namespaces/{namespace}/${resource.plural}`
  return [
    [collection, { get: operation('list'), post: { ...operation('post'), parameters } }],
    [
      `${collection}/{name}`,
      {
        get: operation('get'),
        patch: { ...operation('patch'), parameters, requestBody: { content } }
      }
    ]
  ]
}
