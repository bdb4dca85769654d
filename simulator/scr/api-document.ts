import type { DemoModel, Variable } from './model.js'

/**
 * Makes the answer to `GET /{app}/apiMeta/api`. It has the variables as a map by name, under
 * `SCRInput.properties.data.properties` in OpenAPI 3 and `PCRInput.properties.data.properties` in
 * Swagger 2. It describes the `data` form even if the model takes only `inputs`.
 */
export function describeApi (
  app: string,
  title: string,
  { inputs, outputs, step, wire }: DemoModel
): object {
  const values = (variables: readonly Variable[]) => ({
    type: 'object',
    properties: Object.fromEntries(
      variables.map(variable => [variable.name, describeVariable(variable, wire)])
    )
  })
  const input = { type: 'object', properties: { data: values(inputs) } }
  const output = {
    type: 'object',
    properties: {
      version: { type: 'integer' },
      metadata: { type: 'object' },
      data: values(outputs)
    }
  }
  const paths = (operation: object) => ({
    [`/${app}`]: { post: operation },
    [`/${app}/${step}`]: { post: operation }
  })
  const info = { title, version: '1.0' }

  if (wire.document === 'swagger2') {
    const body = {
      in: 'body',
      name: 'input',
      required: true,
      schema: { $ref: '#/definitions/PCRInput' }
    }
    return {
      swagger: '2.0',
      info,
      consumes: ['application/json'],
      produces: ['application/json'],
      paths: paths({
        parameters: [body],
        responses: { 200: { description: 'OK', schema: { $ref: '#/definitions/PCROutput' } } }
      }),
      definitions: { PCRInput: input, PCROutput: output }
    }
  }
  const json = (name: string) => ({
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } }
  })
  return {
    openapi: '3.0.1',
    info,
    paths: paths({
      requestBody: { required: true, ...json('SCRInput') },
      responses: { 200: { description: 'OK', ...json('SCROutput') } }
    }),
    components: { schemas: { SCRInput: input, SCROutput: output } }
  }
}

/** Describes one variable. Images with Swagger 2 repeat the name and give no length. */
function describeVariable (variable: Variable, { document, numberType }: DemoModel['wire']): object {
  const name = document === 'swagger2' && { name: variable.name }
  if (variable.type === 'number') return { ...name, type: numberType }
  return { ...name, type: 'string', ...(document === 'openapi3' && { maxLength: variable.length }) }
}
