import { exampleRow, scoreUrl, TOKEN_VARIABLE, type ScoreCall } from './score-call.js'

/**
 * Writes a program that uses nothing but Python's standard library.
 * @throws DomainError `signature-unknown`
 */
export function pythonSnippet (call: ScoreCall): string {
  const members = exampleRow(call).map(
    ({ name, value }) => `        ${pythonText(name)}: ${literal(value)},`
  )
  const headers = [
    '"Content-Type": "application/json"',
    ...(call.needsToken ? [`"Authorization": "Bearer " + os.environ["${TOKEN_VARIABLE}"]`] : [])
  ]
  return `${[
    `# Scores rows with ${call.model}; needs nothing but Python 3.`,
    'import json',
    ...(call.needsToken ? ['import os'] : []),
    'import urllib.error',
    'import urllib.request',
    '',
    'rows = [',
    '    {',
    ...members,
    '    },',
    ']',
    'request = urllib.request.Request(',
    `    ${pythonText(scoreUrl(call))},`,
    '    data=json.dumps(rows).encode(),',
    '    headers={',
    ...headers.map(header => `        ${header},`),
    '    },',
    ')',
    'try:',
    '    with urllib.request.urlopen(request) as answer:',
    '        scored = json.load(answer)["rows"]',
    'except urllib.error.HTTPError as error:',
    '    raise SystemExit(error.read().decode())',
    'for row in scored:',
    '    print(row)'
  ].join('\n')}\n`
}

/**
 * Writes a program that uses the package of clients/python. The package keeps types and reads the
 * token from the environment.
 * @throws DomainError `signature-unknown`
 */
export function pandasSnippet (call: ScoreCall): string {
  const columns = exampleRow(call).map(
    ({ name, value }) => `        ${pythonText(name)}: [${literal(value)}],`
  )
  const model = pythonText(call.model)
  return `${[
    `# Scores a DataFrame with ${call.model}; needs the package scr-modelops with pandas.`,
    ...(call.needsToken ? [`# It finds your token in the environment: ${TOKEN_VARIABLE}.`] : []),
    'import pandas as pd',
    'from scr_modelops import Client',
    '',
    `client = Client(${pythonText(call.url)})`,
    `# A file: pd.read_csv("FILE", dtype=client.models.signature(${model}).dtypes)`,
    'frame = pd.DataFrame(',
    '    {',
    ...columns,
    '    }',
    ')',
    `scored = client.score(${model}, frame)`,
    'print(scored.to_string())'
  ].join('\n')}\n`
}

function literal (value: number | string): string {
  return typeof value === 'number' ? String(value) : pythonText(value)
}

/** Quotes a text for Python, whose escapes include JSON's. Invisible characters are escaped. */
function pythonText (text: string): string {
  return JSON.stringify(text).replaceAll(/\p{C}/gu, character => {
    const code = character.codePointAt(0)!.toString(16)
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`
  })
}
