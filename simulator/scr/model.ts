/** A SAS value: numbers are doubles, null is missing, for a number as for text. */
export type Value = number | string | null

/** Values by variable name. Names are case sensitive; an absent name counts as missing. */
export type Row = Readonly<Record<string, Value>>

/** A declared input or output. `pad` says on which side an output's text is filled up with blanks to its length. */
export type Variable =
  | { readonly name: string, readonly type: 'number' }
  | { readonly name: string, readonly type: 'string', readonly length: number, readonly pad: 'leading' | 'trailing' }

/** What real containers differ in, so that a client which reads all the demo images reads real ones too. */
export interface Wire {
  /** `both` body forms, or only the older `{"inputs":[{name,value}]}`. */
  readonly accepts: 'both' | 'inputs'
  readonly elapsedNanos: 'number' | 'string'
  /** Order of the answer's top level keys; `values` is `data` or `outputs`, after the form of the request. */
  readonly keys: ReadonlyArray<'version' | 'metadata' | 'values'>
  /** OpenAPI 3 describes SCRInput and SCROutput, Swagger 2 calls them PCRInput and PCROutput. */
  readonly document: 'openapi3' | 'swagger2'
  /** How that document writes the type of a double. */
  readonly numberType: 'number' | 'decimal' | 'double'
}

export interface DemoModel {
  /** The published step; `POST /{app}` runs it too. */
  readonly step: string
  readonly inputs: readonly Variable[]
  readonly outputs: readonly Variable[]
  readonly wire: Wire
  /** Pure; text comes back without padding. */
  readonly score: (row: Row) => Row
}
