import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Test } from 'tap'
import { CORE, NAMESPACE, newName, until, type World } from '../../support/contract.js'
import { missing, Program } from '../../support/program.js'
import { folder } from '../../support/service.js'

/** The program to try; another version by its path. */
const KUBECTL = process.env['KUBECTL'] ?? 'kubectl'

interface Said {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** kubectl, which nobody here wrote: the same commands have the same outcome in every world. */
export function kubectlContract (t: Test, world: World): void {
  t.test('kubectl', async t => {
    const none = await missing(t, KUBECTL)
    if (none !== false) {
      t.pass(none, { skip: none })
      return
    }
    const home = await folder(t)
    const image = (tag: string) => `${world.imagePrefix}/sr_hmeq_logreg:${tag}`

    function started (t: Test, ...args: string[]): Program {
      const env = { HOME: home, KUBECONFIG: world.kube.kubeconfigFile }
      return new Program(t, KUBECTL, ['--namespace', NAMESPACE, ...args], env)
    }
    async function kubectl (t: Test, ...args: string[]): Promise<Said> {
      const program = started(t, ...args)
      const { code } = await program.ended
      return { code, stdout: program.stdout, stderr: program.stderr }
    }
    async function succeeds (t: Test, pattern: RegExp, ...args: string[]): Promise<string> {
      const { code, stdout, stderr } = await kubectl(t, ...args)
      t.equal(code, 0, `kubectl ${args.join(' ')}${code === 0 ? '' : `\n${stderr}`}`)
      t.match(stdout, pattern)
      return stdout
    }
    async function fails (t: Test, pattern: RegExp, ...args: string[]): Promise<void> {
      const { code, stdout, stderr } = await kubectl(t, ...args)
      t.equal(code, 1, `kubectl ${args.join(' ')}${code === 1 ? '' : `\n${stdout}`}`)
      t.match(stderr, pattern)
    }
    /** A manifest's file; `more` are further lines of the container. */
    async function manifest (
      t: Test,
      name: string,
      tag: string,
      ...more: string[]
    ): Promise<string> {
      const file = path.join(await folder(t), 'ksvc.yaml')
      await writeFile(file, [
        'apiVersion: serving.knative.dev/v1',
        'kind: Service',
        `metadata: {name: ${name}, labels: {it: ${name}}}`,
        'spec:',
        '  template:',
        '    metadata: {annotations: {autoscaling.knative.dev/window: 6s}}',
        '    spec:',
        '      containers:',
        `      - image: ${image(tag)}`,
        ...more.map(line => `        ${line}`),
        ''
      ].join('\n'))
      return file
    }
    async function applied (t: Test, word: string): Promise<string> {
      const name = newName(t, world, word)
      await succeeds(t, /created/, 'apply', '-f', await manifest(t, name, '1.0'))
      return name
    }
    const isReady = async (t: Test, name: string) =>
      await succeeds(t, /condition met/, 'wait', `ksvc/${name}`, '--for=condition=Ready',
        '--timeout=60s')
    const field = async (t: Test, name: string, path: string) =>
      await succeeds(t, /^/, 'get', 'ksvc', name, '-o', `jsonpath={${path}}`)

    t.jobs = 2

    t.test('apply creates and changes, wait sees it ready, get prints its columns, delete removes it once', async t => {
      const name = await applied(t, 'apply')
      await isReady(t, name)
      await succeeds(t, /configured/, 'apply', '-f', await manifest(t, name, '2.0'))
      await isReady(t, name)
      const table = await succeeds(t, /^NAME +URL +LATESTCREATED +LATESTREADY +READY +REASON/,
        'get', 'ksvc', name)
      t.match(table,
        new RegExp(`\\n${name} +http://${name}\\.\\S+ +${name}-00002 +${name}-00002 +True`))
      await succeeds(t, /deleted/, 'delete', 'ksvc', name)
      await fails(t, new RegExp(`services.serving.knative.dev "${name}" not found`), 'delete',
        'ksvc', name)
    })

    t.test('what the server refuses ends with 1 and says why', async t => {
      const name = await applied(t, 'refuse')
      await fails(t, /"nosuch" not found/, 'get', 'ksvc', 'nosuch')
      await fails(t, /doesn't have a resource type "nosuchkind"/, 'get', 'nosuchkind')
      await fails(t, /unknown field .*imagePolicy|imagePolicy.*unknown field/s, 'apply', '-f',
        await manifest(t, name, '1.0', 'imagePolicy: x'))
      await fails(t, /already exists/, 'create', '-f', await manifest(t, name, '1.0'))
      await fails(t,
        /annotation value is immutable: metadata.annotations.serving.knative.dev\/creator/,
        'replace', '-f', await manifest(t, name, '2.0'))
      await fails(t, /application\/merge-patch\+json, application\/apply-patch\+yaml/, 'patch',
        'ksvc', name, '-p', '{"metadata":{"labels":{"a":"b"}}}')
      await fails(t, /request is invalid/, 'patch', 'ksvc', name, '--type=json', '-p',
        '[{"op":"remove","path":"/metadata/labels/none"}]')
    })

    t.test('annotate, label, edit, merge patch and JSON patch change what they name', async t => {
      const name = await applied(t, 'patch')
      await isReady(t, name)
      await succeeds(t, /annotated/, 'annotate', 'ksvc', name, 'it/annotated=yes')
      await succeeds(t, /labeled/, 'label', 'ksvc', name, 'labelled=yes')
      await succeeds(t, /patched/, 'patch', 'ksvc', name, '--type=merge', '-p',
        '{"metadata":{"labels":{"merged":"yes","it":null}}}')
      await succeeds(t, /patched/, 'patch', 'ksvc', name, '--type=json', '-p',
        '[{"op":"copy","from":"/metadata/labels/merged","path":"/metadata/labels/copied"}]')
      const editor = path.join(await folder(t), 'editor')
      await writeFile(editor,
        '#!/bin/sh\nsed -i "s/copied: \\"yes\\"/copied: edited/; s/copied: yes/copied: edited/" "$1"\n',
        { mode: 0o755 })
      const env = { HOME: home, KUBECONFIG: world.kube.kubeconfigFile, EDITOR: editor }
      t.equal(
        (await new Program(t, KUBECTL, ['--namespace', NAMESPACE, 'edit', 'ksvc', name], env).ended)
          .code,
        0
      )
      const { metadata } = await world.kube.ksvc(name) as unknown as {
        metadata: { labels: object, annotations: Record<string, string> }
      }
      t.same(metadata.labels, { labelled: 'yes', merged: 'yes', copied: 'edited' })
      t.equal(metadata.annotations['it/annotated'], 'yes')
    })

    t.test('server-side apply of what another manager set is a conflict that names it, unless it is forced', async t => {
      const name = await applied(t, 'ssa')
      await isReady(t, name)
      const file = await manifest(t, name, '2.0')
      await fails(t,
        /conflict with "kubectl-client-side-apply"(?: using serving.knative.dev\/v1)?: \.spec\.template\.spec\.containers/,
        'apply', '--server-side', '-f', file)
      t.match(await field(t, name, '.spec.template.spec.containers[0].image'), /:1\.0$/)
      await succeeds(t, /serverside-applied/, 'apply', '--server-side', '--force-conflicts', '-f',
        file)
      t.match(await field(t, name, '.spec.template.spec.containers[0].image'), /:2\.0$/)
      await succeeds(t, /serverside-applied/, 'apply', '--server-side', '-f', file)
      t.equal(await field(t, name, '.metadata.generation'), '2', 'the same again changes nothing')
    })

    t.test('server-side apply creates, and takes away what it no longer names', async t => {
      const name = newName(t, world, 'ssa-new')
      await succeeds(t, /serverside-applied/, 'apply', '--server-side', '-f',
        await manifest(t, name, '1.0', 'env: [{name: A, value: "1"}]'))
      t.equal(await field(t, name, '.spec.template.spec.containers[0].env[0].value'), '1')
      await succeeds(t, /serverside-applied/, 'apply', '--server-side', '--force-conflicts', '-f',
        await manifest(t, name, '1.0'))
      t.equal(await field(t, name, '.spec.template.spec.containers[0].env'), '')
      t.equal(await field(t, name, '.metadata.labels.it'), name)
    })

    t.test('diff and a dry run on the server show what would be and write nothing', async t => {
      const name = await applied(t, 'dry')
      await isReady(t, name)
      const file = await manifest(t, name, '2.0')
      const { code, stdout, stderr } = await kubectl(t, 'diff', '-f', file)
      t.equal(code, 1, stderr)
      t.match(stdout, /^\+.*sr_hmeq_logreg:2\.0$/m)
      await succeeds(t, /configured \(server dry run\)/, 'apply', '--dry-run=server', '-f', file)
      t.match(await field(t, name, '.spec.template.spec.containers[0].image'), /:1\.0$/)
    })

    t.test('get, describe and selectors show a model, its revision, its pod and what happened', async t => {
      const name = await applied(t, 'read')
      await isReady(t, name)
      await succeeds(t, new RegExp(`\\n${name}-00001 +${name} +1 +True`), 'get', 'revisions', '-l',
        `serving.knative.dev/service=${name}`)
      await succeeds(t, /2\/2 +Running +0 .* 10\.\S+ +\S+ +<none> +<none>/, 'get', 'pods', '-o',
        'wide', '-l', `serving.knative.dev/service=${name}`)
      await succeeds(t, new RegExp(`^service.serving.knative.dev/${name}\n$`), 'get', 'ksvc', '-l',
        `it=${name}`, '-o', 'name')
      await succeeds(t, /LABELS\n.*it=/, 'get', 'ksvc', '-l', `it=${name}`, '--show-labels')
      await succeeds(t, new RegExp(`Normal +Created +service/${name} `), 'get', 'events',
        '--field-selector', `involvedObject.name=${name}`)
      await succeeds(t,
        new RegExp(
          `Name: +${name}\\n[\\s\\S]*Latest Ready Revision Name: +${name}-00001[\\s\\S]*Events:`
        ), 'describe', 'ksvc', name)
      await succeeds(t, /user-container:[\s\S]*Ready: +True[\s\S]*queue-proxy:/, 'describe', 'pods',
        '-l', `serving.knative.dev/service=${name}`)
      t.equal(JSON.parse(await succeeds(t, /^\{/, 'get', 'ksvc', name, '-o', 'json')).metadata.name,
        name)
      await succeeds(t, new RegExp(`^  name: ${name}$`, 'm'), 'get', 'ksvc', name, '-o', 'yaml')
    })

    t.test('logs are of one container, followed or the last lines; of a container that never ended there are no previous ones', async t => {
      const name = await applied(t, 'logs')
      await isReady(t, name)
      const [pod] = await world.kube.pods(name)
      const podName = pod?.metadata.name ?? ''
      const all = await succeeds(t, /\S/, 'logs', podName, '-c', 'user-container')
      t.equal(await succeeds(t, /\S/, 'logs', podName, '-c', 'user-container', '--tail=1'),
        all.split(/(?<=\n)/).at(-1))
      await started(t, 'logs', '-f', podName, '-c', 'user-container').says(/\S/)
      await fails(t, /previous terminated container "user-container" in pod ".*" not found/, 'logs',
        podName, '--previous', '-c', 'user-container')
      await fails(t, /container none is not valid for pod/, 'logs', podName, '-c', 'none')
    })

    t.test('get --watch prints a line for what changes', async t => {
      const name = await applied(t, 'watch')
      const watch = started(t, 'get', 'ksvc', name, '--watch')
      await watch.says(new RegExp(`${name}-00001 +${name}-00001 +True`))
      await succeeds(t, /configured/, 'apply', '-f', await manifest(t, name, '2.0'))
      await watch.says(new RegExp(`${name}-00002 +${name}-00002 +True`))
    })

    t.test('delete pod takes it away, and the model gets another', async t => {
      const name = await applied(t, 'pod')
      await isReady(t, name)
      const [pod] = await world.kube.pods(name)
      const podName = pod?.metadata.name ?? ''
      await succeeds(t, /deleted/, 'delete', 'pod', podName, '--wait=false')
      await until(`${podName} is going`,
        async () => (await world.kube.call('GET', `${CORE}/pods/${podName}`)).body,
        ({ metadata }) => metadata?.deletionTimestamp !== undefined || metadata?.name === undefined)
    })

    t.test('api-resources and explain know ksvcs and their traffic', async t => {
      await succeeds(t, /\nservices +kservice,ksvc +serving.knative.dev\/v1 +true +Service\n/,
        'api-resources', '--api-group=serving.knative.dev')
      await succeeds(t, /revisionName\s+<string>/, 'explain', 'ksvc.spec.traffic')
    })
  })
}
