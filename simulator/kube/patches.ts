import { jsonPatch } from './json-patch.js'
import { applied } from './managed-fields.js'
import { mergePatch, type Json, type JsonObject } from './merge-patch.js'
import type { KubeObject } from './objects.js'
import { badRequest, invalid, notFound, unsupportedMediaType } from './status-errors.js'
import type { Store } from './store.js'
import { strategicMerge } from './strategic-merge.js'
import { create, managedBy, typed, write, wrongName, type WriteTarget, type Written } from './writes.js'

const APPLY = 'application/apply-patch+yaml'
const STRATEGIC = 'application/strategic-merge-patch+json'
const PATCHES = new Map<string, (target: Json, patch: Json) => Json>([
  ['application/json-patch+json', jsonPatch], ['application/merge-patch+json', mergePatch], [STRATEGIC, strategicMerge]
])

/** A JSON, merge or strategic merge patch, or a server-side apply, which also creates; a strategic one not of custom resources (recorded). */
export function patchObject (
  store: Store, namespaces: ReadonlySet<string>, where: WriteTarget, name: string, body: Json, mediaType: string
): Written & { readonly created: boolean } {
  const { resource, namespace, query, manager } = where
  const accepted = ['application/json-patch+json', 'application/merge-patch+json', ...(resource.group === '' ? [STRATEGIC] : []), APPLY]
  if (!accepted.includes(mediaType)) throw unsupportedMediaType(accepted)
  const old = store.get(resource, namespace, name)
  if (mediaType === APPLY) return applyObject(store, namespaces, where, name, body, old)
  if (old === undefined) throw notFound(resource, name)
  if (mediaType !== 'application/json-patch+json' && Array.isArray(body)) {
    throw badRequest('error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}')
  }
  const patched = typed(resource, namespace, PATCHES.get(mediaType)?.(old as unknown as Json, body) ?? null)
  if (patched.metadata.name !== name) throw wrongName(patched.metadata.name ?? '', name)
  if (patched.metadata.uid !== old.metadata.uid) {
    const message = `Invalid value: "${patched.metadata.uid}": field is immutable`
    throw invalid(resource.kind, resource.group, name, [{ reason: 'FieldValueInvalid', message, field: 'metadata.uid' }])
  }
  return { ...write(store, resource, old, managedBy(manager, old, patched), query), created: false }
}

/** Server-side apply: the body is the whole of what this manager wants, its name must be said. */
function applyObject (
  store: Store, namespaces: ReadonlySet<string>, { resource, namespace, query }: WriteTarget, name: string, body: Json, old: KubeObject | undefined
): Written & { readonly created: boolean } {
  const manager = query.get('fieldManager') ?? ''
  if (manager === '') {
    const message = 'Required value: is required for apply patch'
    throw invalid('PatchOptions', 'meta.k8s.io', '', [{ reason: 'FieldValueRequired', message, field: 'fieldManager' }])
  }
  const config = typed(resource, namespace, body)
  if ((config.metadata.name ?? name) !== name) throw wrongName(config.metadata.name ?? '', name)
  const named = { ...config, metadata: { ...config.metadata, name } }
  const live = (old ?? { apiVersion: config.apiVersion, kind: config.kind, metadata: { name } }) as unknown as JsonObject
  const { object, managedFields } = applied(
    live, old?.metadata.managedFields ?? [], manager, named as unknown as JsonObject, query.get('force') === 'true', config.apiVersion)
  const next = typed(resource, namespace, object)
  if (old === undefined) return { ...create(store, namespaces, { resource, namespace, query }, next, managedFields), created: true }
  return { ...write(store, resource, old, { ...next, metadata: { ...next.metadata, managedFields } }, query), created: false }
}
