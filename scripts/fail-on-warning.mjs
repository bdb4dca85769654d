// Loaded before each test file by .taprc: a warning of Node (too many listeners, something
// deprecated) in that process, or in a program of this project that it starts, fails the file.
// Programs hear of it by NODE_OPTIONS, and tell by a file.
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const isOurs = (file = '') =>
  file.startsWith(root + path.sep) && !file.includes(`${path.sep}node_modules${path.sep}`)

if (isOurs(process.argv[1])) {
  const owner = process.env['WARNINGS_FILE'] === undefined
  if (owner) {
    process.env['WARNINGS_FILE'] = path.join(
      mkdtempSync(path.join(tmpdir(), 'scr-modelops-warnings-')),
      'warnings'
    )
    process.env['NODE_OPTIONS'] =
      `${process.env['NODE_OPTIONS'] ?? ''} --import=${pathToFileURL(fileURLToPath(import.meta.url))}`.trim()
  }
  const file = process.env['WARNINGS_FILE']
  process.on('warning', warning => {
    try {
      appendFileSync(file, `${process.argv[1]}: ${warning.stack ?? warning.message}\n`)
    } catch {} // the test that started this program is over
  })
  if (owner) {
    process.on('exit', () => {
      failAfter(file)
    })
  }
}

function failAfter (file) {
  if (existsSync(file)) {
    console.error(`\nNode warned:\n${readFileSync(file, 'utf8')}`)
    process.exitCode ||= 1
  }
  rmSync(path.dirname(file), { recursive: true, force: true })
}
