import { applyConfig } from '../clients/managed-fields.js'
import type { Json, JsonObject } from '../json.js'
import type { KubeObject } from '../objects.js'
import { badRequest, invalid, notFound, unsupportedMediaType } from '../status-errors.js'
import { applyJsonPatch } from './json-patch.js'
import { applyMergePatch } from './merge-patch.js'
import { applyStrategicMerge } from './strategic-merge.js'
import {
  parseObject,
  storeChange,
  storeNew,
  withManagers,
  wrongName,
  type WriteParts,
  type WriteTarget,
  type Written
} from './writes.js'

const APPLY = 'application/apply-patch+yaml'
const STRATEGIC = 'application/strategic-merge-patch+json'
const PATCHES = new Map<string, (target: Json, patch: Json) => Json>([
  ['application/json-patch+json', applyJsonPatch],
  ['application/merge-patch+json', applyMergePatch],
  [STRATEGIC, applyStrategicMerge]
])

/**
 * Applies a JSON, merge or strategic merge patch, or a server-side apply, which can also create an
 * object. Custom resources take no strategic merge patch (recorded).
 */
export function patchObject (
  parts: WriteParts,
  where: WriteTarget,
  name: string,
  body: Json,
  mediaType: string
): Written & { readonly created: boolean } {
  const { resource, namespace, query, manager } = where
  const accepted = [
    'application/json-patch+json',
    'application/merge-patch+json',
    ...(resource.group === '' ? [STRATEGIC] : []),
    APPLY
  ]
  if (!accepted.includes(mediaType)) throw unsupportedMediaType(accepted)
  const old = parts.store.get(resource, namespace, name)
  if (mediaType === APPLY) return applyObject(parts, where, name, body, old)
  if (old === undefined) throw notFound(resource, name)
  if (mediaType !== 'application/json-patch+json' && Array.isArray(body)) {
    throw badRequest(
      'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}'
    )
  }
  const patched = parseObject(
    resource,
    namespace,
    PATCHES.get(mediaType)?.(old as unknown as Json, body) ?? null
  )
  if (patched.metadata.name !== name) throw wrongName(patched.metadata.name ?? '', name)
  if (patched.metadata.uid !== old.metadata.uid) {
    const message = `Invalid value: "${patched.metadata.uid}": field is immutable`
    throw invalid(resource.kind, resource.group, name, [
      { reason: 'FieldValueInvalid', message, field: 'metadata.uid' }
    ])
  }
  const managed = withManagers(manager, old, patched)
  return { ...storeChange(parts, resource, old, managed, query), created: false }
}

/**
 * Makes a server-side apply. The body has all fields that this manager wants. The manager must give
 * its name.
 */
function applyObject (
  parts: WriteParts,
  { resource, namespace, query }: WriteTarget,
  name: string,
  body: Json,
  old: KubeObject | undefined
): Written & { readonly created: boolean } {
  const manager = query.get('fieldManager') ?? ''
  if (manager === '') {
    const message = 'Required value: is required for apply patch'
    throw invalid('PatchOptions', 'meta.k8s.io', '', [
      { reason: 'FieldValueRequired', message, field: 'fieldManager' }
    ])
  }
  const config = parseObject(resource, namespace, body)
  if ((config.metadata.name ?? name) !== name) throw wrongName(config.metadata.name ?? '', name)
  const named = { ...config, metadata: { ...config.metadata, name } }
  const live = (old ?? {
    apiVersion: config.apiVersion,
    kind: config.kind,
    metadata: { name }
  }) as unknown as JsonObject
  const { object, managedFields } = applyConfig(
    live,
    old?.metadata.managedFields ?? [],
    manager,
    named as unknown as JsonObject,
    query.get('force') === 'true',
    config.apiVersion
  )
  const next = parseObject(resource, namespace, object)
  if (old === undefined) {
    return {
      ...storeNew(parts, { resource, namespace, query }, next, managedFields),
      created: true
    }
  }
  return {
    ...storeChange(
      parts,
      resource,
      old,
      { ...next, metadata: { ...next.metadata, managedFields } },
      query
    ),
    created: false
  }
}
