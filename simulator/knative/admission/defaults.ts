import type { Container, Ksvc, RevisionSpec, TrafficTarget } from '../objects.js'

/**
 * Fills in the defaults of Knative's mutating webhook. The answer to a POST with only an image has
 * all of them (recorded).
 */
export function withDefaults (spec: Ksvc['spec']): Ksvc['spec'] {
  const { template, traffic = [] } = spec
  return {
    ...spec,
    template: {
      ...template,
      metadata: { ...template.metadata, creationTimestamp: null },
      spec: withRevisionDefaults(template.spec)
    },
    traffic:
      traffic.length === 0
        ? [{ latestRevision: true, percent: 100 }]
        : traffic.map(withTargetDefaults)
  }
}

function withRevisionDefaults (spec: RevisionSpec): RevisionSpec {
  const { containers, containerConcurrency = 0, enableServiceLinks = false, timeoutSeconds } = spec
  const several = containers.length > 1
  return {
    ...spec,
    containerConcurrency,
    containers: containers.map((container, i) =>
      withContainerDefaults(container, several ? `user-container-${i}` : 'user-container')
    ),
    enableServiceLinks,
    timeoutSeconds: timeoutSeconds || 300 // 0 means the default too (recorded)
  }
}

function withContainerDefaults (container: Container, name: string): Container {
  const {
    env = [],
    ports = [],
    resources = {},
    readinessProbe = { tcpSocket: { port: 0 } },
    ...rest
  } = container
  return {
    name,
    ...rest,
    ...(env.length > 0 && { env }),
    ...(ports.length > 0 && {
      ports: ports.map(port => ({ ...port, protocol: port.protocol ?? 'TCP' }))
    }),
    readinessProbe: { successThreshold: 1, ...readinessProbe },
    resources
  }
}

const withTargetDefaults = (target: TrafficTarget): TrafficTarget => ({
  ...target,
  latestRevision: target.latestRevision ?? target.revisionName === undefined
})
