import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import type { Test } from 'tap'
import { startSimulator, type Simulator, type SimulatorOptions } from '../../simulator/simulator.js'
import { readConfig } from '../../src/config.js'
import { openService } from '../../src/service.js'

/** Where a service finds its cluster: a kubeconfig file, and the gateway to the models. */
export interface Cluster {
  readonly kubeconfig: string
  readonly gatewayUrl: string
}

export interface TestService {
  /** Without a slash at its end. */
  readonly url: string
  stop(): Promise<void>
}

/** A folder that is gone after the test. */
export async function folder (t: Test): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'scr-modelops-test-'))
  t.teardown(async () => await rm(made, { recursive: true, force: true }))
  return made
}

/** A simulated cluster of the test's own, and how a service finds it. */
export async function openSimulator (
  t: Test,
  options: SimulatorOptions = {}
): Promise<{ simulator: Simulator, cluster: Cluster }> {
  const simulator = await startSimulator(options)
  t.teardown(async () => await simulator.close())
  const kubeconfig = path.join(await folder(t), 'kubeconfig')
  await writeFile(kubeconfig, simulator.kubeconfig())
  return { simulator, cluster: { kubeconfig, gatewayUrl: simulator.gatewayUrl } }
}

/** The settings of a service that a test starts, with a spool of its own. */
export async function testSettings (t: Test, { kubeconfig, gatewayUrl }: Cluster) {
  return {
    PORT: '0',
    HOST: '127.0.0.1',
    KUBECONFIG: kubeconfig,
    SCORING_GATEWAY_URL: gatewayUrl,
    DATA_PATH: 'revision',
    AUTH_MODE: 'none',
    IMAGE_ALLOW_LIST: '*',
    SPOOL_DIR: path.join(await folder(t), 'spool')
  }
}

/**
 * The real service in this process, listening on a port of its own; `env` goes before the settings
 * of a test.
 */
export async function openTestService (
  t: Test,
  cluster: Cluster,
  env: Readonly<Record<string, string>> = {}
): Promise<TestService> {
  const config = readConfig({ ...await testSettings(t, cluster), DRAIN_SECONDS: '0', ...env })
  const { app, stop } = await openService(config, pino({ level: env['LOG_LEVEL'] ?? 'silent' }))
  t.teardown(stop)
  return { url: await app.listen({ port: config.port, host: config.host }), stop }
}

/**
 * A World's `openService`: one more service for the same cluster, with other settings and perhaps
 * other credentials.
 */
export function openBeside (cluster: Cluster, env: Readonly<Record<string, string>>) {
  return async (
    t: Test,
    more: Readonly<Record<string, string>>,
    kubeconfig?: string
  ): Promise<string> => {
    if (kubeconfig === undefined) {
      return (await openTestService(t, cluster, { ...env, ...more })).url
    }
    const file = path.join(await folder(t), 'kubeconfig')
    await writeFile(file, kubeconfig, { mode: 0o600 })
    return (await openTestService(t, { ...cluster, kubeconfig: file }, { ...env, ...more })).url
  }
}
