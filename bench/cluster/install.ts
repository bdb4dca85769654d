import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ROOT } from '../program.js'
import { SERVICE_IMAGE, STAND_IN_IMAGE } from './images.js'
import { kubectl, LABEL, NAMESPACE } from './kit.js'

/** The service as callers inside the cluster reach it. */
export const SERVICE_URL = `http://bench-scr-modelops.${NAMESPACE}.svc.cluster.local`
/** A model with Knative's defaults, by its route. */
export const DEFAULT_ROUTE = `http://bench-default.${NAMESPACE}.svc.cluster.local`

const [labelName = '', labelValue = ''] = LABEL.split('=')
/** What deploy/ may install; models go one by one, before the service that made them. */
const KINDS =
  'deployment,service,configmap,serviceaccount,role,rolebinding,networkpolicy,poddisruptionbudget,clusterrole,clusterrolebinding'

/**
 * Installs the service by an overlay of deploy/base, under names of its own, in one replica, and
 * waits until it is ready.
 */
export async function install (): Promise<void> {
  // inside the clone, since kustomize takes only relative paths; JSON is YAML
  const folder = await mkdtemp(path.join(ROOT, 'bench', '.overlay-'))
  const [image = '', tag = ''] = SERVICE_IMAGE.split(':')
  try {
    await writeFile(
      path.join(folder, 'kustomization.yaml'),
      JSON.stringify({
        apiVersion: 'kustomize.config.k8s.io/v1beta1',
        kind: 'Kustomization',
        namespace: NAMESPACE,
        namePrefix: 'bench-',
        resources: ['../../deploy/base'],
        labels: [{ pairs: { [labelName]: labelValue }, includeSelectors: true }],
        images: [{ name: 'scr-modelops', newName: image, newTag: tag }],
        replicas: [{ name: 'scr-modelops', count: 1 }],
        configMapGenerator: [
          {
            name: 'scr-modelops',
            behavior: 'merge',
            literals: ['IMAGE_ALLOW_LIST=dev.local/*', 'AUTH_MODE=none', 'LOG_LEVEL=warn']
          }
        ],
        // the namespace is there, and is not the benchmark's to change
        patches: [
          {
            target: { kind: 'Namespace' },
            patch: JSON.stringify({
              apiVersion: 'v1',
              kind: 'Namespace',
              metadata: { name: NAMESPACE },
              $patch: 'delete'
            })
          }
        ]
      })
    )
    await kubectl(['apply', '-k', folder])
  } finally {
    await rm(folder, { recursive: true })
  }
  await kubectl([
    '-n',
    NAMESPACE,
    'rollout',
    'status',
    'deployment/bench-scr-modelops',
    '--timeout=180s'
  ])
}

/** A ksvc as somebody writes it who leaves all to Knative. */
export async function createDefault (): Promise<void> {
  await kubectl(['apply', '-f', '-'], {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name: 'bench-default', namespace: NAMESPACE, labels: { [labelName]: labelValue } },
    spec: { template: { spec: { containers: [{ image: STAND_IN_IMAGE }] } } }
  })
  await kubectl([
    '-n',
    NAMESPACE,
    'wait',
    'ksvc/bench-default',
    '--for=condition=Ready',
    '--timeout=120s'
  ])
}

/** Takes away what this run made, and what one before it left. */
export async function uninstall (): Promise<void> {
  const models = ['bench-default', 'bench-model', 'bench-growing']
  await kubectl([
    '-n',
    NAMESPACE,
    'delete',
    'ksvc',
    ...models,
    '--ignore-not-found',
    '--cascade=foreground',
    '--timeout=120s'
  ])
  await kubectl([
    '-n',
    NAMESPACE,
    'delete',
    KINDS,
    '-l',
    LABEL,
    '--ignore-not-found',
    '--timeout=120s'
  ])
}
