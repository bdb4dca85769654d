import { isDeepStrictEqual } from 'node:util'
import type { ModelSpec, Resources } from '../model/model.js'
import { isSameQuantity } from './quantity.js'

/**
 * Says for each field of a spec whether it belongs to the model as a whole or to its template. The
 * cluster makes a new revision when the template changes.
 */
export const FIELD_HOMES = {
  image: 'template',
  description: 'model',
  labels: 'model',
  retrySafe: 'model',
  rolloutSeconds: 'model',
  port: 'template',
  env: 'template',
  appPath: 'template',
  resources: 'template',
  containerConcurrency: 'template',
  timeoutSeconds: 'template',
  imagePullSecrets: 'template',
  scaling: 'template'
} as const satisfies Readonly<Record<keyof ModelSpec, 'model' | 'template'>>

type FieldIn<Home> = {
  [Field in keyof ModelSpec]: (typeof FIELD_HOMES)[Field] extends Home ? Field : never
}[keyof ModelSpec]
export type ModelField = FieldIn<'model'>
export type TemplateField = FieldIn<'template'>

export const SPEC_FIELDS = Object.keys(FIELD_HOMES) as ReadonlyArray<keyof ModelSpec>
export const MODEL_FIELDS = SPEC_FIELDS.filter(isModelField)

export function isModelField (field: keyof ModelSpec): field is ModelField {
  return FIELD_HOMES[field] === 'model'
}

/** Whether two specs mean the same template, so that no new revision is made. */
export function isSameTemplate (a: ModelSpec, b: ModelSpec): boolean {
  return SPEC_FIELDS.every(field => isModelField(field) || isSameField(field, a, b))
}

function isSameField (field: TemplateField, a: ModelSpec, b: ModelSpec): boolean {
  return field === 'resources'
    ? isSameResources(a.resources, b.resources)
    : isDeepStrictEqual(a[field], b[field])
}

/** Compares amounts, not their spelling: the server writes "1" for "1000m". */
function isSameResources (a: Resources, b: Resources): boolean {
  const isSameAmount = (left: string | undefined, right: string | undefined) =>
    left === undefined || right === undefined ? left === right : isSameQuantity(left, right)
  return (['requests', 'limits'] as const).every(
    part =>
      isSameAmount(a[part].cpu, b[part].cpu) && isSameAmount(a[part].memory, b[part].memory)
  )
}
