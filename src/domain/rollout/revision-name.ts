import { invalidFields, type FieldFault } from '../errors.js'
import type { Model, Revision } from '../models/model/model.js'

/** A revision's name is a DNS label. */
const NAME_MAX = 63

export function chooseRevisionName (
  wanted: string | undefined,
  { name }: Model,
  revisions: readonly Revision[]
): string {
  const next = `${name}-${String(Math.max(0, ...revisions.map(({ number }) => number)) + 1).padStart(5, '0')}`
  const revision = wanted ?? next
  if (revision.length > NAME_MAX) {
    throw invalidFields([
      {
        field: 'revision',
        detail: `no name can be made from ${name}: it is too long`,
        remedy: `give a name that begins with ${name}-`
      }
    ])
  }
  if (revisions.some(other => other.name === revision)) {
    throw invalidFields([
      {
        field: 'revision',
        detail: `there is a revision ${revision} already`,
        remedy: 'choose another name, or leave it out'
      }
    ])
  }
  if (revision !== next && /^\d{5,}$/.test(revision.slice(name.length + 1))) {
    // A later template would get the same name from the cluster and fail.
    throw invalidFields([
      {
        field: 'revision',
        detail: `${revision} is a name that the cluster gives by itself`,
        remedy: 'choose a name with a word, or leave it out'
      }
    ])
  }
  return revision
}

export function findRevisionNameFaults (
  revision: string | undefined,
  { name }: Model
): FieldFault[] {
  if (
    revision === undefined ||
    (revision.startsWith(`${name}-`) &&
      revision.length <= NAME_MAX &&
      /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(revision))
  ) { return [] }
  return [
    {
      field: 'revision',
      detail: `"${revision}" can't be a revision of ${name}`,
      remedy: `begin it with ${name}-, use lower-case letters, digits and hyphens, at most ${NAME_MAX} characters`
    }
  ]
}
