import type { ObjectMeta } from '../objects.js'
import type { Resource } from '../resource.js'
import { invalid } from '../status-errors.js'

const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an " +
  "alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const LABEL_VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an " +
  "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
const LABEL_KEY =
  "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
  "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS " +
  "subdomain prefix and '/' (e.g. 'example.com/MyName')"

/**
 * Refuses names and labels that no Kubernetes object may have (422). Knative's webhook later checks
 * stricter rules.
 */
export function checkMetadata (
  resource: Resource,
  { name, labels = {} }: Pick<ObjectMeta, 'name' | 'labels'>
): void {
  const refuse = (field: string, message: string, reason = 'FieldValueInvalid') => {
    throw invalid(resource.kind, resource.group, name, [{ reason, message, field }])
  }
  if (name === '') {
    refuse(
      'metadata.name',
      'Required value: name or generateName is required',
      'FieldValueRequired'
    )
  }
  // Roles and bindings may have any name, such as system:auth-delegator.
  if (
    resource.group !== 'rbac.authorization.k8s.io' &&
    !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)
  ) {
    refuse('metadata.name', `Invalid value: "${name}": ${SUBDOMAIN}`)
  }
  for (const [key, value] of Object.entries(labels)) {
    if (!/^([^/]+\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(key)) {
      refuse('metadata.labels', `Invalid value: "${key}": ${LABEL_KEY}`)
    }
    if (!/^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/.test(value)) {
      refuse('metadata.labels', `Invalid value: "${value}": ${LABEL_VALUE}`)
    }
  }
}
