import { isDeepStrictEqual } from 'node:util'
import { withDefaults } from './defaults.js'
import { decodeSpec } from './fields.js'
import type { Ksvc, Revision } from './objects.js'
import { CREATOR, MODIFIER, USER, validate } from './webhook.js'
import type { Json } from '../kube/merge-patch.js'
import { badRequest, invalid } from '../kube/status-errors.js'

/** An admitted object, and the texts of the Warning headers its writer gets. */
export interface Admitted<T> { readonly object: T, readonly warnings: readonly string[] }

/**
 * What the API server and Knative's webhooks do to a ksvc before it is stored: read, default, annotate, validate.
 * `strict` is fieldValidation=Strict: an unknown field is then refused and not dropped.
 */
export function admitKsvc (given: Ksvc, old: Ksvc | undefined, strict: boolean): Admitted<Ksvc> {
  const { spec: decoded, unknown } = decodeSpec((given.spec ?? {}) as unknown as Json)
  if (strict && unknown.length > 0) {
    const fields = unknown.map(path => `unknown field "${path}"`).join(', ')
    throw badRequest(`Service in version "v1" cannot be handled as a Service: strict decoding error: ${fields}`)
  }
  const draft = decoded as unknown as Ksvc['spec']
  if (draft.template?.spec?.containers == null) {
    const field = 'spec.template.spec.containers'
    const message = `Invalid value: "null": ${field} in body must be of type array: "null"`
    throw invalid('Service', 'serving.knative.dev', given.metadata.name, [{ reason: 'FieldValueTypeInvalid', message, field }])
  }
  const spec = withDefaults(draft)
  const object = { ...given, metadata: { ...given.metadata, annotations: annotated(given, spec, old) }, spec }
  validate(object, old)
  return { object, warnings: [...unknown.map(path => `unknown field "${path}"`), insecure(spec)] }
}

function annotated (given: Ksvc, spec: Ksvc['spec'], old: Ksvc | undefined): Record<string, string> {
  const { annotations = {} } = given.metadata
  if (old === undefined) return { ...annotations, [CREATOR]: USER, [MODIFIER]: USER }
  return isDeepStrictEqual(spec, old.spec) ? { ...annotations } : { ...annotations, [MODIFIER]: USER }
}

/** Every write of a ksvc carries this warning unless each container sets its securityContext (recorded). */
function insecure (spec: Ksvc['spec']): string {
  const unset = ['allowPrivilegeEscalation', 'capabilities', 'runAsNonRoot', 'seccompProfile']
  const fields = spec.template.spec.containers.flatMap((_, i) => unset.map(name => `spec.template.spec.containers[${i}].securityContext.${name}`))
  return `Kubernetes default value is insecure, Knative may default this to secure in a future release: ${fields.join(', ')}`
}

/** A revision's spec never changes; its labels and annotations may. */
export function admitRevision (given: Revision, old: Revision | undefined): Admitted<Revision> {
  if (old !== undefined && !isDeepStrictEqual(given.spec, old.spec)) {
    throw badRequest('admission webhook "validation.webhook.serving.knative.dev" denied the request: validation failed: Immutable fields changed (-old +new): spec\n')
  }
  return { object: given, warnings: [] }
}
