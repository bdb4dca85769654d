import type { Container, Ksvc, RevisionSpec, Template } from '../api/kube-objects.js'
import { USER_IMAGE } from './image-pin.js'
import { findContainer, findContainerIndex } from './ksvc-reading.js'

/** Annotations or labels; undefined takes an entry away. */
export type EntryChanges = Readonly<Record<string, string | undefined>>

export function withEntries (
  current: Readonly<Record<string, string>> = {},
  changes: EntryChanges
): Record<string, string> {
  const entries = Object.entries({ ...current, ...changes })
  return Object.fromEntries(
    entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))
  )
}

export function withAnnotations<Part extends Pick<Partial<Ksvc['metadata']>, 'annotations'>> (
  metadata: Part,
  changes: EntryChanges
): Part {
  return { ...metadata, annotations: withEntries(metadata.annotations, changes) }
}

export function withTemplate (ksvc: Ksvc, change: (template: Template) => Template): Ksvc {
  return { ...ksvc, spec: { ...ksvc.spec, template: change(ksvc.spec.template) } }
}

export function withTemplateAnnotations (template: Template, changes: EntryChanges): Template {
  return { ...template, metadata: withAnnotations(template.metadata ?? {}, changes) }
}

export function withRevisionSpec (
  template: Template,
  change: (spec: RevisionSpec) => RevisionSpec
): Template {
  return { ...template, spec: change(template.spec) }
}

/** Changes the model's container; sidecars stay as they are. */
export function withContainer (
  template: Template,
  change: (container: Container) => Container
): Template {
  return withRevisionSpec(template, spec => {
    const index = findContainerIndex(spec)
    return {
      ...spec,
      containers: spec.containers.map((container, i) =>
        i === index ? change(container) : container
      )
    }
  })
}

/** As the container has it; `ModelSpec.image` is as the user named it. */
export function imageOf ({ spec }: Template): string {
  return findContainer(spec).image ?? ''
}

/** `named`: how the user named the image, where the container is to have its digest. */
export function withImage (
  template: Template,
  image: string,
  named: string | undefined
): Template {
  const next = withContainer(template, container => ({ ...container, image }))
  const isNamed = template.metadata?.annotations?.[USER_IMAGE] !== undefined
  return named === undefined && !isNamed
    ? next
    : withTemplateAnnotations(next, { [USER_IMAGE]: named })
}
