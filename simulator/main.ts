import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { startSimulator } from './simulator.js'

// This runs the simulator as a program: --kubeconfig FILE [--api-port N] [--gateway-port N]. It
// prints one JSON line on stdout when it is ready.
const USAGE = 'usage: npm run simulator -- --kubeconfig FILE [--api-port N] [--gateway-port N]'

try {
  const { values } = parseArgs({
    options: {
      kubeconfig: { type: 'string' },
      'api-port': { type: 'string', default: '0' },
      'gateway-port': { type: 'string', default: '0' }
    }
  })
  if (values.kubeconfig === undefined) throw new Error('--kubeconfig FILE is missing')
  const simulator = await startSimulator({
    apiPort: parsePort('--api-port', values['api-port']),
    gatewayPort: parsePort('--gateway-port', values['gateway-port'])
  })
  await writeFile(values.kubeconfig, simulator.kubeconfig(), { mode: 0o600 })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(0))
  }
  process.stdout.on('error', () => process.exit(1)) // the reader has left
  console.log(
    JSON.stringify({
      kubeconfig: values.kubeconfig,
      apiUrl: simulator.apiUrl,
      gatewayUrl: simulator.gatewayUrl
    })
  )
} catch (error) {
  console.error(`${(error as Error).message}\n${USAGE}`)
  process.exitCode = 2
}

function parsePort (option: string, text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0 || number > 65_535) {
    throw new Error(`${option} ${text}: a port is a number from 0 to 65535`)
  }
  return number
}
