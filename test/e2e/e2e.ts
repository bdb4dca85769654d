import t from 'tap'
import { contract } from '../contract/contract.js'
import { rightsContract } from '../contract/clients/rights.js'
import { Kube } from '../support/contract.js'
import { publisher } from '../support/cluster/registry.js'
import { openBeside, openTestService } from '../support/service.js'

// The contract on a real cluster. Only this file reads KUBECONFIG: one that happens to lie in a
// shell must not be enough.
const {
  KUBECONFIG: kubeconfig,
  SCORING_GATEWAY_URL: gatewayUrl,
  IMAGE_PREFIX: imagePrefix = 'dev.local'
} = process.env
// A registry that asks for a password and has sr_hmeq_logreg:1.0, as the cluster's nodes call it.
// With its URL for this process it takes tags, and has 2.0, too.
const {
  PRIVATE_REGISTRY: registry,
  PRIVATE_REGISTRY_USER: user = '',
  PRIVATE_REGISTRY_PASSWORD: password = '',
  PRIVATE_REGISTRY_URL: registryUrl
} = process.env

if (!kubeconfig || !gatewayUrl) {
  t.bailout(
    'test:e2e needs KUBECONFIG (a file) and SCORING_GATEWAY_URL (the cluster\'s ingress, e.g. http://127.0.0.1:8080); IMAGE_PREFIX says where the demo images are (dev.local)'
  )
} else {
  t.test(`the cluster behind ${gatewayUrl} keeps the contract`, async t => {
    const { url } = await openTestService(t, { kubeconfig, gatewayUrl }, { DATA_PATH: 'route' })
    const world = {
      service: url,
      kube: new Kube(kubeconfig),
      imagePrefix,
      openService: openBeside({ kubeconfig, gatewayUrl }, { DATA_PATH: 'route' }),
      privateImage: registry
        ? {
            image: `${registry}/sr_hmeq_logreg:1.0`,
            user,
            password,
            ...(registryUrl ? { publish: publisher(registryUrl, registry, user, password) } : {})
          }
        : undefined
    }
    contract(t, world)
    rightsContract(t, world)
  })
}
