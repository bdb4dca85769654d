/** One complaint of the webhook: message, the field, and sometimes a line of explanation. */
export interface Fault { readonly message: string, readonly path: string, readonly details?: string }

export const fault = (message: string, path: string, details?: string): Fault => ({ message, path, ...(details !== undefined && { details }) })

export const range = (value: number, low: number, high: number, path: string): Fault[] =>
  value >= low && value <= high ? [] : [fault(`expected ${low} <= ${value} <= ${high}`, path)]

/** Knative's order and layout: sorted by message, `MESSAGE: PATH`, details on the next line. */
export const sortedText = (faults: readonly Fault[]): string => [...faults]
  .sort((a, b) => a.message < b.message ? -1 : a.message > b.message ? 1 : a.path < b.path ? -1 : 1)
  .map(({ message, path, details }) => `${message}: ${path}${details === undefined ? '' : `\n${details}`}`)
  .join('\n')
