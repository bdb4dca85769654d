/**
 * A number whose text a double does not give back: 9007199254740993, 1.50, 1e400, -0. It keeps the
 * text, so that a number which only passes through leaves as it came.
 */
export class ExactNumber {
  /** The number as JSON writes it. */
  readonly text: string

  constructor (text: string) {
    this.text = text
  }
}

/**
 * A JSON value. A number is a double where String() gives its text back, otherwise an ExactNumber.
 * Objects are maps, which keep the order of members and have no special names such as `__proto__`.
 */
export type Json = null | boolean | number | string | ExactNumber | readonly Json[] | JsonObject
export type JsonObject = ReadonlyMap<string, Json>

/** Narrower than `instanceof Map`, which TypeScript takes for `Map<any, any>`. */
export function isJsonObject (value: unknown): value is JsonObject {
  return value instanceof Map
}
