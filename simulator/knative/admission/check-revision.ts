import type { Container, EnvVar, RevisionSpec } from '../objects.js'
import { checkRange, violation, type Violation } from './violations.js'

const RESERVED_ENV = ['PORT', 'K_SERVICE', 'K_CONFIGURATION', 'K_REVISION']
const RESERVED_PORTS = [8012, 8013, 8022, 9090, 9091]
const GATED = ['nodeSelector', 'tolerations', 'affinity', 'initContainers']

export function checkRevision (spec: RevisionSpec): Violation[] {
  const path = 'spec.template.spec'
  const violations = GATED.filter(name => name in spec).map(name =>
    violation('must not set the field(s)', `${path}.${name}`)
  )
  violations.push(
    ...checkRange(spec.containerConcurrency ?? 0, 0, 1000, `${path}.containerConcurrency`)
  )
  violations.push(...checkRange(spec.timeoutSeconds ?? 0, 0, 600, `${path}.timeoutSeconds`))
  if (spec.containers.length === 0) {
    return [...violations, violation('missing field(s)', `${path}.containers`)]
  }
  if (spec.containers.flatMap(({ ports = [] }) => ports).length > 1) {
    violations.push(
      violation(
        'more than one container port is set',
        `${path}.containers[*].ports`,
        'Only a single port is allowed across all containers'
      )
    )
  }
  return [
    ...violations,
    ...spec.containers.flatMap((container, i) =>
      checkContainer(container, `${path}.containers[${i}]`)
    )
  ]
}

function checkContainer (
  { name, image, env = [], ports = [] }: Container,
  path: string
): Violation[] {
  const violations: Violation[] = []
  if (name === 'queue-proxy') {
    violations.push(violation('"queue-proxy" is a reserved container name', `${path}.name`))
  }
  if (image === undefined || image === '') {
    violations.push(violation('missing field(s)', `${path}.image`))
  } else if (!isReference(image)) {
    violations.push(
      violation(
        'Failed to parse image reference',
        `${path}.image`,
        `image: "${image}", error: could not parse reference: ${image}`
      )
    )
  }
  violations.push(...env.flatMap((variable, i) => checkVariable(variable, `${path}.env[${i}]`)))
  const [port, more] = ports
  if (port !== undefined && more === undefined) {
    violations.push(...checkPort(port.containerPort ?? 0, port.name, `${path}.ports`))
  }
  return violations
}

const REFERENCE =
  /^(?:[A-Za-z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+|\/)[a-z0-9]+)*(?::[\w][\w.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$/
const isReference = (image: string): boolean => REFERENCE.test(image)

function checkVariable ({ name, valueFrom = {} }: EnvVar, path: string): Violation[] {
  if (name === undefined || name === '') return [violation('missing field(s)', `${path}.name`)]
  if (RESERVED_ENV.includes(name)) {
    return [violation(`"${name}" is a reserved environment variable`, `${path}.name`)]
  }
  return ['fieldRef', 'resourceFieldRef']
    .filter(key => key in valueFrom)
    .map(key => violation('must not set the field(s)', `${path}.valueFrom.${key}`))
}

function checkPort (port: number, name: string | undefined, path: string): Violation[] {
  const violations = checkRange(port, 0, 65535, `${path}.containerPort`)
  if (RESERVED_PORTS.includes(port)) {
    violations.push(
      violation(
        `invalid value: ${port} is a reserved port`,
        `${path}.containerPort`,
        `${port} is a reserved port, please use a different value`
      )
    )
  }
  if (name !== undefined && !['', 'h2c', 'http1'].includes(name)) {
    violations.push(
      violation(
        `Port name ${name} is not allowed`,
        path,
        "Name must be empty, or one of: 'h2c', 'http1'"
      )
    )
  }
  return violations
}
