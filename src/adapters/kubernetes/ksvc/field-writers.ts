import type { ModelSpec, Scaling } from '../../../domain/models/model/model.js'
import {
  type ModelField,
  type TemplateField,
  isModelField
} from '../../../domain/models/spec/spec-fields.js'
import type { Ksvc, Metadata, Template } from '../api/kube-objects.js'
import { withAmounts, withAppPath, withVariables } from './container-fields.js'
import {
  withAnnotations,
  withContainer,
  withImage,
  withRevisionSpec,
  withTemplate,
  withTemplateAnnotations
} from './ksvc-parts.js'
import {
  DESCRIPTION,
  RETRY_SAFE,
  ROLLOUT_DURATION,
  SCALING_ANNOTATIONS,
  isKnatives,
  scalingOf
} from './ksvc-reading.js'

/** Writes one field where `FIELD_HOMES` says that it lives. */
export function withField (ksvc: Ksvc, field: keyof ModelSpec, spec: ModelSpec): Ksvc {
  return isModelField(field)
    ? { ...ksvc, metadata: writeToModel(ksvc.metadata, field, spec) }
    : withTemplate(ksvc, template => writeToTemplate(template, field, spec))
}

function writeToModel<Field extends ModelField> (
  metadata: Metadata,
  field: Field,
  spec: ModelSpec
): Metadata {
  return MODEL_WRITERS[field](metadata, spec[field])
}

function writeToTemplate<Field extends TemplateField> (
  template: Template,
  field: Field,
  spec: ModelSpec
): Template {
  return TEMPLATE_WRITERS[field](template, spec[field])
}

const MODEL_WRITERS: {
  readonly [Field in ModelField]: (metadata: Metadata, value: ModelSpec[Field]) => Metadata
} = {
  description: (metadata, description) =>
    withAnnotations(metadata, { [DESCRIPTION]: description === '' ? undefined : description }),
  retrySafe: (metadata, retrySafe) =>
    withAnnotations(metadata, { [RETRY_SAFE]: retrySafe ? undefined : 'false' }),
  rolloutSeconds: (metadata, seconds) =>
    withAnnotations(metadata, { [ROLLOUT_DURATION]: seconds === 0 ? undefined : `${seconds}s` }),
  labels (metadata, labels) {
    const kept = Object.entries(metadata.labels ?? {}).filter(([key]) => isKnatives(key))
    return { ...metadata, labels: { ...Object.fromEntries(kept), ...labels } }
  }
}

const TEMPLATE_WRITERS: {
  readonly [Field in TemplateField]: (template: Template, value: ModelSpec[Field]) => Template
} = {
  image: (template, image) => withImage(template, image, undefined),
  port: (template, port) =>
    withContainer(template, container => ({
      ...container,
      ports: [
        { ...container.ports?.[0], containerPort: port },
        ...(container.ports?.slice(1) ?? [])
      ]
    })),
  env: (template, env) =>
    withContainer(template, container => ({
      ...container,
      env: withVariables(container.env ?? [], env)
    })),
  appPath: (template, appPath) =>
    withContainer(template, container => ({
      ...container,
      env: withAppPath(container.env ?? [], appPath)
    })),
  resources: (template, resources) =>
    withContainer(template, container => ({
      ...container,
      resources: withAmounts(container.resources, resources)
    })),
  containerConcurrency: (template, containerConcurrency) =>
    withRevisionSpec(template, spec => ({ ...spec, containerConcurrency })),
  timeoutSeconds: (template, timeoutSeconds) =>
    withRevisionSpec(template, spec => ({ ...spec, timeoutSeconds })),
  imagePullSecrets: (template, names) =>
    withRevisionSpec(template, spec => ({
      ...spec,
      imagePullSecrets: names.map(name => ({ name }))
    })),
  scaling: (template, scaling) =>
    SCALING_FIELDS.reduce(
      (template, field) => withScaling(template, field, scaling[field]),
      template
    )
}

/** The metric comes before the target, whose default depends on it. */
export const SCALING_FIELDS = Object.keys(SCALING_ANNOTATIONS) as ReadonlyArray<keyof Scaling>

const CLASS = 'autoscaling.knative.dev/class'
const HPA = 'hpa.autoscaling.knative.dev'

function withScaling (
  template: Template,
  field: keyof Scaling,
  value: Scaling[keyof Scaling]
): Template {
  const { annotations = {} } = template.metadata ?? {}
  if (scalingOf(annotations)[field] === value) return template
  const [key, ...olderSpellings] = SCALING_ANNOTATIONS[field]
  const changes = {
    ...Object.fromEntries(olderSpellings.map(spelling => [spelling, undefined])),
    [key]: writeAmount(value)
  }
  if (field !== 'metric') return withTemplateAnnotations(template, changes)
  // Knative's own autoscaler knows neither cpu nor memory.
  const byPods = value === 'cpu' || value === 'memory'
  const present = annotations[CLASS]
  return withTemplateAnnotations(template, {
    ...changes,
    [CLASS]: byPods ? HPA : present === HPA ? undefined : present
  })
}

export function writeAmount (value: string | number | null): string | undefined {
  return value === null ? undefined : String(value)
}
