import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { startSimulator } from '../simulator/simulator.js'
import { readConfig } from '../src/config.js'
import { openService } from '../src/service.js'

// Calls made from openapi.yaml by schemathesis, against the service on the simulator: an answer of
// 500, or one that openapi.yaml does not describe, is a failure. SCHEMATHESIS names the program;
// without it, it is installed from PyPI into a temporary folder. Arguments are its own.

const CHECKS = 'status_code_conformance,content_type_conformance,response_schema_conformance'
const MODEL = { name: 'm', image: 'registry.demo/sr_hmeq_logreg:1.0' }

const root = mkdtempSync(path.join(tmpdir(), 'scr-modelops-fuzz-'))
const simulator = await startSimulator()
const kubeconfig = path.join(root, 'kubeconfig')
writeFileSync(kubeconfig, simulator.kubeconfig())
const config = readConfig({
  PORT: '0',
  HOST: '127.0.0.1',
  KUBECONFIG: kubeconfig,
  SCORING_GATEWAY_URL: simulator.gatewayUrl,
  DATA_PATH: 'revision',
  AUTH_MODE: 'none',
  IMAGE_ALLOW_LIST: '*',
  DRAIN_SECONDS: '0'
})
const { app, stop } = await openService(config, pino({ level: 'error' }))
const url = await app.listen({ port: config.port, host: config.host })
try {
  const created = await fetch(`${url}/models?wait=60`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(MODEL)
  })
  if (created.status !== 201) throw new Error(await created.text())
  const program = process.env['SCHEMATHESIS'] ?? installed()
  const config = path.join(root, 'schemathesis.toml')
  // A log that is followed has no end.
  const parameters = ['[parameters]', '"query.follow" = false']
  const codes: number[] = []
  for (const [lines, options] of [
    [parameters, []], // mostly of models that are not there
    [
      [...parameters, `"path.name" = "${MODEL.name}"`],
      ['--exclude-method', 'DELETE']
    ] // of one that is
  ] as const) {
    writeFileSync(config, lines.join('\n'))
    codes.push(await fuzz(program, ['--config-file', config], options))
  }
  process.exitCode = Math.max(...codes)
} finally {
  await stop()
  await simulator.close()
  rmSync(root, { recursive: true, force: true })
}

/** Not spawnSync: the service is in this process. */
async function fuzz (
  program: string,
  first: readonly string[],
  more: readonly string[]
): Promise<number> {
  const args = [
    ...first,
    'run',
    path.resolve('openapi.yaml'),
    '--url',
    url,
    '--checks',
    CHECKS,
    '--request-timeout',
    '60',
    ...more,
    ...process.argv.slice(2)
  ]
  // it leaves a folder where it runs
  const [code] = await once(spawn(program, args, { stdio: 'inherit', cwd: root }), 'close')
  return code ?? 1
}

function installed (): string {
  const venv = path.join(root, 'venv')
  for (const [program, ...args] of [
    ['python3', '-m', 'venv', venv],
    [path.join(venv, 'bin/pip'), 'install', '--quiet', 'schemathesis']
  ] as const) {
    const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
    if (status !== 0) {
      throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`)
    }
  }
  return path.join(venv, 'bin/schemathesis')
}
