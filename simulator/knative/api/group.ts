import type { Group, Kind } from '../../kube/catalog.js'
import type { Pod } from '../../kube/objects.js'
import { admitKsvc, admitRevision } from '../admission/admission.js'
import { REVISION_SPEC, SPEC } from '../admission/fields.js'
import type { Ksvc, Revision } from '../objects.js'
import { CONFIGURATIONS, REVISIONS, ROUTES, SERVICES, SERVING } from '../resources.js'
import {
  CONFIGURATION_COLUMNS,
  REVISION_COLUMNS,
  ROUTE_COLUMNS,
  SERVICE_COLUMNS
} from './columns.js'
import { schemaOf } from './schema.js'

const services: Kind<Ksvc> = {
  resource: SERVICES,
  admit: admitKsvc,
  spec: schemaOf(SPEC),
  columns: SERVICE_COLUMNS
}
const revisions: Kind<Revision> = {
  resource: REVISIONS,
  admit: admitRevision,
  spec: schemaOf(REVISION_SPEC),
  columns: REVISION_COLUMNS
}

/** Knative registers this with the API server: its kinds, their webhooks, schemas and columns. */
export const KNATIVE_GROUP: Group = {
  name: SERVING,
  goPackage: 'dev.knative.serving',
  categories: ['all', 'knative', 'serving'],
  kinds: [
    services,
    { resource: CONFIGURATIONS, columns: CONFIGURATION_COLUMNS },
    { resource: ROUTES, columns: ROUTE_COLUMNS },
    revisions
  ]
}

/**
 * Names the ksvc that owns a pod. The Deployment and the ReplicaSet between them are not stored.
 */
export function ksvcOfPod ({ metadata: { labels = {} } }: Pod) {
  return {
    resource: SERVICES,
    name: labels['serving.knative.dev/service'] ?? '',
    uid: labels['serving.knative.dev/serviceUID'] ?? ''
  }
}
