import t from 'tap'
import { demoImage } from '../../../simulator/scr/images.js'

const references = {
  'registry.demo/sr_hmeq_logreg:1.0': 'sr_hmeq_logreg 1.0',
  'dev.local/sr_hmeq_logreg:2.0': 'sr_hmeq_logreg 2.0',
  'sr_hmeq_tree:1.0': 'sr_hmeq_tree 1.0',
  'host.example:5000/team/models/credit_grade:1.0': 'credit_grade 1.0',
  'registry.demo/creditwriteoff:2.0': 'creditwriteoff 2.0',
  'registry.demo/sr_hmeq_logreg:1.0-missing': 'sr_hmeq_logreg 1.0 missing',
  'registry.demo/sr_hmeq_logreg:1.0-denied': 'sr_hmeq_logreg 1.0 denied',
  'registry.demo/sr_hmeq_logreg:1.0-crash': 'sr_hmeq_logreg 1.0 crash',
  'registry.demo/sr_hmeq_logreg:1.0-hungry': 'sr_hmeq_logreg 1.0 hungry',
  'registry.demo/sr_hmeq_logreg:1.0-otherport': 'sr_hmeq_logreg 1.0 otherport',
  'registry.demo/sr_hmeq_logreg:1.0-slowstart': 'sr_hmeq_logreg 1.0 slowstart',
  'registry.demo/sr_hmeq_logreg:1.0-slow': 'sr_hmeq_logreg 1.0 slow',
  'registry.demo/sr_hmeq_logreg:1.0-flaky': 'sr_hmeq_logreg 1.0 flaky',
  'registry.demo/sr_hmeq_tree:2.0': 'none',
  'registry.demo/sr_hmeq_logreg': 'none',
  'registry.demo/sr_hmeq_logreg:latest': 'none',
  'registry.demo/sr_hmeq_logreg:1.0-fast': 'none',
  'registry.demo/my_sr_hmeq_logreg:1.0': 'none',
  'sr_hmeq_logreg:1.0/other:1.0': 'none',
  '': 'none'
}
for (const [reference, expected] of Object.entries(references)) {
  t.test(`"${reference}" means ${expected}`, async t => {
    const image = demoImage(reference)
    t.equal(image === undefined ? 'none' : [image.name, image.tag, image.fault].join(' ').trim(),
      expected)
  })
}
