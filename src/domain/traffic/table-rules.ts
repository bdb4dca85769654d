import type { FieldFault } from '../errors.js'
import type { Routable, TrafficTable } from './traffic.js'

/** The host of a tag, `{tag}-{model}`, is one DNS label. */
const HOST_LABEL_MAX = 63

/**
 * Finds what is wrong with a table that a caller asks for. Its percents must total 100, a tag may
 * be on one row only, and each named revision must exist, belong to the model and not have failed.
 */
export function findTableFaults (
  table: TrafficTable,
  model: string,
  revisions: readonly Routable[]
): FieldFault[] {
  const faults: FieldFault[] = []
  const addFault = (field: string, detail: string, remedy: string) => {
    faults.push({ field, detail, remedy })
  }
  const total = table.reduce((sum, { percent }) => sum + percent, 0)
  if (total !== 100) {
    addFault('percent', `the table totals ${total}, not 100`, 'let the percents of all rows total 100')
  }
  const tags = new Set<string>()
  for (const [index, row] of table.entries()) {
    const { tag } = row
    if (tag !== undefined && tags.has(tag)) {
      addFault(`${index}.tag`, `"${tag}" is on more than one row`, 'give each tag to one row')
    }
    if (tag !== undefined) tags.add(tag)
    faults.push(
      ...findTagFaults(tag, model).map(found => ({ ...found, field: `${index}.${found.field}` }))
    )
    if (row.latest) continue
    const revision = revisions.find(({ name }) => name === row.revision)
    if (revision === undefined) {
      addFault(
        `${index}.revision`,
        `${model} has no revision "${row.revision}"`,
        `name one of ${revisions.map(({ name }) => name).join(', ')}`
      )
    } else if (revision.ready === false) {
      addFault(
        `${index}.revision`,
        `the revision ${row.revision} failed and can't serve`,
        `GET /models/${model}/revisions/${row.revision} explains why`
      )
    }
  }
  return faults
}

export function findTagFaults (tag: string | undefined, model: string): FieldFault[] {
  if (tag === undefined) return []
  if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(tag)) {
    return [
      {
        field: 'tag',
        detail: `"${tag}" is not a tag: lower-case letters, digits and hyphens, a letter first, no hyphen last`,
        remedy: 'use a tag such as challenger'
      }
    ]
  }
  const length = tag.length + 1 + model.length
  return length <= HOST_LABEL_MAX
    ? []
    : [
        {
          field: 'tag',
          detail: `"${tag}" is too long: its host ${tag}-${model} would have ${length} characters`,
          remedy: `use at most ${HOST_LABEL_MAX - 1 - model.length} characters`
        }
      ]
}
