import type { Schema } from '../../kube/catalog.js'
import type { Field, Shape } from '../admission/fields.js'

/** Makes the JSON schema of the fields that the webhook reads. */
export const schemaOf = ({ fields }: Shape): Schema => ({
  type: 'object',
  properties: Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, schemaOfField(field)])
  )
})

function schemaOfField (field: Field): Schema {
  if (field === 'open') return {}
  if (field === 'quantities') return { type: 'object', additionalProperties: {} }
  if (typeof field === 'string') {
    return {
      type: { string: 'string', int32: 'integer', int64: 'integer', bool: 'boolean' }[field]
    }
  }
  return 'go' in field ? schemaOf(field) : { type: 'array', items: schemaOf(field[0]) }
}
