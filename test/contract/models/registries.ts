import type { Test } from 'tap'
import {
  CORE,
  ask,
  newName,
  type ModelAnswer,
  type ProblemAnswer,
  type World
} from '../../support/contract.js'
import { scored } from './models.js'
import { sample, scoredBy } from '../scores.js'

/** Images from a registry that asks for a password. */
export function registriesContract (t: Test, world: World): void {
  const { kube, privateImage } = world
  const { image, user, password } = privateImage ?? { image: '', user: '', password: '' }
  const registry = image.split('/', 1)[0] ?? ''
  const options = {
    skip: privateImage === undefined && 'no registry with a password: PRIVATE_REGISTRY is not set'
  }

  async function pullSecret (t: Test, name: string, password: string): Promise<string> {
    const config = {
      auths: {
        [registry]: {
          username: user,
          password,
          auth: Buffer.from(`${user}:${password}`).toString('base64')
        }
      }
    }
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name },
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': JSON.stringify(config) }
    }
    t.equal((await kube.call('POST', `${CORE}/secrets`, secret)).status, 201)
    t.teardown(async () => await kube.call('DELETE', `${CORE}/secrets/${name}`))
    return name
  }

  /** What the wait for a model ends with that can't be pulled. */
  async function refusal (
    t: Test,
    fields: object
  ): Promise<ProblemAnswer & { explanation: { owner: string } }> {
    const name = newName(t, world, 'pull')
    const { status, body } = await ask<ProblemAnswer & { explanation: { owner: string } }>(world,
      'POST', '/models?wait=60', { name, image, ...fields })
    t.same([status, body.type], [422, '/problems/model-failed'], JSON.stringify(body))
    t.notMatch(JSON.stringify(body), password)
    return body
  }

  t.test('with the right pull secret the model is deployed and scores', options, async t => {
    const [name, secret] = [newName(t, world, 'private'),
      await pullSecret(t, newName(t, world, 'right'), password)]
    const { status, body } = await ask(world, 'POST', '/models?wait=90', {
      name,
      image,
      imagePullSecrets: [secret]
    })
    t.equal(status, 201, JSON.stringify(body))
    const csv = await sample()
    t.equal(await scored(world, name, csv), scoredBy('sr_hmeq_logreg:1.0', csv))
  })

  t.test('without a pull secret the explanation asks for one', options, async t => {
    t.match(await refusal(t, {}), {
      detail: `the registry wants credentials for image ${image}, and no pull secret is named`,
      explanation: { owner: 'you' }
    })
  })

  t.test('a pull secret that the registry refuses is named, with who can act', options, async t => {
    const secret = await pullSecret(t, newName(t, world, 'wrong'), 'not-the-password')
    const { detail, remedy, explanation } = await refusal(t, { imagePullSecrets: [secret] })
    t.equal(detail,
      `the registry refuses pull secret "${secret}" for image ${image}: it does not exist, or its credentials are wrong`)
    t.match(remedy,
      `ask the platform engineer to check that pull secret "${secret}" exists in the models' namespace and holds valid credentials for ${registry}`)
    t.equal(explanation.owner, 'platform engineer')
  })

  t.test('a pull secret that does not exist is named, whether the image has a tag or a digest',
    options, async t => {
      const imagePullSecrets = ['it-never-was']
      t.match(await refusal(t, { imagePullSecrets }), {
        detail: /^the registry refuses pull secret "it-never-was" .*: it does not exist, or/,
        explanation: { owner: 'platform engineer' }
      })
      const byDigest = { image: `${image}@sha256:${'0'.repeat(64)}`, imagePullSecrets }
      t.match(await refusal(t, byDigest), {
        detail: /and pull secret "it-never-was" does not exist$/,
        explanation: { owner: 'platform engineer' }
      })
    })

  t.test('a pull secret that is created late lets the model be deployed again', options,
    async t => {
      const [name, secret] = [newName(t, world, 'late'), newName(t, world, 'late')]
      const wanted = { image, imagePullSecrets: [secret] }
      t.equal((await ask(world, 'PUT', `/models/${name}?wait=60`, wanted)).status, 422)
      await pullSecret(t, secret, password)
      const { status, body } = await ask(world, 'PUT', `/models/${name}?wait=90&redeploy=true`,
        wanted)
      t.equal(status, 200, JSON.stringify(body))
    })

  t.test('an image that the registry does not have is not found', options, async t => {
    const secret = await pullSecret(t, newName(t, world, 'found'), password)
    const absent = image.replace(/:1\.0.*$/, ':9.9')
    t.match(await refusal(t, { image: absent, imagePullSecrets: [secret] }), {
      detail: `image not found: ${absent}`,
      explanation: { owner: 'you' }
    })
  })

  t.test(
    'a tag that is published again goes live by redeploy, and not by a change of scaling or a challenger',
    {
      skip: options.skip ||
        (privateImage?.publish === undefined &&
          'no registry that takes tags: PRIVATE_REGISTRY_URL is not set')
    },
    async t => {
      const publish = privateImage!.publish!
      const [name, secret] = [newName(t, world, 'again'),
        await pullSecret(t, newName(t, world, 'again'), password)]
      const image = await publish(name, '1.0')
      const wanted = { image, imagePullSecrets: [secret] }
      t.equal((await ask(world, 'PUT', `/models/${name}?wait=90`, wanted)).status, 201)
      const csv = await sample()
      await publish(name, '2.0')

      const patched = await ask(world, 'PATCH', `/models/${name}?wait=90`, {
        scaling: { target: 20 }
      })
      t.same([patched.status, patched.body.image], [200, image], JSON.stringify(patched.body))
      t.match(patched.body.warnings?.join(),
        /the image stays the one that .* meant when it was deployed \(sha256:[0-9a-f]{64}\)/)
      t.match((await world.kube.ksvc(name)).spec.template.spec.containers[0]?.image, /@sha256:/)
      t.equal(await scored(world, name, csv), scoredBy('sr_hmeq_logreg:1.0', csv), 'after PATCH')

      const put = await ask(world, 'PUT', `/models/${name}?wait=90`, wanted)
      t.match(put.body.warnings?.join(),
        /scaling.target goes from 20 back to 10: the request left it out/)
      t.equal(await scored(world, name, csv), scoredBy('sr_hmeq_logreg:1.0', csv),
        'after PUT of the same tag')

      const redeployed = await ask(world, 'PUT', `/models/${name}?wait=90&redeploy=true`, wanted)
      t.same([redeployed.status, redeployed.body.image], [200, image],
        JSON.stringify(redeployed.body))
      t.equal(await scored(world, name, csv), scoredBy('sr_hmeq_logreg:2.0', csv), 'after redeploy')

      await publish(name, '1.0')
      const challenger = await ask<{ image: string, imageDigest: string }>(world, 'POST',
        `/models/${name}/revisions?wait=90`, { timeoutSeconds: 60, tag: 'green' })
      const champion = await ask<{ imageDigest: string }>(world, 'GET',
        `/models/${name}/revisions/${name}-00004`)
      const { image: named, imageDigest } = challenger.body
      t.same([challenger.status, named, imageDigest], [201, image, champion.body.imageDigest],
        JSON.stringify(challenger.body))
    }
  )

  t.test('the service\'s default pull secrets are put into models that name none, and only there',
    options, async t => {
      const secret = await pullSecret(t, newName(t, world, 'default'), password)
      const withDefault = {
        ...world,
        service: await world.openService(t, { IMAGE_PULL_SECRETS: `${secret}` })
      }
      const name = newName(t, world, 'default')
      const { status, body } = await ask(withDefault, 'PUT', `/models/${name}?wait=90`, { image })
      t.equal(status, 201, JSON.stringify(body))
      t.same(body.imagePullSecrets, [secret])
      const again = await ask<ModelAnswer>(withDefault, 'PUT', `/models/${name}`, { image })
      t.same([again.status, again.body.generation], [200, body.generation],
        'sent again it changes nothing')
      const none = await ask(withDefault, 'POST', '/models?dryRun=true', {
        name: newName(t, world, 'none'),
        image,
        imagePullSecrets: []
      })
      t.same(none.body.imagePullSecrets, [])
    })
}
