import { isDeepStrictEqual } from 'node:util'
import type { ModelSpec } from '../../../domain/models/model/model.js'
import { SPEC_FIELDS } from '../../../domain/models/spec/spec-fields.js'
import type { UpdatePlan } from '../../../domain/models/update-model.js'
import type { TrafficTable } from '../../../domain/traffic/traffic.js'
import { type TrafficHistory, writeHistory } from '../../../domain/traffic/traffic-history.js'
import type { Container, Ksvc } from '../api/kube-objects.js'
import { SCALING_FIELDS, writeAmount, withField } from './field-writers.js'
import {
  imageOf,
  withAnnotations,
  withEntries,
  withImage,
  withTemplate,
  withTemplateAnnotations
} from './ksvc-parts.js'
import {
  CREATED_BY,
  REDEPLOYED_AT,
  REQUESTED_BY,
  SCALING_ANNOTATIONS,
  TRAFFIC_HISTORY,
  specOf
} from './ksvc-reading.js'

/**
 * A ksvc of this name with everything said, so that no default of the cluster can change what it
 * means.
 */
export function buildKsvc (name: string, namespace: string, spec: ModelSpec): Ksvc {
  const { image, port, containerConcurrency, timeoutSeconds, scaling } = spec
  const explicit = SCALING_FIELDS.filter(field => field !== 'metric') // which brings its autoscaler's class along
  const annotations = withEntries(
    {},
    Object.fromEntries(
      explicit.map(field => [SCALING_ANNOTATIONS[field][0], writeAmount(scaling[field])])
    )
  )
  const container: Container = {
    image,
    ports: [{ containerPort: port }],
    securityContext: RESTRICTED
  }
  return withSpec(
    {
      apiVersion: 'serving.knative.dev/v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: {
        template: {
          metadata: { annotations },
          spec: { containers: [container], containerConcurrency, timeoutSeconds }
        }
      }
    },
    spec
  )
}

const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' }
}

/**
 * The ksvc as an update wants it; equal to the live one when there is nothing to write. `at` is
 * RFC 3339.
 */
export function withUpdate (live: Ksvc, plan: UpdatePlan, at: string): Ksvc {
  const { spec, image, redeploy, revisionName, table, history } = plan
  const specified = withSpec(live, spec)
  const deployed = redeploy ? withRedeploy(specified, at) : withPinnedImage(specified, image)
  const named = revisionName === undefined ? deployed : withRevisionName(deployed, revisionName)
  const routed = table === undefined ? named : withTable(named, table)
  return history === undefined ? routed : withHistory(routed, history)
}

/**
 * The ksvc as a model of this spec. Only the fields that differ are written: annotations (the
 * server refuses a ksvc without its creator's), fields that a spec has no words for and other
 * containers stay as they are.
 */
export function withSpec (current: Ksvc, spec: ModelSpec): Ksvc {
  // Compared again at each field: what an absent scaling target means depends on the metric.
  const next = SPEC_FIELDS.reduce(
    (ksvc, field) =>
      isDeepStrictEqual(specOf(ksvc)[field], spec[field]) ? ksvc : withField(ksvc, field, spec),
    current
  )
  return withoutUsedName(current, next)
}

/**
 * A new template: it makes a new revision of the same image reference, which is looked up again.
 * `at` is RFC 3339.
 */
export function withRedeploy (ksvc: Ksvc, at: string): Ksvc {
  const next = withTemplate(withPinnedImage(ksvc, specOf(ksvc).image), template =>
    withTemplateAnnotations(template, { [REDEPLOYED_AT]: at })
  )
  return withoutUsedName(ksvc, next)
}

/**
 * The template with this image, by its digest or as its user named it. The model goes on to show
 * the reference that its user gave.
 */
function withPinnedImage (ksvc: Ksvc, image: string): Ksvc {
  if (image === imageOf(ksvc.spec.template)) return ksvc
  const named = specOf(ksvc).image
  return withTemplate(ksvc, template =>
    withImage(template, image, image === named ? undefined : named)
  )
}

export function withRequester (ksvc: Ksvc, caller: string): Ksvc {
  return { ...ksvc, metadata: withAnnotations(ksvc.metadata, { [REQUESTED_BY]: caller }) }
}

export function withCreator (ksvc: Ksvc, caller: string): Ksvc {
  const metadata = withAnnotations(ksvc.metadata, { [CREATED_BY]: caller, [REQUESTED_BY]: caller })
  return { ...ksvc, metadata }
}

export function withTable (ksvc: Ksvc, table: TrafficTable): Ksvc {
  const traffic = table.map(({ percent, tag, ...row }) => ({
    ...(row.latest
      ? { latestRevision: true }
      : { revisionName: row.revision, latestRevision: false }),
    percent,
    ...(tag === undefined ? {} : { tag })
  }))
  return { ...ksvc, spec: { ...ksvc.spec, traffic } }
}

/** The name of the revision that this template makes. */
export function withRevisionName (ksvc: Ksvc, name: string): Ksvc {
  return withTemplate(ksvc, template => ({ ...template, metadata: { ...template.metadata, name } }))
}

export function withHistory (ksvc: Ksvc, history: TrafficHistory): Ksvc {
  const text = history.length === 0 ? undefined : writeHistory(history)
  return { ...ksvc, metadata: withAnnotations(ksvc.metadata, { [TRAFFIC_HISTORY]: text }) }
}

/** A tool may have named the revision. A changed template under the same name is refused. */
function withoutUsedName (current: Ksvc, next: Ksvc): Ksvc {
  const [{ template: before }, { template }] = [current.spec, next.spec]
  if (template.metadata?.name === undefined || isDeepStrictEqual(before, template)) return next
  const { name: _, ...metadata } = template.metadata
  return withTemplate(next, template => ({ ...template, metadata }))
}
