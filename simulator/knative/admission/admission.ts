import { isDeepStrictEqual } from 'node:util'
import type { Admitted } from '../../kube/catalog.js'
import type { Json } from '../../kube/json.js'
import { badRequest, invalid } from '../../kube/status-errors.js'
import type { Ksvc, Revision } from '../objects.js'
import { withDefaults } from './defaults.js'
import { decodeSpec } from './fields.js'
import { CREATOR, MODIFIER, USER, validateKsvc } from './webhook.js'

/**
 * Prepares a ksvc for the store, as the API server and Knative's webhooks do: it decodes the ksvc,
 * fills in defaults, annotates and validates it. `strict` stands for fieldValidation=Strict, which
 * refuses an unknown field instead of dropping it.
 */
export function admitKsvc (given: Ksvc, old: Ksvc | undefined, strict: boolean): Admitted<Ksvc> {
  const { spec: decoded, unknown } = decodeSpec((given.spec ?? {}) as unknown as Json)
  if (strict && unknown.length > 0) {
    const fields = unknown.map(path => `unknown field "${path}"`).join(', ')
    throw badRequest(
      `Service in version "v1" cannot be handled as a Service: strict decoding error: ${fields}`
    )
  }
  const draft = decoded as unknown as Ksvc['spec']
  if (draft.template?.spec?.containers == null) {
    const field = 'spec.template.spec.containers'
    const message = `Invalid value: "null": ${field} in body must be of type array: "null"`
    throw invalid('Service', 'serving.knative.dev', given.metadata.name, [
      { reason: 'FieldValueTypeInvalid', message, field }
    ])
  }
  const spec = withDefaults(draft)
  const object = {
    ...given,
    metadata: { ...given.metadata, annotations: annotateWriter(given, spec, old) },
    spec
  }
  validateKsvc(object, old)
  return {
    object,
    warnings: [...unknown.map(path => `unknown field "${path}"`), warnOfInsecureDefaults(spec)]
  }
}

function annotateWriter (
  given: Ksvc,
  spec: Ksvc['spec'],
  old: Ksvc | undefined
): Record<string, string> {
  const { annotations = {} } = given.metadata
  if (old === undefined) return { ...annotations, [CREATOR]: USER, [MODIFIER]: USER }
  return isDeepStrictEqual(spec, old.spec)
    ? { ...annotations }
    : { ...annotations, [MODIFIER]: USER }
}

/**
 * Makes the warning that every write of a ksvc carries. A real cluster omits it only if each
 * container sets its securityContext (recorded).
 */
function warnOfInsecureDefaults (spec: Ksvc['spec']): string {
  const unset = ['allowPrivilegeEscalation', 'capabilities', 'runAsNonRoot', 'seccompProfile']
  const fields = spec.template.spec.containers.flatMap((_, i) =>
    unset.map(name => `spec.template.spec.containers[${i}].securityContext.${name}`)
  )
  return `Kubernetes default value is insecure, Knative may default this to secure in a future release: ${fields.join(', ')}`
}

/** Refuses a change of a revision's spec. Its labels and annotations may change. */
export function admitRevision (given: Revision, old: Revision | undefined): Admitted<Revision> {
  if (old !== undefined && !isDeepStrictEqual(given.spec, old.spec)) {
    throw badRequest(
      'admission webhook "validation.webhook.serving.knative.dev" denied the request: validation failed: Immutable fields changed (-old +new): spec\n'
    )
  }
  return { object: given, warnings: [] }
}
