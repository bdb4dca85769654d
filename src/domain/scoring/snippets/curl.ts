import {
  csvText,
  exampleRow,
  refuseUnseen,
  scoreUrl,
  TOKEN_VARIABLE,
  type ScoreCall
} from './score-call.js'

/**
 * Writes lines for a POSIX shell.
 * @throws DomainError those of `exampleRow` and `refuseUnseen`
 */
export function curlSnippet (call: ScoreCall): string {
  const row = exampleRow(call)
  refuseUnseen(row, 'a shell')
  const token = `"Authorization: Bearer \${${TOKEN_VARIABLE}:?set it to your token}"`
  return `${[
    `# Scores rows with ${call.model}. For a file: --data-binary @FILE, without the lines of printf.`,
    "printf '%s\\n' \\",
    `  ${shellText(csvText(row.map(({ name }) => name)))} \\`,
    `  ${shellText(csvText(row.map(({ value }) => value)))} |`,
    "  curl -sS --data-binary @- -H 'Content-Type: text/csv' \\",
    ...(call.needsToken ? [`    -H ${token} \\`] : []),
    `    ${shellText(scoreUrl(call))}`
  ].join('\n')}\n`
}

/** Quotes a text for a shell. In single quotes only the quote itself is special. */
function shellText (text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
