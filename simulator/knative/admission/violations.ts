const DNS_1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, " +
  "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"

/** One violation that the webhook reports: message, field, and sometimes a line of details. */
export interface Violation {
  readonly message: string
  readonly path: string
  readonly details?: string
}

export const violation = (message: string, path: string, details?: string): Violation => ({
  message,
  path,
  ...(details !== undefined && { details })
})

export const checkRange = (value: number, low: number, high: number, path: string): Violation[] =>
  value >= low && value <= high ? [] : [violation(`expected ${low} <= ${value} <= ${high}`, path)]

/**
 * Puts violations into one text as Knative does: sorted by message, each as `MESSAGE: PATH`, with
 * details on the next line.
 */
export const formatViolations = (violations: readonly Violation[]): string =>
  [...violations]
    .sort((a, b) =>
      a.message < b.message ? -1 : a.message > b.message ? 1 : a.path < b.path ? -1 : 1
    )
    .map(
      ({ message, path, details }) =>
        `${message}: ${path}${details === undefined ? '' : `\n${details}`}`
    )
    .join('\n')

/** Says how a name breaks the rule for a DNS 1035 label; undefined if it does not. */
export function explainBadLabel (name: string): string | undefined {
  if (name.length > 63) return 'not a DNS 1035 label: [must be no more than 63 characters]'
  return /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name)
    ? undefined
    : `not a DNS 1035 label: [${DNS_1035}]`
}
